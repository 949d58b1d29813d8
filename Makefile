# RadGame: `make run` plays, `make test` tests. Needs Python 3.11 with venv, and npm.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check install --quiet
# The lock files name every package; their modules are compiled when they are first imported.
LOCKED = $(PIP) --no-deps --no-compile --require-hashes
# Files are handed out in the order of tests/order.py.
TESTS = MODELS_REQUIRED=1 $(BIN)/python -m pytest --dist loadfile --no-loadscope-reorder
GAMES ?= 2
# After pytest: 5 says that ARGS chose none. With SECOND_GO, what failed (1) once more, in games of its own
# (docs/decisions/033-a-second-go.md).
second_go = { status=$$?; [ $$status = 5 ] || { [ $$status = 1 ] && [ -n "$(SECOND_GO)" ] && \
  echo "== once more, what failed ==" && $(TESTS) --last-failed --last-failed-no-failures none -m "$(1)" $(ARGS); }; }
# The Node of package.json, or the machine's own where npm has none for it.
NODE = $(or $(firstword $(wildcard node_modules/node-linux-*/bin/node)),node)
export PATH := $(CURDIR)/$(BIN):$(PATH)
OPTIONAL := production simulate data dev models

.PHONY: run models test test-js test-python test-compile test-database lint lint-style lint-types lint-deploy format bench lock licenses sbom build \
  install clean $(OPTIONAL:%=install-%)

run:
	@$(MAKE) --no-print-directory --jobs 2 install build
	@$(BIN)/python manage.py play $(ARGS)

models: install-models
	@echo "The packages for models are installed. Next: choose models (docs/models.md), for example with"
	@echo "  $(BIN)/python manage.py fetch_models radgraph-xl chexbert"
	@echo "and start the game again with make run."

test: test-js test-python

# One after the other, also under `make --jobs`: two pips in one environment get in each other's way.
# First all that needs no whole game, then what is played in a browser or kills parts of a game: there each file has
# its process, Chromium and game, and GAMES of them wait and compute side by side.
# Of ARGS that choose some tests only, one of the two may find none: that is pytest's status 5.
test-python: build
	@$(MAKE) --silent --jobs 1 install-dev install-models
	$(TESTS) --numprocesses logical -m "not browser and not stack" $(ARGS) || $(call second_go,not browser and not stack)
	$(TESTS) --numprocesses $(GAMES) -m "browser or stack" $(ARGS) || $(call second_go,browser or stack)

# What the kind of database may change, again: with DATABASE_URL in the environment on another one
# (docs/architecture.md, "Whether the tests would notice", says which tests are left out).
AGAIN = not browser and not stack and (postgresql or not pure and not any_database)
test-database: build
	@$(MAKE) --silent --jobs 1 install-dev install-models
	$(TESTS) --numprocesses logical -m "$(AGAIN)" $(ARGS) || $(call second_go,$(AGAIN))
	$(TESTS) --numprocesses $(GAMES) -m "stack and not browser and not any_database" $(ARGS) || \
	  $(call second_go,stack and not browser and not any_database)

# Compiles the tests, and what they import, once; otherwise each process of pytest begins with it.
test-compile: build
	@$(MAKE) --silent --jobs 1 install-dev install-models
	@told=$$($(TESTS) --collect-only --quiet 2>&1) || { echo "$$told" | tail --lines=100; exit 1; }

test-js: build
	$(NODE) --test $$(find tests/js -name '*.test.js')

lint: lint-style lint-types

lint-style: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint --lint --quiet templates */templates

lint-types: install-dev
	$(BIN)/mypy

# With the linters that are there (deploy/lint names them).
lint-deploy: install-dev
	deploy/lint

format: install-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: install-dev build
	$(BIN)/python -m bench $(ARGS)

# Newer versions within what requirements/*.txt and package.json allow.
lock: install-dev
	requirements/lock $(BIN)/uv

licenses: install-dev install-production install-simulate install-data install-models
	$(BIN)/python -m requirements.licenses

# What runs the game, as CycloneDX for scanners: sbom.json.
sbom: install-dev
	$(BIN)/python -m requirements.sbom $(ARGS)

install: $(VENV)/.installed
# Such as install-production: a list of requirements/ beside the core.
$(OPTIONAL:%=install-%): install-%: $(VENV)/.installed-%
build: static/dist/manifest.json

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "RadGame needs Python 3.11: install it, or name it with PYTHON=…"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv module is missing: install python3.11-venv."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements/core.lock | $(VENV)/bin/python
	@echo "Installing the Python packages …"
	@$(LOCKED) -r $<
	@touch $@

$(VENV)/.installed-%: requirements/%.lock $(VENV)/.installed
	@echo "Installing the Python packages of requirements/$*.txt …"
	@$(LOCKED) -r $<
	@touch $@

$(VENV)/.installed-models: requirements/models.lock requirements/models.txt $(VENV)/.installed
	@echo "Installing the packages for models …"
	@$(LOCKED) --use-pep517 -r $<
	@requirements/install-torch $(BIN)/python
	@touch $@

node_modules/.package-lock.json: package.json package-lock.json
	@command -v npm >/dev/null || { echo "RadGame needs npm to build its front end: install nodejs and npm."; exit 1; }
	@echo "Installing the packages of the front end …"
	@npm ci --no-audit --no-fund --no-update-notifier --loglevel error >/dev/null
	@touch $@

static/dist/manifest.json: node_modules/.package-lock.json esbuild.config.mjs $(shell find static/src static/css -type f 2>/dev/null)
	@echo "Building the front end …"
	@$(NODE) esbuild.config.mjs
	@touch $@

clean:
	rm -rf static/dist node_modules $(VENV)
