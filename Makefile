# Needs Rust, Python 3.10 or newer and make. Everything else is set up below: .venv, .cache and target.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# The last line of a word is the last line of its last step.
.NOTPARALLEL:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
VENV := $(CURDIR)/.venv
BIN := $(VENV)/bin
CACHE ?= $(CURDIR)/.cache
CARGO_DENY_VERSION := 0.20.2
CARGO_DENY := $(CACHE)/cargo-deny-$(CARGO_DENY_VERSION)/bin/cargo-deny
CARGO_FUZZ_VERSION := 0.13.2
CARGO_FUZZ := $(CACHE)/cargo-fuzz-$(CARGO_FUZZ_VERSION)/bin/cargo-fuzz

TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))

# pyo3's build script runs anew whenever one of these differs from the last run, and compiles pyo3 and all above it. They
# are what maturin sets, so that no word of this file does that to the next one; maturin's PYO3_CONFIG_FILE is below.
export VIRTUAL_ENV := $(VENV)
export PYO3_PYTHON := $(BIN)/python
export PYO3_BUILD_EXTENSION_MODULE := 1
unexport PYO3_CONFIG_FILE
unexport CONDA_PREFIX
# The version of pip is that of the venv; a note about a newer one is noise.
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo test soak bench bench-check bench-baseline bench-scale bench-network bench-report fuzz lint audit free-threaded clean test-rust test-python extension lock

help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 20

demo: ## the main job, narrated, on an emulator: nothing but this machine is needed (ARGS="--keep")
	cargo build --locked -p descope-projects-cli
	@cargo run --quiet --locked -p descope-projects-cli -- demo $(ARGS)

test: test-rust test-python ## every test, Rust and Python

test-rust: $(VENV)/.python
	if cargo nextest --version >/dev/null 2>&1; then \
	  cargo nextest run --locked && cargo test --locked --doc; \
	else \
	  cargo test --locked; \
	fi

test-python: extension ## the Python tests (ARGS="-k clone")
	$(BIN)/python -m pytest $(ARGS)

soak: extension ## processes at full size: ends with calls in flight, memory, interruptions (half an hour)
	$(BIN)/python tests/soak_exits.py
	$(BIN)/python tests/soak_memory.py
	$(BIN)/python tests/soak_interruptions.py

extension: $(VENV)/.test ## the extension module, in the dev profile
	$(BIN)/maturin develop

lint: extension $(VENV)/.lint $(CARGO_DENY) ## formatting, lints, types, stubs, licences
	cargo fmt --all --check
	version=$$($(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
	PYO3_CONFIG_FILE=$$(ls $(TARGET)/maturin/pyo3-config-*-"$$version"-abi3.txt) \
	  cargo clippy --locked --workspace --all-targets -- -D warnings
	PYO3_CONFIG_FILE=$(CURDIR)/.ci/pyo3-3.14t.txt \
	  cargo check --locked -p descope-projects-python --no-default-features
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest descope_projects._native --allowlist .ci/stubtest-allowlist.txt
	$(CARGO_DENY) --locked check --hide-inclusion-graph licenses bans sources

audit: $(VENV)/.audit $(CARGO_DENY) ## known vulnerabilities; says NOT CHECKED where a database cannot be reached
	$(BIN)/python .ci/audit.py $(CARGO_DENY) $(BIN)/pip-audit

bench: $(VENV)/.test $(VENV)/.bench ## figures beside the peers, release build; needs nginx and wrk (ARGS="--only export")
	$(BIN)/maturin develop --release
	cargo build --locked --release -p descope-projects-benches
	$(BIN)/python benches/run.py --programs $(TARGET)/release \
	  --json $(TARGET)/bench/results.json --chart $(TARGET)/bench/peers.svg $(ARGS)

bench-check: $(VENV)/.python ## instructions of the hot paths, against the baseline; needs valgrind
	cargo build --locked --release -p descope-projects-benches
	$(BIN)/python benches/instructions.py --programs $(TARGET)/release $(ARGS)

bench-baseline: ## make the instructions of today the baseline
	@$(MAKE) --no-print-directory bench-check ARGS=--write

bench-scale: $(VENV)/.test $(VENV)/.bench ## how cost grows, as curves (ARGS="--free-threaded-python python3.14t")
	$(BIN)/maturin develop --release
	$(BIN)/python benches/scale.py --json $(TARGET)/bench/scale.json --charts $(TARGET)/bench $(ARGS)

bench-network: $(VENV)/.test $(VENV)/.bench ## round trips of calls over a long wire that loses packets; needs root
	$(BIN)/maturin develop --release
	$(BIN)/python benches/network.py --json $(TARGET)/bench/network.json $(ARGS)

bench-report: $(VENV)/.test ## docs/performance.md from what the three above measured last
	$(BIN)/python benches/report.py $(TARGET)/bench/results.json \
	  --scale $(TARGET)/bench/scale.json --network $(TARGET)/bench/network.json $(ARGS)

free-threaded: $(VENV)/.test ## the wheel for a free-threaded CPython, in dist (PYTHON=python3.14t)
	env -u PYO3_PYTHON $(BIN)/maturin build --release --no-default-features --interpreter $(PYTHON) --out dist

fuzz: $(CARGO_FUZZ) ## hostile input, new in every run (ARGS="json paths", EACH=3600 seconds a target, ARGS=--minimise)
	PATH="$(dir $(CARGO_FUZZ)):$$PATH" .ci/fuzz $(ARGS)

clean: ## remove everything that was set up or built here
	cargo clean
	rm -rf fuzz/target
	rm -rf $(VENV) $(CURDIR)/.cache $(CURDIR)/dist
	rm -f python/descope_projects/_native*.so

lock: ## resolve requirements/*.in anew (needs uv)
	for name in test lint audit bench; do \
	  uv pip compile --quiet --upgrade --universal --python-version 3.10 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	    requirements/$$name.in --output-file requirements/$$name.txt; \
	done

$(VENV)/.python:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.10 or newer is needed: make PYTHON=python3.12" if sys.version_info < (3, 10) else 0)'
	$(PYTHON) -m venv $(VENV)
	touch $@

# A stamp is a copy of the lock file that was installed: a checkout that only touches the file installs nothing.
$(VENV)/.%: requirements/%.txt | $(VENV)/.python
	cmp --silent $< $@ || $(BIN)/pip install --quiet --require-hashes -r $<
	cp $< $@

$(VENV)/.lint $(VENV)/.audit $(VENV)/.bench: | $(VENV)/.test
$(VENV)/.audit: | $(VENV)/.lint

$(CARGO_DENY):
	cargo install cargo-deny --version =$(CARGO_DENY_VERSION) --locked --root $(CACHE)/cargo-deny-$(CARGO_DENY_VERSION)

$(CARGO_FUZZ):
	cargo install cargo-fuzz --version =$(CARGO_FUZZ_VERSION) --locked --root $(CACHE)/cargo-fuzz-$(CARGO_FUZZ_VERSION)
