# make demo        the whole pipeline on synthetic images (CIFAR10=/path/to/cifar-10-batches-bin: those)
# make test        every test, the ones under mpirun included
# make test-elpa   the eigensolvers in a build with the package trait ELPA (libelpa-dev)
# make chaos       a run on several hosts hit 25 times (root, ../shared); about ten minutes
# make build       the program, .build/release/ntk-dist
# make bench       the speed of the recursion core and of the assembly, one JSON line a case
# make lint        swift format lint --strict
# make docs        the documentation site, .build-docs/site/index.html, with its links checked

SHELL := /bin/bash
SWIFT := swift
SWIFTFLAGS := -c release
BINARY := .build/release/ntk-dist
CORES := $(shell nproc)
CIFAR10 ?=
DEMO_RUN := runs/demo

# Open MPI refuses root and more ranks than cores unless told otherwise; harmless elsewhere.
export OMPI_ALLOW_RUN_AS_ROOT := 1
export OMPI_ALLOW_RUN_AS_ROOT_CONFIRM := 1
export OMPI_MCA_mpi_yield_when_idle := 1
export OMPI_MCA_rmaps_base_oversubscribe := 1
export OPENBLAS_NUM_THREADS := 1

.PHONY: build demo test test-elpa chaos bench lint docs system-packages clean

build: system-packages
	$(SWIFT) build $(SWIFTFLAGS) --product ntk-dist

system-packages:
	@scripts/install-system-packages

demo: build
	@scripts/demo "$(BINARY)" "$(DEMO_RUN)" "$(CORES)" "$(CIFAR10)"

test: system-packages
	$(SWIFT) build $(SWIFTFLAGS) --build-tests
	NTK_PYTHON="$$(scripts/python-environment || true)" $(SWIFT) test $(SWIFTFLAGS) --skip-build --quiet
	Tests/Scripts/rank-checks .build/release/RankChecks
	Tests/Scripts/width-checks .build/release/WidthChecks
	Tests/Scripts/end-to-end $(BINARY)

test-elpa: SWIFTFLAGS += --traits ELPA --scratch-path .build-elpa
test-elpa:
	@scripts/install-system-packages libelpa-dev
	$(SWIFT) build $(SWIFTFLAGS) --product ntk-dist
	$(SWIFT) build $(SWIFTFLAGS) --product RankChecks
	Tests/Scripts/rank-checks .build-elpa/release/RankChecks eigen
	NTK_DIST_TRAITS=ELPA Tests/Scripts/end-to-end .build-elpa/release/ntk-dist Tests/EndToEnd/test_spectrum.py

chaos: build
	PYTHONPATH=Tests/EndToEnd "$$(scripts/python-environment)" Tests/EndToEnd/chaos.py

bench: system-packages
	$(SWIFT) build $(SWIFTFLAGS) --product ntk-bench
	$(SWIFT) build $(SWIFTFLAGS) --product ntk-dist
	.build/release/ntk-bench core pixels
	mpirun --oversubscribe -np $(CORES) .build/release/ntk-bench block
	mpirun --oversubscribe -np $(CORES) .build/release/ntk-bench squares
	Benchmarks/pipeline $(BINARY)

lint:
	$(SWIFT) format lint --strict --recursive Package.swift Sources Tests Benchmarks

docs:
	@scripts/docs

clean:
	rm -rf .build .build-elpa .build-python .build-docs runs
