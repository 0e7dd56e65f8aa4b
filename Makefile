PYTHON ?= python3
BIN := .venv/bin
export OMP_NUM_THREADS ?= 1

.PHONY: setup demo test test-slow test-ray check browser results

setup: .venv/ready

.venv/ready: requirements.txt requirements-base.txt requirements-dev.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q "$$(grep '^torch==' requirements.txt)"
	$(BIN)/pip install -q -r requirements-dev.txt
	$(BIN)/pip install -q --no-deps -r requirements-base.txt
	touch $@

demo: setup
	$(BIN)/python app.py

browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
	  { apt-get update -qq && apt-get install -y -qq chromium >/dev/null; } || \
	  echo "no Chromium could be installed: the browser tests will say so"

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: setup browser check
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

test-slow: setup browser
	$(BIN)/python -m pytest -m slow

test-ray: setup
	$(BIN)/pip install -q -r requirements-ray.txt
	$(BIN)/python -m pytest -m slow tests/recommenders/test_on_ray.py

# every shipped system on the development dialogues: make results DATA=folder
DATA ?= data
results: setup
	$(BIN)/python -m crsdemo measure --data $(DATA) --out docs/reports --force
