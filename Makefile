# Two commands matter: `make run` and `make test`. README.md explains both.
PYTHON = .venv/bin/python
PORT ?= 8000
export PORT
# Where it is set (images of containers like to), every one of the hundreds of processes would compile the project anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup setup-tests run test test-quick test-services explore check bench pictures format messages lock clean

help:  ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

setup:  ## Install what the platform needs (system packages, virtual environment, translations)
	@tools/setup run

setup-tests:  ## The same, with the test tools and a browser
	@tools/setup test

run: setup  ## Start the platform with demo data on http://127.0.0.1:$PORT
	@$(PYTHON) manage.py run_site --port $(PORT)

# Sets come in the same order in every run, as all else that is drawn by lot (docs/testing.md).
test test-quick test-services: export PYTHONHASHSEED = 0

test: setup-tests  ## The whole suite, browser tests included
	$(PYTHON) -m pytest -n auto

test-quick: setup-tests  ## The suite without slow and browser tests
	$(PYTHON) -m pytest -n auto -m "not slow and not e2e"

test-services:  ## What touches a database or Redis, without browsers, on throw-away PostgreSQL and Redis servers
	@tools/setup services
	@tools/with-services $(PYTHON) -m pytest -n auto -m "not e2e" --only-services

explore: setup-tests  ## The suite without browsers, with other draws, other tokens and new examples in every run
	EXPLORE=1 $(PYTHON) -m pytest -n auto -m "not e2e"

check: setup-tests  ## Style, types, import rules, templates, migrations, translations
	@tools/check

bench: setup-tests  ## One JSON line per figure
	@$(PYTHON) -m tests.load.bench

pictures: setup-tests  ## Make the pictures of README.md and docs/ by walking the paths in a browser
	@ANXUE_PICTURES=docs/pictures $(PYTHON) -m pytest -q -m e2e tests/e2e/test_main_job.py tests/e2e/test_publish_case.py tests/e2e/test_hr_morning.py
	@ANXUE_PICTURES=docs/pictures $(PYTHON) -m pytest -q tests/training/test_cards.py -k on_one_page

format:  ## Put the code into its usual form
	.venv/bin/ruff format . && .venv/bin/ruff check --fix . && .venv/bin/djlint --reformat --quiet templates

messages:  ## Collect the texts of the interface for translation
	$(PYTHON) manage.py makemessages -l en --no-wrap --no-location --ignore '.venv/*' --ignore 'var/*' --ignore 'tests/*' --ignore 'node_modules/*'

lock:  ## Resolve the dependencies anew (needs uv)
	uv pip compile -q --generate-hashes --python-version 3.11.2 --no-annotate --no-header pyproject.toml -o requirements.lock
	uv pip compile -q --generate-hashes --python-version 3.11.2 --no-annotate --no-header pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock

clean:  ## Remove the virtual environment and everything made; the data in var/ goes too
	rm -rf .venv var
