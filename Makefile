# `make help` lists the targets. Everything happens inside this folder: the environment in .venv,
# Dagster's history in .dagster, results in the folder .env names.
SHELL := /bin/sh
.DEFAULT_GOAL := help

VENV := .venv
PY := $(VENV)/bin/python
UI_PORT ?= 3000
export DAGSTER_HOME := $(CURDIR)/.dagster
export PYTHONUTF8 := 1

# The first interpreter that starts and is new enough (a pyenv shim may exist and not start).
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2])' 2>/dev/null && { command -v "$$p"; break; }; done)

.PHONY: help demo test ui backtest sample lint format bench clean env test-env unit duckdb15

help: ## this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):[^#]*## /\1\t/' | expand -t 12

# --- environment ---------------------------------------------------------------------------------
# A stamp per lock file: the environment is touched again only when its lock changes.

$(VENV)/bin/python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "basis needs Python 3.11 or newer; none of python3, python3.13, python3.12, python3.11 is" >&2; \
		echo "  found: $$(python3 --version 2>&1 || echo 'no python3 at all')" >&2; \
		echo "  what to do: install it, or name one: make PYTHON=/path/to/python3.12 ..." >&2; exit 2; fi
	@echo "creating $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.stamp-run: requirements.lock | $(VENV)/bin/python
	@echo "installing the locked dependencies"
	@$(PY) -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@$(PY) .ci/link_project.py
	@touch $@

$(VENV)/.stamp-test: requirements-dev.lock $(VENV)/.stamp-run
	@echo "installing the locked test dependencies"
	@$(PY) -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

.duckdb15/.stamp: requirements-duckdb15.lock $(VENV)/.stamp-run
	@rm -rf .duckdb15
	@$(PY) -m pip install -qq --disable-pip-version-check --require-hashes --target .duckdb15 -r requirements-duckdb15.lock
	@touch $@

.env:
	@cp .env.example .env

$(DAGSTER_HOME)/dagster.yaml: dagster.yaml
	@mkdir -p $(DAGSTER_HOME)
	@cp dagster.yaml $@

env: $(VENV)/.stamp-run .env $(DAGSTER_HOME)/dagster.yaml ## create the environment (.venv, .env, .dagster)
test-env: $(VENV)/.stamp-test .env $(DAGSTER_HOME)/dagster.yaml

# --- use -----------------------------------------------------------------------------------------

demo: env ## sample data, every mode through Dagster, a table of results and the report
	@$(PY) -m pipelines.cli demo

sample: env ## write the synthetic market to data/sample
	@$(PY) -m pipelines.cli sample

backtest: env ## one mode: make backtest MODE=btc_basis [DATA=../shared/data] [START=2024-05-12] [END=2025-09-18]
	@if [ -z "$(MODE)" ]; then echo "name a mode: make backtest MODE=btc_basis" >&2; ls configs/modes | sed 's/\.yaml$$//; s/^/  /' >&2; exit 2; fi
	@$(PY) -m pipelines.cli backtest $(MODE) $(if $(DATA),--data $(DATA)) $(if $(START),--start $(START)) $(if $(END),--end $(END)) $(ARGS)

ui: env ## Dagster's web UI, and the reports on a loopback address
	@$(PY) -m pipelines.report_server & server=$$!; trap 'kill $$server 2>/dev/null' EXIT INT TERM; \
		$(PY) -m dagster dev -w workspace.yaml -h 127.0.0.1 -p $(UI_PORT)

# --- quality -------------------------------------------------------------------------------------

lint: test-env ## ruff, mypy, and whether Dagster's definitions load
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(PY) -W ignore:Function:FutureWarning -m dagster definitions validate -w workspace.yaml --log-level warning

format: test-env ## let ruff rewrite the code
	@$(VENV)/bin/ruff check --fix .
	@$(VENV)/bin/ruff format .

unit: test-env
	@$(PY) -m pytest -n auto --dist loadfile --cov --cov-fail-under=85

duckdb15: test-env .duckdb15/.stamp
	@PYTHONPATH=$(CURDIR)/.duckdb15 $(PY) -c 'import duckdb; print("the warehouse tests again, with DuckDB", duckdb.__version__)'
	@PYTHONPATH=$(CURDIR)/.duckdb15 $(PY) -m pytest -q tests/pipelines/warehouse

test: lint unit duckdb15 ## everything CI runs

bench: env ## timings
	@$(PY) benchmarks/engine_speed.py && $(PY) benchmarks/pipeline.py

clean: ## remove the environment, caches, Dagster's history and the sample; the warehouse and results stay
	rm -rf $(VENV) .duckdb15 .dagster .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage* data/sample
	find engine pipelines tests -name __pycache__ -type d -prune -exec rm -rf {} +
