# Everything runs from a fresh clone: each target creates .venv and installs what it needs first.
# Needs: make, Python 3.11-3.14. Nothing is written outside the clone, apart from temporary files.

PY := .venv/bin/python
STAMP := .venv/.stamp
PYTEST := $(PY) -m pytest
# Two test processes suit small machines; raise with `make test JOBS=8`.
JOBS ?= 2
SEQUENCES ?= 10000
SECONDS ?= 660
# What the sync core does that only shows over sockets, for `make coverage`.
OVER_SOCKETS := backfill budget bulk shares slices

export PYTHON
# A caller's Python settings must not leak into the environment of the clone.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV

.DEFAULT_GOAL := help
.PHONY: help demo airflow sandbox test test-unit test-e2e test-postgres test-storm test-crash test-distributed test-browser env simulate coverage mutation fuzz screenshots lint format bench setup clean

help: ## print this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' Makefile

demo: $(STAMP) ## start a local Salesforce, iPaaS.com and Airflow, sync both ways, show the numbers, stop (KEEP=1: stay up)
	@$(PY) scripts/demo.py $(if $(KEEP),--keep) $(ARGS)

airflow: $(STAMP) ## start Airflow with the DAGs against the local sandbox, until Ctrl-C
	@$(PY) scripts/airflow_up.py $(ARGS)

sandbox: $(STAMP) ## start the local Salesforce and iPaaS.com, until Ctrl-C
	@$(PY) -m airflow_provider_ipaas.cli sandbox $(ARGS)

test: test-unit test-e2e ## run all tests that need nothing but Python (end to end with real Airflow included)

test-unit: $(STAMP) ## run the tests without those that start a whole Airflow
	$(PYTEST) -n $(JOBS) --dist loadfile -m "not e2e and not postgres and not browser and not storm and not crash" $(ARGS)

test-e2e: $(STAMP) ## run the tests that start a whole Airflow
	$(PYTEST) -m "e2e and not postgres and not browser and not crash" $(ARGS)

test-postgres: $(STAMP) ## run the tests of ledger and token store on PostgreSQL (needs its server programs installed)
	$(PYTEST) -m "postgres and not storm" tests/postgres $(ARGS)

test-storm: $(STAMP) ## prove that tokens last: 8 processes, tokens of 2 s, rotation on, a minute on each database (needs PostgreSQL)
	$(PYTEST) -m storm tests/tokens tests/postgres -s $(ARGS)

test-crash: $(STAMP) ## kill workers at every crash point, on SQLite, PostgreSQL and inside Airflow (needs PostgreSQL)
	$(PYTEST) -n $(JOBS) -m "crash and not e2e" tests/crash $(ARGS)
	$(PYTEST) -m "crash and e2e" tests/crash $(ARGS)

test-distributed: $(STAMP) ## run docker-compose.airflow.yml as processes, 1 and 4 workers, 20,000 records, kill and restart (PostgreSQL, Redis)
	$(PY) scripts/distributed.py $(ARGS)

env: $(STAMP) ## write the secrets for docker-compose.airflow.yml into .env, those that are missing
	@$(PY) scripts/env_file.py $(ARGS)

simulate: $(STAMP) ## play random edits, crashes and faults against models of both services (SEQUENCES=10000)
	$(PY) -m tests.simulation.run --sequences $(SEQUENCES) --workers $(JOBS) $(ARGS)

coverage: $(STAMP) ## hold the branch coverage of the sync core against 95 % (its own tests and the simulation)
	$(PYTEST) tests/sync tests/simulation $(OVER_SOCKETS:%=tests/behaviour/test_%.py) --cov --cov-report term $(ARGS)

mutation: $(STAMP) ## change the decisions of the sync core one at a time, and see that a test fails each time (about an hour)
	$(PY) scripts/mutation.py $(ARGS)

fuzz: $(STAMP) ## give hostile values to everything that reads, new ones each time (SECONDS=660)
	$(PY) -m tests.fuzz.run --seconds $(SECONDS) $(ARGS)

test-browser: $(STAMP) ## run the tests that use Airflow's pages in Chromium (needs Chromium installed)
	$(PYTEST) -m browser tests/browser $(ARGS)

screenshots: $(STAMP) ## run the browser tests and take the pictures of the guides anew
	$(PYTEST) -m browser tests/browser --screenshots docs/images $(ARGS)

lint: $(STAMP) ## check style, types and the architecture rules
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -m mypy scripts
	.venv/bin/lint-imports

format: $(STAMP) ## format the code and mend what can be mended automatically
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

bench: $(STAMP) ## count calls, measure time and memory, alone and beside other readers (about 35 minutes; see benchmarks/)
	PYTHONPATH=.:scripts $(PY) benchmarks/calls.py $(ARGS)
	PYTHONPATH=.:scripts $(PY) benchmarks/suite.py
	PYTHONPATH=.:scripts $(PY) benchmarks/peers.py
	PYTHONPATH=.:scripts $(PY) benchmarks/bulk.py
	PYTHONPATH=.:scripts $(PY) benchmarks/memory.py
	PYTHONPATH=.:scripts $(PY) benchmarks/ledger.py
	PYTHONPATH=. $(PY) benchmarks/mapping.py

setup: $(STAMP) ## create .venv and install everything

$(STAMP): pyproject.toml constraints.txt scripts/setup.sh
	@sh scripts/setup.sh

clean: ## remove the environment, caches and everything Airflow wrote into the clone
	rm -rf .venv .airflow .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
