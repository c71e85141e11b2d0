# Two commands set everything up: `make run` and `make test`.
#
# A Python from 3.11 to 3.13 is needed. The first that fits is taken; where there is none, uv
# fetches one. `make PYTHON=...` names another.
VENV := .venv
BIN := $(VENV)/bin
SUPPORTED := 3.13 3.12 3.11
PYTHON ?=
PYTEST := $(BIN)/pytest

.PHONY: run paper test fast integration slow lint lock lock-check docs audit bench wheel clean

run: $(VENV)/ready
	$(BIN)/dse run tradeoff
	$(BIN)/dse pareto --study tradeoff --picture front.svg

# The figures of arXiv:2012.01563: what is missing of their studies, verdicts, docs/paper.md.
# 8 is how `dse compare` says that a claim is contradicted: the page says why.
PAPER := tradeoff pt_cut event_size opencl_precision bitwidth reuse_factor bitwidth_alt reuse_factor_alt
paper: $(VENV)/ready
	for study in $(PAPER); do $(BIN)/dse run $$study || exit 1; done
	$(BIN)/dse compare --all || test $$? -eq 8
	$(BIN)/python docs/paper/make.py

test: lint lock-check fast integration

fast: $(VENV)/ready
	$(PYTEST) -n 2 tests/unit

# OpenCL apart: PoCL and TensorFlow each bring an LLVM, and one process cannot hold both.
integration: $(VENV)/ready $(VENV)/fpga-emulator/ready
	$(PYTEST) -n 2 -m "opencl and not slow" tests/integration
	$(PYTEST) -n 2 --dist loadfile --no-loadscope-reorder -m "not opencl and not slow" \
		tests/integration

slow: $(VENV)/ready $(VENV)/fpga-emulator/ready
	$(PYTEST) -m slow tests

lint: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The lock resolves for every supported Python, with wheels of what takes long to compile.
COMPILED := h5py numpy ray scipy tensorflow
lock-check: $(VENV)/ready
	for version in $(SUPPORTED); do \
		$(BIN)/python -m uv pip install --quiet --dry-run $(COMPILED:%=--only-binary %) \
			--python-version $$version --target $(VENV)/none \
			--requirement requirements.lock || exit 1; done

lock: $(VENV)/ready
	$(BIN)/python -m uv pip compile --quiet pyproject.toml --extra all --group dev \
		--universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--output-file requirements.lock
	$(BIN)/python -m uv pip compile --quiet --group docs --constraint requirements.lock \
		--universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--output-file requirements-docs.lock

# The site, in site/: links, anchors and references that lead nowhere are errors.
docs: $(VENV)/docs-ready
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# Versions of the lock against the public databases of known vulnerabilities; needs the network.
audit: $(VENV)/ready
	$(BIN)/python -m uv tool run --quiet pip-audit --disable-pip --requirement requirements.lock

bench: $(VENV)/ready
	$(BIN)/python benchmarks/run.py

wheel: $(VENV)/ready
	$(BIN)/python -m uv build --quiet --wheel --out-dir dist

$(VENV)/python:
	.ci/make_venv $(VENV) $(PYTHON)
	touch $@

# Compiled at once: TensorFlow alone takes 8 s to import where Python may not write bytecode.
$(VENV)/ready: $(VENV)/python requirements.lock pyproject.toml
	$(BIN)/python -m uv pip install --quiet --compile-bytecode --python $(BIN)/python \
		--requirement requirements.lock
	$(BIN)/python -m uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	touch $@

$(VENV)/docs-ready: $(VENV)/ready requirements-docs.lock
	$(BIN)/python -m uv pip install --quiet --python $(BIN)/python --requirement requirements-docs.lock
	touch $@

# Intel's FPGA emulation device for OpenCL: only tests use it, where it can be installed.
$(VENV)/fpga-emulator/ready: $(VENV)/ready requirements-emulator.lock
	$(BIN)/python -m uv pip install --quiet --python $(BIN)/python --target $(VENV)/fpga-emulator \
		--requirement requirements-emulator.lock || echo "no FPGA emulator for this machine"
	mkdir -p $(VENV)/fpga-emulator
	touch $@

clean:
	rm -rf $(VENV) .dse dist build
