# Each target sets up what it needs. PYTHON=python3.13 make demo takes another Python.
PYTHON ?= python3
BIN := .venv/bin
NPM := tests/browser/npm
# Its dependencies' lock is broken (npm ci refuses it); Lighthouse 13 needs Node 22.
LIGHTHOUSE := lighthouse@12.8.2

.PHONY: demo test quick test-faults test-fidelity description check bench browser lock messages take-home \
	bundle test-security scan audit sbom test-pages axe screenshots

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

## The long form of what SECURITY.md claims: each control switched off, 100,000 fuzzed requests, equal times
test-security: .dev
	$(BIN)/pytest --long -s tests/security tests/test_logs.py

## A black-box scan by wapiti, in an environment of its own, of portal serve behind TLS; ARGS=600 for longer runs
scan: .dev
	@test -x .tools/scan/bin/wapiti || { $(PYTHON) -m venv .tools/scan && .tools/scan/bin/pip install --quiet wapiti3==3.2.3; }
	$(BIN)/python -m tests.security.scan .tools/scan/bin/wapiti $(ARGS)

## Known vulnerabilities of all locked packages; a package that cannot be looked up is a failure, too
audit: .tools/packages/bin/pip-audit
	.tools/packages/bin/pip-audit --strict --disable-pip --require-hashes --requirement requirements-serve.lock
	.tools/packages/bin/pip-audit --strict --disable-pip --require-hashes --requirement requirements-dev.lock

## What portal serve is made of, as sbom.json (CycloneDX), from its lock
sbom: .tools/packages/bin/pip-audit
	.tools/packages/bin/cyclonedx-py requirements requirements-serve.lock --pyproject pyproject.toml \
		--output-reproducible --output-file sbom.json

.tools/packages/bin/pip-audit:
	@$(PYTHON) -m venv .tools/packages
	@.tools/packages/bin/pip install --quiet pip-audit==2.10.1 cyclonedx-bom==7.5.0

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

## Both performances as static pages in take-home/, in the name and colours of PORTAL_BRAND and PORTAL_BRAND_DIR
take-home:
	@$(PYTHON) setup_venv.py demo
	@$(BIN)/python -m portal.demo.takehome

## One archive of the demo for this system, with Python inside, in dist/
bundle: .dev
	@$(BIN)/python -m bundle

## Take new texts into the German catalogues, and compile them
messages: .dev
	$(BIN)/python -m portal.translations.update

.PHONY: .dev
.dev:
	@$(PYTHON) setup_venv.py dev
