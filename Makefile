# Two commands: `make run` sets up and runs Outdial with a sample campaign, `make test` sets up and passes the tests.
# `make run ARGS=--exit` ends after the sample instead of staying up.
SHELL := /bin/bash
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed-$(shell sha256sum requirements.lock pyproject.toml | sha256sum | cut -c1-16)

.PHONY: doctor-tests run test check unit integration e2e faults setup doctor lock bench clean

run: setup
	@$(BIN)/python -m deploy.local.run $(ARGS)

test: doctor-tests setup
	@$(BIN)/python -m deploy.local.testing

check: setup
	@$(BIN)/python -m deploy.local.testing lint types unit

unit integration e2e: doctor-tests setup
	@$(BIN)/python -m deploy.local.testing $@

setup: doctor $(STAMP)
	@$(BIN)/python -m deploy.local.setting_up

doctor:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is missing: apt-get install python3 python3-venv"; exit 3; }
	@$(PYTHON) deploy/local/doctor.py

doctor-tests: doctor
	@$(PYTHON) deploy/local/doctor.py --tests

$(STAMP): requirements.lock pyproject.toml
	@rm -f $(VENV)/.installed-*
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@start=$$(date +%s); \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock && \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . && \
	echo "Python packages: $$(du -sm $(VENV) | cut -f1) MB in $$(( $$(date +%s) - start )) s"
	@touch $@

lock: setup
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		requirements.in -o requirements.lock
	@! grep -nE 'https?://' requirements.lock

faults: doctor-tests setup
	@$(BIN)/python -m tests.faults $(ARGS)

bench: setup
	@$(BIN)/python -m tests.bench $(ARGS)

clean:
	@rm -rf .outdial .pytest_cache .mypy_cache .ruff_cache .hypothesis build *.egg-info
