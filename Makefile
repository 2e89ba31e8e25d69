# Everything happens in .venv; Debian packages are installed when they are missing.

PYTHON ?= $(shell for p in python3.11 python3.12 python3.10 python3; do \
	$$p -c 'import sys, venv; exit(not (3, 10) <= sys.version_info < (3, 13))' 2>/dev/null \
	&& command -v $$p && break; done)
BIN := .venv/bin
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
APERTIUM := apertium apertium-eng-spa apertium-eng-cat apertium-en-gl apertium-eo-en \
	apertium-es-pt apertium-fra-cat
DEMO_MODEL := build/demo/multilingual-e5-small
# Held-out questions of the demo corpus, or XQuAD-R: make demo DATA=../shared/data/xquad-r
DEMO_BENCHMARK = $(if $(DATA),--benchmark xquad-r --data $(DATA) --languages en$(comma)es,\
	--benchmark corpus --data build/demo/corpus)
comma := ,
INSTALL := $(BIN)/python -m pip install --quiet --constraint constraints.txt --editable

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-fast test-cluster flink-demo lint types bench clean

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1	\2/p' Makefile | expand -t 14

setup: .venv/all .venv/apertium ## install everything: all extras, developer tools, Apertium

demo: .venv/demo .venv/apertium ## build a real corpus from examples/, train on it, evaluate
	$(BIN)/tandemqa build --config examples/demo.yaml --overwrite
	$(BIN)/tandemqa verify build/demo/corpus
	$(BIN)/python examples/show_rows.py build/demo/corpus
	test -d $(DEMO_MODEL) || $(BIN)/python examples/multilingual_e5_small.py $(DEMO_MODEL)
	$(BIN)/tandemqa train --config examples/demo_train.yaml --overwrite
	$(BIN)/tandemqa evaluate build/demo/model $(DEMO_BENCHMARK) --base-model $(DEMO_MODEL) \
		--output build/demo/results.json

test: setup .venv/chromium lint types ## everything CI runs: lint, types and tests
	$(BIN)/python -m pytest --numprocesses 2

test-fast: .venv/all .venv/apertium .venv/chromium ## tests without those that train or build much
	$(BIN)/python -m pytest --numprocesses 2 -m "not slow"

test-cluster: setup .venv/java ## the same bytes from Flink and other runners, and a fault
	$(BIN)/python -m pytest tests/cluster -rs

flink-demo: .venv/base .venv/apertium .venv/java ## the demo corpus, built on a Flink cluster here
	$(BIN)/python -m tests.cluster.demo --cluster flink

lint: .venv/all ## check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/all ## check types
	$(BIN)/mypy

bench: setup ## print how fast it is, against stated baselines
	PYTHONPATH=. $(BIN)/python benchmarks/segmentation.py
	$(BIN)/python benchmarks/build.py
	$(BIN)/python benchmarks/sampler.py
	$(BIN)/python benchmarks/training.py
	$(BIN)/python -m benchmarks.quality # needs ../shared/data

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

.venv/demo: .venv/base
	$(INSTALL) '.[train,demo]'
	@touch $@

.venv/all: .venv/base
	$(INSTALL) '.[all,dev]'
	@touch $@

.venv/apertium: .venv/bin/python
	@dpkg -s $(APERTIUM) >/dev/null 2>&1 || { $(SUDO) apt-get update -qq && \
		$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(APERTIUM) >/dev/null; }
	@touch $@

.venv/chromium: .venv/bin/python
	@command -v chromium >/dev/null || { $(SUDO) apt-get update -qq && \
		$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; }
	@touch $@

.venv/java: .venv/bin/python
	@command -v java >/dev/null || { $(SUDO) apt-get update -qq && \
		$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
			openjdk-17-jre-headless >/dev/null; }
	@touch $@
