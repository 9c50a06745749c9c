# Each target sets up what it needs. PYTHON=python3.13 make demo takes another Python.
PYTHON ?= python3
BIN := .venv/bin
NPM := tests/browser/npm
# Its dependencies' lock is broken (npm ci refuses it); Lighthouse 13 needs Node 22.
LIGHTHOUSE := lighthouse@12.8.2

.PHONY: demo test quick test-faults test-pages test-fidelity axe screenshots description check bench browser lock messages take-home

## The portal with a simulator of Cashlink, on http://localhost:8000 and :8001
demo:
	@$(PYTHON) setup_venv.py demo
	@$(BIN)/portal demo

## All tests, the browser's included
test: .dev axe
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

## What can be known within a minute
quick: .dev
	$(BIN)/pytest -m "not slow" -n 3 --dist loadfile --no-loadscope-reorder -x -q

## The long form of the proofs: nothing is lost, nothing doubled, and twenty performances without a repair
test-faults: .dev
	$(BIN)/pytest --long -s tests/faults tests/demo tests/contract tests/browser/test_stage.py

## Schemathesis against the simulator, the long form
test-fidelity: .dev
	$(BIN)/pytest --long -s tests/simulator/test_schemathesis.py

## Make docs/openapi.json anew
description: .dev
	$(BIN)/python -m portal.simulator.api

## The long form for the pages: each state in both languages, both schemes and all widths; valid HTML; Lighthouse
test-pages: .dev
	cd $(NPM) && npm ci && npm install --no-save $(LIGHTHOUSE)
	$(BIN)/pytest --long -s tests/browser/test_states.py tests/browser/test_keyboard.py tests/browser/test_lighthouse.py

## Fetch axe-core, which judges the accessibility of the pages: once, by npm, with the hash of its lock
axe:
	@test -e $(NPM)/node_modules/axe-core/axe.min.js || { echo "Fetching axe-core …"; cd $(NPM) && npm ci --omit=dev; } \
		|| echo "Without axe-core the tests of the pages fail. Install Node's npm, then: make axe"

## 24 reference pictures in screenshots/, and the README's four
screenshots: .dev
	$(BIN)/python -m tests.browser.pictures

## The performance figures, as ratios measured side by side; ARGS=--quick for a short run, ARGS=--strict to fail
bench: .dev
	$(BIN)/python -m bench $(ARGS)

## Style and types
check: .dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

## Fetch a Chromium for the browser tests, where the system has none
browser: .dev
	@echo "Fetching a Chromium of about 170 MB for the browser tests …"
	$(BIN)/playwright install chromium

## Pin all packages anew, with hashes for all systems
lock: .dev
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		pyproject.toml requirements.in --output-file requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--extra serve --constraint requirements.lock \
		pyproject.toml requirements.in --output-file requirements-serve.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--extra serve --extra dev --constraint requirements-serve.lock \
		pyproject.toml requirements.in --output-file requirements-dev.lock

## Both performances as static pages in take-home/, for a presentation without a server
take-home:
	@$(PYTHON) setup_venv.py demo
	@$(BIN)/python -m portal.demo.takehome

## Take new texts into the German catalogues, and compile them
messages: .dev
	$(BIN)/python -m portal.translations.update

.PHONY: .dev
.dev:
	@$(PYTHON) setup_venv.py dev
