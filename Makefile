# Everything a person or CI runs. `make help` lists it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
JOBS ?= auto
N ?= 100
RUNS ?= 50000

.DEFAULT_GOAL := help
.PHONY: help demo demo-serve test test-slow fuzz chaos bench simulate check format lint types contracts migrations docs lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY) ## the main job on this machine, end to end; ends by itself
	@$(BIN)/python -m tests.demo

demo-serve: $(READY) ## the same, and stays up until Ctrl-C
	@$(BIN)/python -m tests.demo --serve

test: $(READY) ## all tests but the slow ones
	$(BIN)/python -m pytest -n $(JOBS) -m "not slow"

test-slow: $(READY) ## tests that take minutes
	$(BIN)/python -m pytest -m slow

fuzz: $(READY) ## coverage-guided fuzzing of every parser (RUNS=50000 each, resumable by SEED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/fuzz/requirements.lock
	$(BIN)/python -m tests.fuzz all --runs $(RUNS) $(if $(SEED),--seed $(SEED))

chaos: $(READY) ## random faults while packages are published (N=100 of them, resumable by SEED)
	$(BIN)/python -m tests.chaos --n $(N) $(if $(SEED),--seed $(SEED))

bench: $(READY) ## measure every row of docs/performance.md, or ROWS="first_sync startup"; about an hour
	$(BIN)/python -m benchmarks $(ROWS)

simulate: $(READY) ## check the model of a pool against measured points, and draw its plots
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "matplotlib>=3.10"
	$(BIN)/python -m benchmarks.simulate --check --plots

check: lint types contracts migrations test ## format, lint, types, import contracts, alembic check, tests

format: $(READY) ## put the code in its format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(READY)
	$(BIN)/mypy

contracts: $(READY)
	$(BIN)/lint-imports

migrations: $(READY)
	@rm -f $(VENV)/check.db
	$(BIN)/alembic -x url=sqlite:///$(VENV)/check.db upgrade head
	$(BIN)/alembic -x url=sqlite:///$(VENV)/check.db check

docs: $(READY) ## renew the parts of the documentation that the code writes
	$(BIN)/python -m tests.docs

lock: $(READY) ## resolve the dependencies anew into the lock files
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
	  --extra postgres pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
	  --extra postgres --group dev -c requirements.lock pyproject.toml -o tests/requirements.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
	  --group fuzz -o tests/fuzz/requirements.lock

clean: ## remove the environment and everything that was generated
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(READY): pyproject.toml tests/requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1). Install it (Debian 12: apt install python3 python3-venv) or name another: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "Python's venv module is missing. Install it (Debian, Ubuntu: apt install python3-venv)."; exit 1; }
	@echo "Making the environment in $(VENV) (once, about a minute) …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
