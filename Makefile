# Everything a newcomer needs: make run, make test, make check, make help.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export GRIDSHOP_SHARED ?= ../shared
# Some machines forbid Python to keep what it compiled. Tests and the demo start dozens of processes,
# and each would compile the whole shop again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test check soak bench pictures lock messages clean

help: ## what there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(BIN)/.app: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	touch $@

$(BIN)/.tools: $(BIN)/.app tests/requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r tests/requirements.txt
	touch $@

.PHONY: built
built: $(BIN)/.app
	@$(BIN)/pybabel --quiet compile --directory shop/translations

run: built ## the demo on http://127.0.0.1:8000, with worker and sandbox
	$(BIN)/python -m shop.trial.run

test: $(BIN)/.tools built ## all tests, on SQLite and on a PostgreSQL that the run brings up
	$(BIN)/python -m pytest -n 3 --dist loadgroup -m "not soak"

check: $(BIN)/.tools ## format, lint, types, templates, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint templates --lint --quiet

soak: $(BIN)/.tools built ## the long run
	GRIDSHOP_SOAK=1 $(BIN)/python -m pytest -n 2 --dist loadgroup -m "soak or longer"

bench: $(BIN)/.tools ## how fast, beside the limit of the same run
	$(BIN)/python -m tests.bench.what_if

pictures: $(BIN)/.tools built ## the README's pictures, by the browser test
	$(BIN)/python -m pytest -n 0 tests/browser/test_walk.py
	cp test-results/buying.png test-results/why.png docs/pictures/

lock: $(BIN)/.tools ## write the lock files anew
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --group test -c requirements.txt -o tests/requirements.txt

messages: $(BIN)/.tools ## collect the words of code and templates into the gettext catalogs
	$(BIN)/pybabel extract -F shop/translations/babel.cfg -k _l -k label --no-location --sort-output --width 100 -o messages.pot .
	$(BIN)/pybabel update -i messages.pot -d shop/translations --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --width 100
	rm messages.pot

clean: ## forget the demo's data
	rm -rf var
