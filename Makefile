# Two commands set everything up: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test fast lint bench clean

run: $(VENV)/ready
	$(BIN)/dse run studies/bitwidth.yaml
	$(BIN)/dse pareto --study bitwidth

test: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest

fast: $(VENV)/ready
	$(BIN)/pytest tests/unit

lint: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/ready
	$(BIN)/python benchmarks/run.py

$(VENV)/ready: uv.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("dse needs Python 3.11 or newer") if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	UV=$$(command -v uv || true); \
	if [ -z "$$UV" ]; then $(BIN)/python -m pip install --quiet "uv>=0.9" && UV=$(BIN)/uv; fi; \
	UV_PROJECT_ENVIRONMENT=$(VENV) "$$UV" sync --frozen --inexact --all-groups --quiet
	touch $@

clean:
	rm -rf $(VENV) .dse
