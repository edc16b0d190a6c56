# Two commands do everything: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Hundreds of short processes start: what they import is compiled once, whatever the environment says.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run test check bench docs measured-docs clean

run: $(VENV)/browsers
	$(BIN)/afterclose run $(ARGS)

test: $(VENV)/browsers
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2 --dist worksteal

check: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(VENV)/browsers
	$(BIN)/python -m benchmarks.lifecycle
	$(BIN)/python -m benchmarks.server
	$(BIN)/python -m benchmarks.sessions
	$(BIN)/python -m benchmarks.model
	$(BIN)/python -m benchmarks.verdicts
	$(BIN)/python -m benchmarks.fuzz
	$(BIN)/python -m benchmarks.scale

docs: $(VENV)/installed
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet docs build/docs
	@echo build/docs/index.html

# What a run showed becomes what the tables of the documentation say: RESULTS=report/results.ndjson
measured-docs: $(VENV)/browsers
	$(BIN)/python -m tests.measuring $(or $(RESULTS),report/results.ndjson)
	$(BIN)/python -m documentation.shown
	$(BIN)/python -m documentation

$(VENV)/installed: pyproject.toml requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@

# Asked every time: a browser may have been removed since.
.PHONY: $(VENV)/browsers
$(VENV)/browsers: $(VENV)/installed
	@$(BIN)/afterclose engines --install

clean:
	rm -rf $(VENV) build report test-results
