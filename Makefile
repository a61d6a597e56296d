# The commands need Python 3.11 or newer and make; they bring the rest into .venv.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
# Two at a time: one waits for its browser or its node while the other computes. Each has a node of its own; a given cluster takes one.
PYTEST := $(BIN)/python -m pytest $(if $(ES_URL),,--numprocesses 2 --dist loadfile)

.PHONY: help demo test soak check bench notebooks bundle lock screenshots clean

help: ## what each command does
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:[^#]*## /\t/' | sort | expand -t 14

demo: .venv/base ## replay two weeks of real attacks in the browser
	@$(BIN)/attackviz demo $(ARGS)

test: .venv/dev check .node ## everything: lint, types, all tests, real services
	@scripts/chromium.sh
	@scripts/firefox.sh
	@scripts/elastic.sh
	$(PYTEST) $(ARGS)

soak: .venv/dev .node ## the same campaigns at full counts
	@scripts/chromium.sh
	@scripts/firefox.sh
	@scripts/elastic.sh 9.5.3 8.19.21 9.4.3
	ATTACKVIZ_SOAK=1 $(PYTEST) $(ARGS)

check: .venv/dev ## lint and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/bench ## the table of speeds, beside what people use today
	@scripts/chromium.sh
	$(BIN)/python -m benchmarks $(ARGS)

notebooks: .venv/dev ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab notebooks

bundle: .venv/dev .node ## rebuild the player's bundle
	npm run --silent bundle

lock: .venv/dev ## write the pinned requirements anew
	scripts/lock.sh

screenshots: .venv/dev ## take the README's pictures
	@scripts/chromium.sh
	$(BIN)/python scripts/screenshots.py

clean: ## remove what the commands brought
	rm -rf .venv node_modules

.PHONY: .node
.node: .venv/base
	@scripts/node.sh

# A set is installed again when its pins change. The larger sets hold the smaller.
.venv/bin/python:
	@[ -n "$(PYTHON)" ] || { echo "attackviz needs Python 3.11 or newer with venv: install it, or say make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "creating .venv with $(PYTHON)"
	@$(PYTHON) -m venv .venv

.venv/base: requirements/base.txt pyproject.toml | .venv/bin/python
	@[ -e .venv/dev ] || { echo "installing the pinned packages (a minute or two, once)"; \
		$(PIP) --require-hashes -r requirements/base.txt; }
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev: requirements/dev.txt pyproject.toml | .venv/bin/python
	@echo "installing the pinned packages and the tools for tests (a minute or two, once)"
	@$(PIP) --require-hashes -r requirements/dev.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@ .venv/base

.venv/bench: requirements/bench.txt pyproject.toml | .venv/dev
	@$(PIP) --require-hashes -r requirements/bench.txt
	@touch $@
