# The two commands a newcomer needs are `make run` and `make test`; `make help` lists the rest.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP_FLAGS := -q -q --disable-pip-version-check --require-hashes

.PHONY: help run test test-long check audit fuzz coverage bench bench-peers demo soak lock clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/.run: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install $(PIP_FLAGS) -r requirements.lock
	$(BIN)/python -m pip install -q -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	$(BIN)/python -m pip install $(PIP_FLAGS) -r requirements-dev.lock
	touch $@

run: $(VENV)/.run  ## install and run the bot on SQLite; pages at http://127.0.0.1:8287
	$(BIN)/monitor run

demo: $(VENV)/.run  ## the whole way without a network, in a database of its own
	$(BIN)/monitor demo

check: $(VENV)/.dev  ## everything static: format, lint, types, layers
	$(BIN)/ruff format --check monitor storage tests bench
	$(BIN)/ruff check monitor storage tests bench
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

test: check  ## the checks that every change must pass; budget 15 minutes on two cores
	$(BIN)/python -m pytest -m "not long" -n 2 --dist loadfile --durations=15 -ra

test-long: $(VENV)/.dev  ## the heavy forms; budget 50 minutes on two cores
	$(BIN)/python -m pytest -m long --durations=15 -ra

audit: $(VENV)/.dev  ## known vulnerabilities of the locked packages; needs the package index
	$(BIN)/python -m tests.audit requirements.lock requirements-dev.lock

fuzz: $(VENV)/.dev  ## damaged documents for every parser, a minute of processor time each
	$(BIN)/python -m tests.fuzz --seconds 60

coverage: $(VENV)/.dev  ## which lines the tests reach
	$(BIN)/python -m pytest -m "not long" -n 2 --dist loadfile --cov --cov-report=term:skip-covered

soak: $(VENV)/.dev  ## thirty simulated days and a thousand crashes; hours
	MONITOR_SOAK=1 $(BIN)/python -m pytest -m long --timeout=0 -ra

bench: $(VENV)/.dev  ## throughput and memory of every step
	$(BIN)/python -m bench

bench-peers: $(VENV)/.dev  ## the same work done by other programs
	$(BIN)/python -m bench.peers

lock:  ## resolve the dependencies again and write both lock files with hashes
	$(PYTHON) -m uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q pyproject.toml --group build -o requirements.lock
	$(PYTHON) -m uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q pyproject.toml --group build --group dev -o requirements-dev.lock

clean:  ## remove the environment and caches, never the data directory
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
