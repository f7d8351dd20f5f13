# Two commands matter: `make run` and `make test`. README.md explains both.
PYTHON = .venv/bin/python
PORT ?= 8000
export PORT

.PHONY: help setup setup-tests run test test-quick test-services check bench pictures format messages lock clean

help:  ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

setup:  ## Install what the platform needs (system packages, virtual environment, translations)
	@tools/setup run

setup-tests:  ## The same, with the test tools and a browser
	@tools/setup test

run: setup  ## Start the platform with demo data on http://127.0.0.1:$PORT
	@$(PYTHON) manage.py run_site --port $(PORT)

test: setup-tests  ## The whole suite, browser tests included
	$(PYTHON) -m pytest -n auto

test-quick: setup-tests  ## The suite without slow and browser tests
	$(PYTHON) -m pytest -n auto -m "not slow and not e2e"

test-services:  ## The suite on PostgreSQL and Redis, on throw-away servers of its own
	@tools/setup services
	@tools/with-services $(PYTHON) -m pytest -n auto

check: setup-tests  ## Style, types, import rules, templates, migrations, translations
	@tools/check

bench: setup-tests  ## One JSON line per figure
	@$(PYTHON) -m tests.load.bench

pictures: setup-tests  ## Make the pictures of README.md by walking the path in a browser
	@ANXUE_PICTURES=docs/pictures $(PYTHON) -m pytest -q -m e2e tests/e2e/test_main_job.py

format:  ## Put the code into its usual form
	.venv/bin/ruff format . && .venv/bin/ruff check --fix . && .venv/bin/djlint --reformat --quiet templates

messages:  ## Collect the texts of the interface for translation
	$(PYTHON) manage.py makemessages -l en --no-wrap --no-location --ignore '.venv/*' --ignore 'var/*' --ignore 'tests/*'

lock:  ## Resolve the dependencies anew (needs uv)
	uv pip compile -q --generate-hashes --python-version 3.11.2 --no-annotate --no-header pyproject.toml -o requirements.lock
	uv pip compile -q --generate-hashes --python-version 3.11.2 --no-annotate --no-header pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock

clean:  ## Remove the virtual environment and everything made; the data in var/ goes too
	rm -rf .venv var
