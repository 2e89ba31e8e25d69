# Everything happens in .venv; Debian packages are installed when they are missing.

PYTHON ?= $(shell for p in python3.11 python3.12 python3.10 python3; do \
	$$p -c 'import sys, venv; exit(not (3, 10) <= sys.version_info < (3, 13))' 2>/dev/null \
	&& command -v $$p && break; done)
BIN := .venv/bin
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
APERTIUM := apertium apertium-eng-spa apertium-eng-cat apertium-en-gl apertium-eo-en \
	apertium-es-pt apertium-fra-cat
INSTALL := $(BIN)/python -m pip install --quiet --constraint constraints.txt --editable

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint types bench clean

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1	\2/p' Makefile | expand -t 10

setup: .venv/all .venv/apertium ## install everything: all extras, developer tools, Apertium

demo: .venv/base .venv/apertium ## build a real parallel corpus from examples/, check it, show rows
	$(BIN)/tandemqa build --config examples/demo.yaml --overwrite
	$(BIN)/tandemqa verify build/demo/corpus
	$(BIN)/python examples/show_rows.py build/demo/corpus

test: setup lint types ## everything CI runs: lint, types and tests
	$(BIN)/python -m pytest

lint: .venv/all ## check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/all ## check types
	$(BIN)/mypy

bench: setup ## print how fast it is, against stated baselines
	$(BIN)/python benchmarks/segmentation.py
	$(BIN)/python benchmarks/build.py

clean: ## remove the environment and everything that was built
	rm -rf .venv build

.venv/bin/python:
	@[ -n "$(PYTHON)" ] || { $(SUDO) apt-get update -qq && \
		$(SUDO) apt-get install -y -qq python3 python3-venv; }
	$(or $(PYTHON),python3) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip

.venv/base: .venv/bin/python setup.py constraints.txt
	$(INSTALL) '.[hub]'
	@touch $@

.venv/all: .venv/base
	$(INSTALL) '.[all,dev]'
	@touch $@

.venv/apertium: .venv/bin/python
	@dpkg -s $(APERTIUM) >/dev/null 2>&1 || { $(SUDO) apt-get update -qq && \
		$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(APERTIUM) >/dev/null; }
	@touch $@
