# make demo   the whole workflow on the embedded phantom cohort, report included
# make test   every test and style check, in copies; never on your config or results
PYTHON ?= python3
CORES ?= $(shell getconf _NPROCESSORS_ONLN)
BIN := .venv/bin

.PHONY: demo test lint format reference clean

demo: .venv/installed
	$(BIN)/snakemake --cores $(CORES) --quiet host reason rules
	@$(BIN)/python scripts/print_headline.py --phantom --headline results/phantom/evaluation/tables/headline.csv \
	  --lineage results/phantom/evaluation/lineage.json --report results/phantom/report.html

test: .venv/installed lint
	$(BIN)/pytest

lint: .venv/installed
	$(BIN)/ruff check scripts tests
	$(BIN)/ruff format --check scripts tests
	$(BIN)/snakefmt --check Snakefile workflow/rules
	$(BIN)/snakemake --lint

format: .venv/installed
	$(BIN)/ruff check --fix scripts tests
	$(BIN)/ruff format scripts tests
	$(BIN)/snakefmt Snakefile workflow/rules

reference: .venv/installed
	$(BIN)/python tests/workflow/config_reference.py

.venv/installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo \
	  "error: Python 3.11 or newer is needed, found $$($(PYTHON) --version 2>&1); install it or name one: make $(MAKECMDGOALS) PYTHON=python3.12" \
	  >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo \
	  "error: Python's venv module is missing; install it (Debian and Ubuntu: apt-get install python3-venv)" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --requirement requirements.txt
	@touch $@

clean:
	rm -rf .venv .snakemake .pytest_cache .ruff_cache
