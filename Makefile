# Everything the project needs is installed by these targets; a fresh machine has Python 3.11, Node 20 and gcc.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
SITE := frontend
# What the site is built from: it is built anew when one of these changed.
SITE_SOURCES := $(wildcard $(SITE)/*.* $(SITE)/build/* $(SITE)/public/*) $(shell find $(SITE)/src -type f)
# uv itself is kept inside the project: nothing is installed globally.
UV := .tools/bin/uv
REDOCLY := REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true contract/node_modules/.bin/redocly

.PHONY: help up down status doctor test unit lint format bench bench-depth bench-links bench-models bench-journeys bench-results bench-reports soak ci openapi openapi-release site pictures install clean

help: ## Show this help
	@awk 'BEGIN {FS = ":.*## "} /^# --/ {printf "\n%s\n", substr($$0, 6)} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# -- Run it
up: install site ## Install, build the site, start everything, make the demo tenant t123, load its demo data, print how to go on
	@$(BIN)/unmogrow up

down: ## End everything that `make up` started, and nothing else
	@test ! -x $(BIN)/unmogrow || $(BIN)/unmogrow down

status: install ## Say what runs, with ports and memory
	@$(BIN)/unmogrow status

doctor: install ## Say what is wrong with this machine, and how to mend it
	@$(BIN)/unmogrow doctor

# -- Check it
test: install site ## Run every test: unit, integration on the real stack, crash, the site in a browser
	@$(BIN)/pytest --numprocesses 2 --dist loadfile

unit: install ## Run the unit tests alone: seconds, no service
	@$(BIN)/pytest tests/unit

lint: install contract/node_modules/.installed $(SITE)/node_modules/.installed ## Run ruff, mypy, import-linter, deptry and vulture; check the OpenAPI documents and the site
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/deptry .
	@$(BIN)/vulture
	@$(BIN)/python -m contract check
	@$(REDOCLY) lint --config contract/redocly.yaml openapi/tenant.json openapi/global.json >contract/node_modules/.lint 2>&1 || { cat contract/node_modules/.lint; exit 1; }
	@cd $(SITE) && npm run --silent lint

bench: install ## Measure ingest against the running stack and against a plain handler
	@$(BIN)/python -m bench.ingest

bench-depth: install ## Measure ingest deeper: the bare engine, half the rate, many tenants, CPU, parts
	@$(BIN)/python -m bench.depth

bench-models: $(UV) ## Measure multi-touch models against the packages that people use for them
	@$(UV) run --quiet --locked --all-extras --group peers python -m bench.models

bench-journeys: install ## Measure a million journeys from ClickHouse to the credits of all models
	@$(BIN)/python -m bench.journeys

bench-results: install ## Measure from an install to its readable result on the running stack, at 200 a second
	@$(BIN)/python -m bench.results_lag

bench-reports: install ## Measure reports over ten million events on the running stack
	@$(BIN)/python -m bench.reports $(ARGS)

soak: install ## Load the running stack for 10 minutes and balance its ledger (ARGS="--minutes 1")
	@$(BIN)/python -m bench.soak $(ARGS)

bench-links: install ## Measure the redirects of tracking links on the running stack
	@$(BIN)/python -m bench.links

ci: lint test ## What CI runs

# -- Work on it
pictures: install site ## Take the pictures of the docs anew, on a stack of their own
	@$(BIN)/pytest --quiet tests/e2e/take_pictures.py

format: install ## Format and fix what can be fixed
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

openapi: install $(SITE)/node_modules/.installed ## Write the OpenAPI documents, the client's generated modules and the site's types anew from the routes
	@$(BIN)/python -m contract write
	@cd $(SITE) && npm run --silent api

openapi-release: install ## Keep the OpenAPI documents as those of a release, which later ones must not break
	@$(BIN)/python -m contract release

contract/node_modules/.installed: contract/package-lock.json
	@cd contract && npm ci --silent --no-audit --no-fund
	@touch $@

site: $(SITE)/dist/.built ## Build the site into frontend/dist, if one of its sources changed

$(SITE)/node_modules/.installed: $(SITE)/package-lock.json
	@echo "Installing the site's packages"
	@cd $(SITE) && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(SITE)/dist/.built: $(SITE)/node_modules/.installed $(SITE_SOURCES)
	@echo "Building the site"
	@cd $(SITE) && npm run --silent build -- --logLevel warn
	@touch $@

install: $(BIN)/.installed ## Install the locked dependencies into .venv

$(UV):
	@echo "Installing uv into .tools"
	@$(PYTHON) -m venv .tools
	@.tools/bin/pip install --quiet --disable-pip-version-check 'uv>=0.13,<0.14'

$(BIN)/.installed: $(UV) pyproject.toml uv.lock
	@$(UV) sync --quiet --locked --all-extras
	@touch $@

clean: ## Remove everything that was installed or stored here, data included
	@test ! -x $(BIN)/unmogrow || $(BIN)/unmogrow down --delete-data --yes
	rm -rf .venv .local .tools contract/node_modules frontend/dist frontend/node_modules
