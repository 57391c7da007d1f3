# gigscrapy. `make run` crawls, `make admin` shows, `make test` tests; `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help

VENV := .venv
PYTHON := $(VENV)/bin/python
LEAGUE ?= ligue1
PORT ?= 5000
WORKERS ?= 3
APT := DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends
IS_ROOT := [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null

.PHONY: help run admin services migrate test test-fast lint soak fuzz bench audit chromium servers clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(VENV)/.runs chromium ## crawl a league and show its best prices: LEAGUE=ligue1, SITE=https://www.coteur.com for the live site
	@$(PYTHON) -m replica.demo --league $(LEAGUE) $(if $(SITE),--site $(SITE))

admin: $(VENV)/.runs ## see it all on http://127.0.0.1:5000 (PORT=); the first time it makes an account, and says its password
	@$(PYTHON) -m admin.users first --port $(PORT)
	@$(PYTHON) -m admin --port $(PORT)

services: $(VENV)/.runs chromium ## everything this machine needs to crawl by itself, until Ctrl-C: SITE=, the admin is on PORT=
	@$(PYTHON) -m admin.users first
	@ADMIN_PORT=$(PORT) $(if $(SITE),SITE_URL=$(SITE)) $(VENV)/bin/scrapy services

migrate: $(VENV)/.runs ## bring the database of DATABASE_URL up to date
	@$(VENV)/bin/scrapy migrate

# Hundreds of commands are started: without the bytecode each would compile the project first.
test test-fast: export PYTHONDONTWRITEBYTECODE :=

test: $(VENV)/.tests chromium servers ## every test, on private servers and a real browser; WORKERS=3 processes, which mostly wait
	@$(PYTHON) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

test-fast: $(VENV)/.tests ## the tests that need no server, no browser and no patience
	@$(PYTHON) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not server and not browser and not slow"

lint: $(VENV)/.tests ## ruff, mypy, and the import contract
	@$(VENV)/bin/ruff check
	@$(VENV)/bin/ruff format --check
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports

soak: $(VENV)/.tests servers ## random faults for 20 minutes, then what became of every message: SECONDS=1200, SEED=
	@$(PYTHON) -m tests.faults.soak --seconds $(or $(SECONDS),1200) $(if $(SEED),--seed $(SEED))

fuzz: $(VENV)/.tests servers ## a thousand cases of each operation of the API, on SQLite and MariaDB: CASES=1000, ONLY=regex, FUZZ_LOG=file, 40 minutes
	@CASES=$(or $(CASES),1000) $(PYTHON) -m pytest -n 2 --dist load tests/admin/api/test_fuzz.py

bench: $(VENV)/.tests chromium servers ## the figures of the README (40 minutes): SUBJECTS="consumer growth publishing memory crawl pages reading api", KEEP=folder of the pages' database
	@$(PYTHON) -m benchmarks $(SUBJECTS) $(if $(KEEP),--keep $(KEEP)) $(if $(ROWS),--rows $(ROWS))

audit: $(VENV)/.audits ## known weaknesses of what is pinned: asks the package index, and fails where that knows nothing of a package
	@$(VENV)-audit/bin/pip-audit --strict --no-deps --disable-pip --progress-spinner off --requirement requirements.txt

# -- what the above need -----------------------------------------------------------------------------------------------

$(VENV)/bin/python:
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed"; exit 1; }
	@python3 -c 'import ensurepip' 2>/dev/null || { $(IS_ROOT) && apt-get update -qq && $(APT) python3-venv; } \
		|| { echo "python3 cannot make a virtual environment: install python3-venv"; exit 1; }
	@python3 -m venv $(VENV)

$(VENV)/.runs: $(VENV)/bin/python requirements.txt
	@echo "Installing what requirements.txt pins"
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	@touch $@

$(VENV)/.tests: $(VENV)/.runs requirements-dev.txt
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --requirement requirements-dev.txt
	@touch $@

# Apart from the project's own: what it needs must not decide what the project is pinned to.
$(VENV)/.audits: $(VENV)/bin/python
	@python3 -m venv $(VENV)-audit
	@$(VENV)-audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit==2.10.1
	@touch $@

chromium: $(VENV)/.runs
	@$(PYTHON) -m gigscrapy.browser \
		|| { $(IS_ROOT) && echo "Installing Debian's chromium" && apt-get update -qq && $(APT) chromium >/dev/null; } \
		|| { echo "Fetching Chromium" && $(VENV)/bin/playwright install chromium; } \
		|| { echo "No browser: install the package chromium, or name one in CHROMIUM"; exit 1; }

servers:
	@tests/services/install.sh

clean: ## forget the virtual environment and everything crawled into var/
	rm -rf $(VENV) $(VENV)-audit var .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
