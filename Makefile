# One word each. `make demo` and `make test` prepare everything they need by themselves.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: demo test soak check bench catalogue clean

demo: $(READY)  ## a whole example, without set-up
	@$(BIN)/sync demo

test: $(READY)  ## every test; many of them wait, so more at once than there are cores
	$(BIN)/pytest -n 4 --dist worksteal

soak: $(READY)  ## some minutes of a service among failures and kills; SOAK_MINUTES=10 for longer
	$(BIN)/pytest -s tests/soak/soak.py

check: $(READY)  ## lint, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(READY)  ## speed, as ratios of one run
	$(BIN)/python benchmarks/bench.py

catalogue: $(READY)  ## the requests that 5,000 products with 20,000 variations take
	$(BIN)/python benchmarks/catalogue.py

clean:
	rm -rf $(VENV)

$(READY): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is missing: install Python 3.11, 3.12 or 3.13"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { echo "Python 3.11, 3.12 or 3.13 is needed: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@
