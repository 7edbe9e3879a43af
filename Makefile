# make demo    install, then the main job on the embedded practice portal        (ARGS="--people 100" and the like)
# make test    every check and every test
# make reliability   the long lane of tests/reliability, its figures into ARCHITECTURE.md    (ARGS="-k power" for a part)
# make bench   the measurements of tests/benchmarks
# make texts   collect the texts for people anew and compile their translations
# make lint    the checks alone
# make lock    the pinned requirements anew (needs uv)

PYTHON ?= python3
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test reliability bench texts lint lock
.DELETE_ON_ERROR:

demo: $(VENV)/installed
	$(BIN)/lxy-bridge demo $(ARGS)

test: $(VENV)/installed-dev
	sh .ci/apt $$(grep -v '^#' tests/apt.txt)
	$(MAKE) lint
	$(BIN)/pytest -n 4 --dist worksteal --cov --cov-report=term --ignore tests/reliability
	$(BIN)/pytest -n 4 --dist worksteal tests/reliability

FIGURES := $(CURDIR)/$(VENV)/reliability-figures
reliability: $(VENV)/installed-dev
	sh .ci/apt $$(grep -v '^#' tests/apt.txt)
	rm -rf $(FIGURES) && mkdir $(FIGURES)
	RELIABILITY_LANE=long RELIABILITY_FIGURES=$(FIGURES) $(BIN)/pytest tests/reliability -n 2 --dist worksteal $(ARGS)
	$(BIN)/python -m tests.reliability.table $(FIGURES) --write

bench: $(VENV)/installed-dev
	$(BIN)/python -m tests.benchmarks $(ARGS)

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

LOCALES := schemas/locales
texts: $(VENV)/installed-dev
	$(BIN)/pybabel extract --keywords=T --mapping=$(LOCALES)/babel.cfg --no-location --no-wrap --sort-output \
	    --project=recuperation-bridge --output=$(VENV)/messages.pot bridge adapters schemas
	$(BIN)/pybabel update --no-fuzzy-matching --ignore-obsolete --no-wrap --ignore-pot-creation-date \
	    --input-file=$(VENV)/messages.pot --output-dir=$(LOCALES)
	$(BIN)/pybabel compile --statistics --directory=$(LOCALES)

COMPILE := uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
    --generate-hashes --no-emit-index-url --no-annotate --no-header --extra build
lock:
	@command -v uv > /dev/null || { echo "uv is needed to pin requirements: pip install uv"; exit 1; }
	$(COMPILE) --output-file requirements.txt
	$(COMPILE) --extra dev --constraint requirements.txt --output-file requirements-dev.txt

# Stamps: each says that a step was done for the files it depends on.
$(VENV)/created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "Python 3.11 or later is needed. If it has another name here: make demo PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || sh .ci/apt python3-venv
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/installed: $(VENV)/created requirements.txt pyproject.toml
	$(BIN)/pip install --quiet --require-hashes --no-deps --only-binary :all: --requirement requirements.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements-dev.txt
	$(BIN)/pip install --quiet --require-hashes --no-deps --only-binary :all: --requirement requirements-dev.txt
	@touch $@
