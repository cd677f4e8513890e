PYTHON ?= python3
BIN := .venv/bin
FOLDERS := tabtransfer pretrain finetune baselines datasets
comma := ,
EXTRAS := lightgbm,mcp,pytabkit,serve,tabicl,tabpfn,tables,xgboost
CONSTRAINTS ?= constraints.txt

# The folder datasets/ must not shadow other packages of that name, and several threads on few
# cores are slower than one.
export PYTHONSAFEPATH := 1
export OMP_NUM_THREADS := 1

# Compiling every module of every package takes longer than the rest of the set-up; Python does it at
# the first import of those that are imported, and keeps it unless this says otherwise.
PIP_INSTALL := $(BIN)/pip install --no-compile
export PYTHONDONTWRITEBYTECODE :=

.PHONY: setup benchmark test test-slow lint types docs dist
setup: .venv/.installed

# --group needs a newer pip than Python brings.
.venv/.installed: pyproject.toml $(CONSTRAINTS)
	$(PYTHON) -m venv .venv
	$(PIP_INSTALL) --quiet --upgrade -c $(CONSTRAINTS) pip
	$(PIP_INSTALL) -c $(CONSTRAINTS) --group dev -e ".[$(EXTRAS)]"
	touch $@

# The lowest versions that pyproject.toml admits, as constraints.
build/lowest.txt: pyproject.toml
	mkdir -p build
	uv pip compile --quiet --resolution lowest-direct --group dev \
		$(patsubst %,--extra %,$(subst $(comma), ,$(EXTRAS))) -o $@ pyproject.toml

# All methods, without haste: make benchmark METHODS=all TIME=3h
METHODS ?= short
TIME ?= 4m
benchmark: setup
	$(BIN)/tabtransfer benchmark --suite quickstart --out reports/quickstart \
		--methods $(METHODS) --n-splits 1 --time $(TIME) --jobs 2

# Without SCIPY_ARRAY_API, scikit-learn skips one of its checks.
test: setup
	SCIPY_ARRAY_API=1 $(BIN)/pytest -n 2 --dist worksteal -m "not slow" --doctest-modules tests $(FOLDERS)

# Those that take seconds each: whole runs, processes, training.
test-slow: setup
	SCIPY_ARRAY_API=1 $(BIN)/pytest -n 2 --dist worksteal -m slow tests

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(MAKE) types

# mypy and import-linter can't follow the mapping of folders to packages, so they check a copy laid
# out as installed.
types: setup
	rm -rf build/lint && mkdir -p build/lint
	cp -R tabtransfer build/lint/tabtransfer
	cp -R pretrain finetune baselines datasets build/lint/tabtransfer/
	$(BIN)/mypy
	cd build/lint && PYTHONPATH=. $(CURDIR)/$(BIN)/lint-imports --no-cache ../../pyproject.toml

# Sphinx's packages come on top of the others. `check_site.py` needs no network.
.venv/.docs: .venv/.installed
	$(PIP_INSTALL) -c $(CONSTRAINTS) --group docs
	touch $@

docs: .venv/.docs
	$(BIN)/sphinx-build -q -W --keep-going -b html -c docs . build/docs
	$(BIN)/python docs/check_site.py build/docs

# A wheel that is built from the source distribution, and both checked in an environment of their own.
dist: setup
	rm -rf dist
	$(BIN)/python -m build --no-isolation --outdir dist .
	$(BIN)/python .ci/check_dist.py dist build/bare $(CONSTRAINTS)
