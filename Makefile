# make demo   sets up, runs the job against the local sandbox and prints what arrived
# make test   sets up and runs every check
# make bench  measures the tap and the target beside others
#
# Needed: Python 3.11 or newer, git, make. Everything else goes into .bootstrap/ and .venv/.

PYTHON ?= python3
UV_VERSION := 0.13.9
UV := .bootstrap/bin/uv
BIN := .venv/bin
DATA := .sandbox

PLUGINS := tap-dynatrace-dps target-dynatrace-bizevents target-dynatrace-dps
PACKAGES := $(PLUGINS) dynatrace-sandbox

# The machine's own Python is used; uv would fetch another one.
export UV_PYTHON_DOWNLOADS := never
export MELTANO_SEND_ANONYMOUS_USAGE_STATS := false

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint types units bench builds clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one with: make PYTHON=/path/to/python3 ...")'
	@echo "Setting up (once): uv $(UV_VERSION) into .bootstrap/, the locked packages into .venv/ ..."
	@$(PYTHON) -m venv .bootstrap
	@.bootstrap/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/.synced: $(UV) uv.lock pyproject.toml $(PACKAGES:%=%/pyproject.toml)
	@$(UV) sync --locked --quiet --python $(PYTHON)
	@touch $@

setup: .venv/.synced ## install the locked packages into .venv/

# The plugins run in environments of their own, as they would for any user of Meltano.
demo: setup ## run the job from the sandbox to the sandbox and print what arrived
	@echo "Reading five accounts and sending business events, through meltano run ..."
	@$(BIN)/dynatrace-sandbox exec --data $(DATA) --page output/demo.html -- \
		$(BIN)/meltano --log-level=error --environment=demo run dps-to-bizevents

test: lint types builds units ## run every check

lint: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/python scripts/definitions.py --check

# Each part is checked alone, as it is installed alone.
types: setup
	@set -e; for part in $(PLUGINS) dynatrace-sandbox; do \
		echo "mypy $$part"; \
		$(BIN)/mypy $$part/$$(echo $$part | tr - _) $$part/tests; \
	done
	$(BIN)/mypy scripts
	$(BIN)/mypy -p benchmarks
	$(BIN)/mypy .ci
	$(BIN)/mypy tests conftest.py

units: setup
	$(BIN)/pytest --numprocesses=auto --dist=loadfile --no-loadscope-reorder

# Needs a quiet machine and about half an hour. QUICK=1 takes two minutes.
bench: setup ## measure the tap and the target beside others
	@$(UV) sync --locked --inexact --quiet --python $(PYTHON) --group bench
	$(BIN)/python -m benchmarks $(if $(QUICK),--quick)

builds: setup
	@for part in $(PACKAGES); do $(UV) build --quiet --out-dir dist $$part; done
	@ls dist

clean: ## remove what the targets above have made
	rm -rf .bootstrap .venv .meltano .sandbox dist
