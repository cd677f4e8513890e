PYTHON ?= python3
BIN := .venv/bin
FOLDERS := tabtransfer pretrain finetune baselines datasets

# The folder datasets/ must not shadow other packages of that name, and several threads on few
# cores are slower than one.
export PYTHONSAFEPATH := 1
export OMP_NUM_THREADS := 1

.PHONY: setup benchmark test lint
setup: .venv/.installed

# --group needs a newer pip than Python brings.
.venv/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade -c constraints.txt pip
	$(BIN)/pip install -c constraints.txt --group dev -e ".[lightgbm,pytabkit,tabicl,tabpfn,tables,xgboost]"
	touch $@

benchmark: setup
	$(BIN)/tabtransfer benchmark --suite quickstart --out reports/quickstart --n-splits 2 --jobs 2

# Without SCIPY_ARRAY_API, scikit-learn skips one of its checks.
test: setup
	SCIPY_ARRAY_API=1 $(BIN)/pytest --doctest-modules tests $(FOLDERS)

# mypy and import-linter can't follow the mapping of folders to packages, so they check a copy laid
# out as installed.
lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	rm -rf build/lint && mkdir -p build/lint
	cp -R tabtransfer build/lint/tabtransfer
	cp -R pretrain finetune baselines datasets build/lint/tabtransfer/
	$(BIN)/mypy
	cd build/lint && PYTHONPATH=. $(CURDIR)/$(BIN)/lint-imports --no-cache ../../pyproject.toml
