# make lab: open the chapters. make test: pass all tests. Both set everything up first, in .venv, which `make clean` removes.
# Another Python: make clean lab PYTHON=python3.12. More for JupyterLab: make lab LAB="--ip=0.0.0.0 --no-browser".

NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3 python python3.14 python3.13 python3.12 python3.11; do \
	$$p -c '$(NEW_ENOUGH)' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
# Everything is started by this Python and finds the package here, so that the folder may be renamed: scripts such as
# .venv/bin/jupyter and the editable installation hold the path where they were made.
RUN := $(BIN)/python -m
export PYTHONPATH := $(CURDIR)$(if $(PYTHONPATH),:$(PYTHONPATH))
# JupyterLab refuses to run as root, unless told that this is meant (as in a container).
ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)
WORKERS ?= 2
# Matrix products get one thread a process: two trainings side by side on two cores took 2 to 2.5 times as long with two
# threads each, and on a busy machine forty times. One training alone is 1.6 times as fast with make lab THREADS=2.
THREADS ?= 1
LIMIT := OPENBLAS_NUM_THREADS=$(THREADS) OMP_NUM_THREADS=$(THREADS)

ENGINE_TESTS := tests/engine

.PHONY: help lab test quick test-browser lint types coverage notebooks bench clean

help:
	@echo "make lab           open the chapters in JupyterLab"
	@echo "make test          run all tests, and all notebooks"
	@echo "make quick         check style, and test the engine and the exercises, in half a minute"
	@echo "make test-browser  open all notebooks in a browser and move their sliders"
	@echo "make lint          check style and format"
	@echo "make types         check types"
	@echo "make coverage      count the lines and branches of the engine that its tests reach"
	@echo "make notebooks     run all notebooks and store their outputs; NB=\"05 06\": only these"
	@echo "make bench         time training, operations and an explorer against others; count the memory of a kernel"
	@echo "make clean         remove .venv and what the tools left behind"

# The environment comes first on every search path, so that a kernel installed elsewhere cannot take its place.
lab: .venv/notebooks
	JUPYTER_PREFER_ENV_PATH=1 PATH="$(CURDIR)/$(BIN):$$PATH" $(LIMIT) $(RUN) jupyterlab $(ROOT) \
		--ServerApp.root_dir=notebooks --LabApp.default_url=/lab/tree/00-start-here.ipynb $(LAB)

test: .venv/test
	$(LIMIT) $(RUN) pytest -n $(WORKERS) --dist loadscope \
		--nbval --nbval-current-env --nbval-sanitize-with tests/nbval.cfg $(TEST)

quick: lint
	$(LIMIT) $(RUN) pytest -q -n $(WORKERS) --dist worksteal -m "not slow" $(ENGINE_TESTS) tests/exercises $(TEST)

# With the browser that is installed: playwright need not download one.
test-browser: .venv/browser
	$(LIMIT) $(RUN) pytest -rs tests/browser $(TEST)

lint: .venv/test
	$(RUN) ruff check .
	$(RUN) ruff format --check .

types: .venv/test
	$(RUN) mypy

coverage: .venv/test
	$(LIMIT) $(RUN) coverage run -m pytest -q -m "not slow" $(ENGINE_TESTS)
	$(RUN) coverage report

notebooks: .venv/test
	$(BIN)/python tools/notebooks.py $(CHAPTERS)

# The chapters whose numbers NB holds; none for all.
CHAPTERS = $(foreach n,$(NB),$(or $(wildcard notebooks/$n-*.ipynb),$(error There is no chapter $n in notebooks/)))

bench: .venv/browser
	$(BIN)/python benchmarks/epoch.py
	$(BIN)/python benchmarks/operations.py
	$(BIN)/python benchmarks/side_by_side.py
	JUPYTER_PREFER_ENV_PATH=1 $(BIN)/python benchmarks/memory.py
	$(BIN)/python benchmarks/explorer.py

clean:
	rm -rf .venv .pytest_cache .ruff_cache .mypy_cache .coverage .hypothesis build dist *.egg-info

# A stamp for each set of packages; all are outdated once pyproject.toml changes or .venv is made anew. What pip was
# copying when a call was interrupted has no INSTALLER yet: pip would take it for whole, unless its metadata goes.
.venv/%: pyproject.toml .venv/made
	@for package in .venv/lib/python*/site-packages/*.dist-info; do \
		test -e "$$package/INSTALLER" || rm -rf "$$package"; done
	$(RUN) pip install --quiet --disable-pip-version-check --editable ".[$*]"
	@touch $@

# The stamp of a whole .venv: one that was interrupted has none. Where its Python has gone or changed, pip has gone with
# it. Where Python comes without ensurepip (Debian's, without python3-venv), the pip that is there installs one.
FOUND = $$($(PYTHON) -c 'import sys; print(sys.version.split()[0])' 2>/dev/null || echo missing)
.venv/made: $(shell $(BIN)/python -c "import pip" >/dev/null 2>&1 || echo incomplete)
	@if ! $(PYTHON) -c '$(NEW_ENOUGH)' 2>/dev/null; then \
		echo "Python 3.11 or newer is needed, but $(if $(PYTHON),$(PYTHON) is $(FOUND),none was found)." \
			"Install it from python.org, or name it: make lab PYTHON=/path/to/python" >&2; exit 1; fi
	@echo "Setting up .venv with $$($(PYTHON) --version); this takes a minute, once."
	@rm -rf .venv
	@$(PYTHON) -m venv .venv >/dev/null 2>&1 || \
		{ $(PYTHON) -m venv --clear --without-pip .venv && $(PYTHON) -m pip install --quiet pip --target \
			"$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"; } || \
		{ echo "$(PYTHON) cannot set up .venv; its reason stands above. If that is a missing pip or venv, install them" \
			"(Debian, Ubuntu: sudo apt install python3-venv) and call make again." >&2; exit 1; }
	@touch $@

.PHONY: incomplete
