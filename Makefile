# `make demo` and `make test` do everything from a fresh clone; the rest is for working on Anchorline.
VENV := .venv
PY := $(VENV)/bin/python
PYTHON ?= $(shell command -v python3.11 || command -v python3)
UV := $(shell command -v uv 2>/dev/null)
# One more than there are processors: a test that waits for a process or a server leaves its own idle.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(1 + (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()))')
# Uncompiled bytecode makes every start of the command line slow.
unexport PYTHONDONTWRITEBYTECODE
unexport PYTHONPATH

.PHONY: demo test test-all check docs bench lock clean
.DEFAULT_GOAL := test

demo: $(VENV)/.ready  ## sync the sandbox company and show its key results
	@$(VENV)/bin/anchorline demo

test: $(VENV)/.ready  ## all tests, long sweeps sampled
	$(PY) -m pytest -n $(WORKERS) -m "not slow"

test-all: $(VENV)/.ready  ## the whole sweeps and seeds as well
	$(PY) -m pytest -n $(WORKERS)

check: $(VENV)/.ready  ## style, types, imports
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

docs: $(VENV)/.ready  ## schemas for editors and the reference of the mapping files, from their one description
	$(VENV)/bin/anchorline --config config.example.toml schema
	$(PY) -m hub.mappings.reference docs/mapping-reference.md

bench: $(VENV)/.ready  ## ratios against bare fetch and decode
	$(PY) -m benchmarks

# Hashes and an editable install exclude each other, so the locked packages come first and the project itself after them.
$(VENV)/.ready: requirements-dev.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed (python3.11 with venv and pip)."; exit 1; }
ifdef UV
	uv venv --quiet --allow-existing --python $(PYTHON) $(VENV)
	uv pip install --quiet --compile-bytecode --require-hashes --python $(PY) -r requirements-dev.lock
	uv pip install --quiet --no-deps --no-build-isolation --python $(PY) -e .
else
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
endif
	@touch $@

lock:  ## both locks again, after a change of dependencies (needs uv)
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
	  --extra postgres --extra cel --extra sheets pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
	  --extra postgres --extra dev pyproject.toml -o requirements-dev.lock

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
