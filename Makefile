# The commands of a fresh clone; each does the set-up it needs. `make help` lists them.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
PORT ?= 8000

.PHONY: help setup run test coverage check bench chaos messages screenshots format clean

help:  ## what there is
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):.*## /  make \1\t/'

setup: $(VENV)/.done  ## make .venv with everything in it (uv.lock is honoured)

$(VENV)/.done: pyproject.toml uv.lock
	@if command -v uv >/dev/null 2>&1 && uv --version >/dev/null 2>&1; then \
	  uv sync --locked --quiet; \
	else \
	  $(PYTHON) -m venv --upgrade-deps $(VENV) && $(BIN)/python -m pip install --quiet uv && \
	  UV_PROJECT_ENVIRONMENT=$(CURDIR)/$(VENV) $(BIN)/uv sync --locked --quiet --inexact; \
	fi
	@touch $@

run: setup  ## the demo: a town, its site, the worker and a pretend administration
	@exec $(BIN)/streetmend demo --port $(PORT)

test: setup  ## the whole suite on SQLite, its browser beside the rest, and what touches the database again on PostgreSQL
	@$(BIN)/python tests/needs.py
	@failed=; log=$$(mktemp); seen=$$(mktemp); \
	STREETMEND_TEST_DATABASE=postgresql $(BIN)/pytest -m database >"$$log" 2>&1 & beside=$$!; \
	STREETMEND_TEST_DATABASE=sqlite $(BIN)/pytest tests/browser >"$$seen" 2>&1 & browser=$$!; \
	trap 'kill $$beside $$browser 2>/dev/null; rm -f "$$log" "$$seen"' EXIT; trap 'exit 130' INT TERM; \
	STREETMEND_TEST_DATABASE=sqlite $(BIN)/pytest --ignore=tests/browser || failed="$$failed SQLite"; \
	wait $$browser || failed="$$failed browser"; \
	cat "$$seen"; \
	wait $$beside || failed="$$failed PostgreSQL"; \
	cat "$$log"; \
	if [ -n "$$failed" ]; then echo "Failed on:$$failed"; exit 1; fi; \
	echo "Passed on SQLite and on PostgreSQL"

COVERED := $(wildcard tests/georeport tests/reports tests/exchange) tests/open311/test_pushing.py tests/cli/test_deliveries.py tests/desk/test_acting.py

coverage: setup  ## the tests of deliveries, answers and updates; fails where a branch of those is not taken
	@STREETMEND_TEST_DATABASE=sqlite $(BIN)/coverage run -m pytest $(COVERED)
	@$(BIN)/coverage report

check: setup  ## format, lint, types, import contracts, docs
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports
	@$(BIN)/pytest $(wildcard tests/docs tests/architecture)

bench: setup  ## benchmarks, printed as ratios (REPORTS=1000000 make bench)
	@$(BIN)/python tests/needs.py
	@$(BIN)/python -m bench $(if $(REPORTS),--reports $(REPORTS))

chaos: setup  ## faults and crashes at full size, with a JSON summary (SEEDS=3 make chaos; PARTS="answers" for some)
	@$(BIN)/python tests/needs.py
	@$(BIN)/python -m chaos $(PARTS)

messages: setup  ## new sentences into the catalogs, and compile them
	@$(BIN)/python -m tests.support.messages

screenshots: setup  ## pictures of every page, for the docs
	@$(BIN)/python tests/needs.py
	@DJANGO_SETTINGS_MODULE=streetmend.settings $(BIN)/python -m tests.support.screenshots

format: setup  ## put the code into shape
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

clean:  ## remove what was made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
