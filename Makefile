# make lab: open the chapters. make test: pass all tests. Both set everything up first, in .venv, which `make clean` removes.
# Another Python: make lab PYTHON=python3.12. More for JupyterLab: make lab LAB="--ip=0.0.0.0 --no-browser".

PYTHON ?= $(shell for p in python3 python python3.13 python3.12 python3.11 python3.10; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
# JupyterLab refuses to run as root, unless told that this is meant (as in a container).
ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)
WORKERS ?= 2

.PHONY: help lab test test-browser lint notebooks bench clean

help:
	@echo "make lab           open the chapters in JupyterLab"
	@echo "make test          run all tests, and all notebooks"
	@echo "make test-browser  open all notebooks in a browser and move their sliders"
	@echo "make lint          check style and format"
	@echo "make notebooks     run all notebooks and store their outputs"
	@echo "make bench         time an epoch against NumPy and PyTorch, and an explorer against @interact"
	@echo "make clean         remove .venv and what the tools left behind"

# The environment comes first on every search path, so that a kernel installed elsewhere cannot take its place.
lab: .venv/notebooks
	JUPYTER_PREFER_ENV_PATH=1 PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/jupyter lab $(ROOT) \
		--ServerApp.root_dir=notebooks --LabApp.default_url=/lab/tree/00-start-here.ipynb $(LAB)

# One thread a worker: processes that share two cores and wait for each other's threads took forty times as long.
test: .venv/test
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadscope \
		--nbval --nbval-current-env --nbval-sanitize-with tests/nbval.cfg --nbval-cell-timeout 300 $(TEST)

# With the browser that is installed: playwright need not download one.
test-browser: .venv/browser
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest -rs tests/browser $(TEST)

lint: .venv/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

notebooks: .venv/test
	$(BIN)/python tools/notebooks.py

bench: .venv/browser
	$(BIN)/python benchmarks/epoch.py
	$(BIN)/python benchmarks/explorer.py

clean:
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis *.egg-info

# A stamp for each set of packages; all are outdated once pyproject.toml changes.
.venv/%: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[$*]"
	@touch $@

# Where Python comes without ensurepip (Debian's, without python3-venv), the pip that is there installs one in .venv.
$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.10 or newer is needed, and none was found. Install it from python.org, or name it: make lab PYTHON=/path/to/python"; exit 1; }
	@echo "Setting up .venv with $$($(PYTHON) --version); this takes a minute, once."
	@$(PYTHON) -m venv .venv >/dev/null 2>&1 || { $(PYTHON) -m venv --clear --without-pip .venv && \
		$(PYTHON) -m pip --python .venv/bin/python install --quiet pip; }
