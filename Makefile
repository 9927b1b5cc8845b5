# make demo   the whole workflow on the embedded phantom cohort, report included
# make reader-study   the phantom's reader study: its blinded pack, the readers' codes, the pages they answer on; again: the
#             pages alone, nothing answered is lost (RESULTS=results/liver: of a pack that is built)
# make case-table  a case table and a draft of the config from what you have (FROM=data/set TO=data/mine PATIENTS='(P[0-9]+)_')
# make plan-study  how many patients a study needs, before any data (STUDY="--gain 5 --arms 3"; STUDY=--help: all it asks)
# make bench  speed beside other libraries, into tests/benchmarks/results (SECTIONS="training ingest": these only)
# make chaos  runs cut short in many ways end with the same bytes (KILLS=20 of them, WAY=Ctrl-C in this way only, SEED=n for the same moments again)
# make audit  known vulnerabilities of the pinned packages, where PyPI or OSV can be asked, and the libraries in C and C++ within them
# make hashes requirements-hashes.txt anew, after a change of requirements.txt; asks PyPI
# make verify whether results are what their records say (RESULTS=results/liver TABLE=data/cases.csv); RECOMPUTE=1: whether they are
#             what is computed again from what they were made of; PUBLIC_KEY=public.pem: whether its owner signed them
# make sign   the signature of verified results (KEY=key.pem, and RESULTS and TABLE as above)
# make test   every test and style check, in copies; never on your config or results
# make test-slurm  the profiles on a real SLURM of one node, which it installs, starts and stops (root, Debian)
PYTHON ?= python3
CORES ?= $(shell getconf _NPROCESSORS_ONLN)
BIN := .venv/bin

SECTIONS ?=
KILLS ?= 20
BENCH := .venv-bench/bin
AUDIT := .venv-audit/bin

RESULTS ?= results/phantom
TABLE ?=
TASK ?= classification
RECOMPUTE ?=
PUBLIC_KEY ?=
STUDY ?=
# An option of a script, from a variable of the command line; through the shell, so that expressions arrive as they are.
option = $(if $(filter command,$(origin $(1))),--$(2)="$${$(1)}")
OF_RESULTS = --results "$(RESULTS)" $(if $(TABLE),--table "$(TABLE)")

.PHONY: demo case-table reader-study plan-study test test-slurm bench chaos audit hashes verify sign lint format reference clean

demo: .venv/installed
	@$(BIN)/snakemake --cores $(CORES) $(if $(filter-out classification,$(TASK)),--configfile config/$(TASK).yaml)

reader-study: .venv/installed
	@test -e "$(RESULTS)/reader-study/pack/study.json" || \
	  $(BIN)/snakemake --cores $(CORES) -- build_reader_study
	@$(BIN)/python scripts/serve_reader_study.py invite --pack "$(RESULTS)/reader-study/pack"
	@$(BIN)/python scripts/serve_reader_study.py serve --pack "$(RESULTS)/reader-study/pack"

case-table: .venv/installed
	@$(BIN)/python scripts/make_case_table.py --task "$(TASK)" $(call option,FROM,from) $(call option,TO,to) \
	  $(call option,FORMAT,format) $(call option,PATIENTS,patients) $(call option,CLASSES,classes) \
	  $(call option,CLASS,class) $(call option,COLUMN,column) $(call option,NAMES,names) \
	  $(call option,IMAGE,image) $(call option,MASK,mask) $(call option,INCOMPLETE,incomplete)

plan-study: .venv/installed
	@$(BIN)/python scripts/plan_study.py $(STUDY)

test: .venv/tested lint
	@tests/reader/install_chromium.sh
	$(BIN)/pytest --numprocesses 2

test-slurm: .venv/tested
	$(BIN)/pytest tests/slurm

bench: .venv-bench/installed
	PYTHONPATH=scripts:. $(BENCH)/python -m tests.benchmarks.bench $(SECTIONS)

chaos: .venv/tested
	PYTHONPATH=scripts:. $(BIN)/python -m tests.chaos --kills $(KILLS) $(if $(WAY),--way "$(WAY)") $(if $(SEED),--seed $(SEED))

audit: .venv/installed .venv-audit/installed
	$(AUDIT)/python tests/audit/audit.py requirements-dev.txt
	$(BIN)/python tests/audit/bundled.py

# Of every file that PyPI has of each version, so for any system. PyTorch is left out: its builds come from several indexes.
HASHED := requirements-hashes.txt

hashes: .venv-audit/installed
	grep -v '^torch==' requirements.txt | $(AUDIT)/uv pip compile --quiet --no-config --no-deps --universal --python-version 3.11 \
	  --generate-hashes --no-annotate --no-header - > $(HASHED).new
	{ echo "# requirements.txt without torch, with SHA-256 of each version's files; made by make hashes"; cat $(HASHED).new; } > $(HASHED)
	@rm $(HASHED).new

verify: .venv/installed
	$(BIN)/python scripts/verify_results.py $(OF_RESULTS) $(if $(PUBLIC_KEY),--public-key "$(PUBLIC_KEY)")
	$(if $(RECOMPUTE),$(BIN)/python scripts/recompute_results_$(TASK).py $(OF_RESULTS))

sign: .venv/installed
	@test -n "$(KEY)" || { echo "error: KEY: expected an Ed25519 private key (PEM), found none; make sign KEY=key.pem" >&2; exit 1; }
	$(BIN)/python scripts/sign_results.py $(OF_RESULTS) --key "$(KEY)"

lint: .venv/tested
	$(BIN)/ruff check scripts tests
	$(BIN)/ruff format --check scripts tests
	$(BIN)/snakefmt --check Snakefile workflow/Snakefile workflow/rules
	$(BIN)/snakemake --lint

format: .venv/tested
	$(BIN)/ruff check --fix scripts tests
	$(BIN)/ruff format scripts tests
	$(BIN)/snakefmt Snakefile workflow/Snakefile workflow/rules

reference: .venv/installed
	$(BIN)/python -m tests.workflow.config_reference

.venv/installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo \
	  "error: Python 3.11 or newer is needed, found $$($(PYTHON) --version 2>&1); install it or name one: make $(MAKECMDGOALS) PYTHON=python3.12" \
	  >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo \
	  "error: Python's venv module is missing; install it (Debian and Ubuntu: apt-get install python3-venv)" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --requirement requirements.txt
	@touch $@

.venv/tested: .venv/installed requirements-dev.txt
	$(BIN)/python -m pip install --quiet --requirement requirements-dev.txt
	@touch $@

# Apart from .venv: the workflow needs none of the peers.
.venv-bench/installed: requirements.txt requirements-dev.txt tests/benchmarks/requirements.txt
	$(PYTHON) -m venv .venv-bench
	$(BENCH)/python -m pip install --quiet --requirement tests/benchmarks/requirements.txt
	@touch $@

# Apart from .venv too: an audit needs to install nothing of what it audits.
.venv-audit/installed: tests/audit/requirements.txt
	$(PYTHON) -m venv .venv-audit
	$(AUDIT)/python -m pip install --quiet --requirement tests/audit/requirements.txt
	@touch $@

clean:
	rm -rf .venv .venv-bench .venv-audit .snakemake .pytest_cache .ruff_cache
