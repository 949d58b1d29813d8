# RadGame: `make run` plays, `make test` tests. Needs Python 3.11, gcc, Node 20.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: run test test-js lint format bench build install install-dev clean

run: install build
	@$(BIN)/python manage.py play $(ARGS)

test: install-dev build test-js
	$(BIN)/python -m pytest $(ARGS)

test-js: build
	npm test --silent

lint: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint --lint --quiet templates */templates
	$(BIN)/mypy

format: install-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: install-dev build
	$(BIN)/python -m bench $(ARGS)

install: $(VENV)/.installed
install-dev: $(VENV)/.installed-dev
build: static/dist/manifest.json

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "RadGame needs Python 3.11: install it, or name it with PYTHON=…"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv module is missing: install python3.11-venv."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	@touch $@

node_modules/.package-lock.json: package.json package-lock.json
	@command -v npm >/dev/null || { echo "RadGame needs Node 20 to build its front end: install nodejs and npm."; exit 1; }
	npm ci --no-audit --no-fund --silent
	@touch $@

static/dist/manifest.json: node_modules/.package-lock.json esbuild.config.mjs $(shell find static/src static/css -type f 2>/dev/null)
	npm run build --silent
	@touch $@

clean:
	rm -rf static/dist node_modules $(VENV)
