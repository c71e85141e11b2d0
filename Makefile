# Two commands set everything up: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test fast lint bench clean

run: $(VENV)/ready
	$(BIN)/dse run studies/bitwidth.yaml
	$(BIN)/dse pareto --study bitwidth

test: $(VENV)/ready $(VENV)/fpga-emulator/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n 2 tests/unit
	$(BIN)/pytest tests/integration

fast: $(VENV)/ready
	$(BIN)/pytest -n 2 tests/unit

lint: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/ready
	$(BIN)/python benchmarks/run.py

$(VENV)/ready: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("dse needs Python 3.11 or newer") if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	UV=$$(command -v uv || true); \
	if [ -z "$$UV" ]; then $(BIN)/python -m pip install --quiet uv && UV=$(BIN)/uv; fi; \
	"$$UV" pip install --quiet --python $(BIN)/python --requirement requirements.lock && \
	"$$UV" pip install --quiet --python $(BIN)/python --no-deps --editable .
	touch $@

# Intel's FPGA emulation device for OpenCL: only tests use it, where it can be installed.
$(VENV)/fpga-emulator/ready: $(VENV)/ready requirements-emulator.lock
	UV=$$(command -v uv || echo $(BIN)/uv); \
	"$$UV" pip install --quiet --python $(BIN)/python --target $(VENV)/fpga-emulator \
		--requirement requirements-emulator.lock || echo "no FPGA emulator for this machine"
	mkdir -p $(VENV)/fpga-emulator
	touch $@

clean:
	rm -rf $(VENV) .dse
