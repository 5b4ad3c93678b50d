# make demo        the whole pipeline on synthetic images, or with CIFAR10=/path/to/cifar-10-batches-bin on CIFAR-10
# make test        every test, including those under mpirun
# make test-elpa   the eigensolvers in a build with the package trait ELPA (libelpa-dev)
# make test-python the Python package: style, types, and tests with the library
# make test-finite finite networks compared with neural-tangents and PyTorch, every layer by Monte Carlo; slow
# make fuzz        10,000 damaged or absurd files; FUZZ='--seed S --case K' repeats one
# make test-restarts  10,000 processes that are killed or cut off while they pack tiles into shards
# make test-agreement  every collective step fails once on every rank; slow
# make test-random-networks  2,000 random networks compared with the reference recursion; slow
# make dist        an archive with the program for machines without Swift
# make install PREFIX=FOLDER  installs this archive in FOLDER
# make library     libntkdist for this machine with its header, in .build-library
# make wheel       the Python package with the library for every level of instruction sets
# make deb         a Debian package of the archive
# make test-dist   the tests of the archive (all of them need root, debootstrap and qemu-user)
# make test-mpich  the program built with MPICH in place of Open MPI
# make chaos       a run on several hosts that is disturbed 25 times (needs root and ../shared)
# make build       the program, .build/release/ntk-dist
# make bench       the speed of the recursion core and of the assembly, one JSON line per case
# make notebooks   runs the example notebooks and writes their pages in docs/examples
# make lint        formatting and style of Swift, Python and shell
# make reference   docs/reference/job-keys.md, which `ntk-dist help job` prints
# make docs        the documentation site, .build-docs/site/index.html, with its links checked

SHELL := /bin/bash
SWIFT := swift
SWIFTFLAGS := -c release
BINARY := .build/release/ntk-dist
CORES := $(shell nproc)
CIFAR10 ?=
DEMO_RUN := runs/demo

# Open MPI refuses to run as root or with more ranks than cores unless told otherwise. Elsewhere these are harmless.
export OMPI_ALLOW_RUN_AS_ROOT := 1
export OMPI_ALLOW_RUN_AS_ROOT_CONFIRM := 1
export OMPI_MCA_mpi_yield_when_idle := 1
export OMPI_MCA_rmaps_base_oversubscribe := 1
export OPENBLAS_NUM_THREADS := 1

.PHONY: build build-tests demo test test-elpa test-agreement test-restarts test-random-networks test-dist \
  test-mpich test-python dist deb wheel library install build-mpich \
  chaos fuzz bench lint \
  reference docs notebooks system-packages clean

build: system-packages
	$(SWIFT) build $(SWIFTFLAGS) --product ntk-dist

system-packages:
	@scripts/install-system-packages

demo: build
	@scripts/demo "$(BINARY)" "$(DEMO_RUN)" "$(CORES)" "$(CIFAR10)"

# Each part of the tests prints its time at its end.
TIMED := Tests/Scripts/timed

build-tests: system-packages
	$(TIMED) "build" $(SWIFT) build $(SWIFTFLAGS) --build-tests

test: build-tests
	SWIFT="$(SWIFT)" SWIFTFLAGS="$(SWIFTFLAGS)" Tests/Scripts/all-tests .build/release

# The trait ELPA changes only one C file. That file is compiled with the trait, and the programs are linked with its
# object file.
ELPA_BUILD := .build-elpa/release

test-elpa: build-tests
	@scripts/install-system-packages libelpa-dev
	$(TIMED) "ELPA build" $(SWIFT) build $(SWIFTFLAGS) --traits ELPA --scratch-path .build-elpa \
	  --target DistributedAlgebra
	Tests/Scripts/link-variant .build/release $(ELPA_BUILD) CELPA \
	  "$$(scripts/mpi-libraries) $$(pkg-config --libs elpa)" ntk-dist RankChecks
	$(TIMED) "ELPA rank checks" Tests/Scripts/rank-checks $(ELPA_BUILD)/RankChecks eigen
	NTK_DIST_TRAITS=ELPA $(TIMED) "ELPA end-to-end tests" \
	  Tests/Scripts/end-to-end $(ELPA_BUILD)/ntk-dist Tests/EndToEnd/test_spectrum.py

# The installed program: .build-dist/ntk-dist-VERSION-linux-ARCH.tar.xz, and the Debian package of it.
DIST := .build-dist
MPI := $(or $(NTK_DIST_MPI),openmpi)
DIST_SOURCES := $(shell find Sources CShims packaging docs jobs hostfiles scripts -type f) Package.swift

$(DIST)/made-$(MPI): $(DIST_SOURCES)
	@scripts/install-system-packages
	SWIFT="$(SWIFT)" scripts/dist $(DIST)
	@rm -f $(DIST)/made-*
	@touch $@

$(DIST)/made-deb-$(MPI): $(DIST)/made-$(MPI)
	scripts/deb $(DIST)/*.tar.xz $(DIST)
	@touch $@

dist: $(DIST)/made-$(MPI)

deb: $(DIST)/made-deb-$(MPI)

# The Python package, which contains the libraries of all levels and OpenBLAS.
PYTHON_PACKAGE := python

$(DIST)/made-wheel-$(MPI): $(DIST)/made-$(MPI) $(shell find $(PYTHON_PACKAGE) -type f 2>/dev/null)
	scripts/wheel $(PYTHON_PACKAGE) $(DIST)/library $(DIST)
	@touch $@

wheel: $(DIST)/made-wheel-$(MPI)

# The library for this machine.
LIBRARY := .build-library

library: system-packages
	$(SWIFT) build $(SWIFTFLAGS) --product ntkdist-objects
	scripts/link-library .build/release $(LIBRARY)/lib/libntkdist.so
	install -D -m 644 -t $(LIBRARY)/include CShims/NTKDistLibrary/include/ntkdist.h

install:
	@test -n "$(PREFIX)" || { echo "usage: make install PREFIX=FOLDER" >&2; exit 64; }
	$(MAKE) dist
	$(DIST)/ntk-dist-*/install.sh "$(PREFIX)"

test-dist: deb wheel
	NTK_DIST_ARCHIVE="$$(realpath $(DIST)/*.tar.xz)" NTK_DIST_DEB="$$(realpath $(DIST)/*.deb)" \
	NTK_DIST_WHEEL="$$(realpath $(DIST)/*.whl)" \
	  $(TIMED) "tests of the installed program" \
	  Tests/Scripts/end-to-end $(BINARY) Tests/EndToEnd/test_dist.py Tests/EndToEnd/test_wheel.py

# The rank checks and the program with MPICH in place of Open MPI (libmpich-dev, libscalapack-mpich-dev). Only modules
# in C depend on the MPI, so the program is linked from existing objects, and the core is not compiled again.
MPICH_BUILD := .build-mpich/release

build-mpich: build-tests
	NTK_DIST_MPI=mpich scripts/install-system-packages
	NTK_DIST_MPI=mpich $(SWIFT) build $(SWIFTFLAGS) --scratch-path .build-mpich --product RankChecks
	Tests/Scripts/link-variant .build/release $(MPICH_BUILD) "CMPI CScaLAPACK CELPA" \
	  "$$(NTK_DIST_MPI=mpich scripts/mpi-libraries)" ntk-dist

test-mpich: build-mpich
	@# Ranks of MPICH do not give way to others on the same core.
	NTK_MPIRUN=mpirun.mpich NTK_RANKS="1 2" $(TIMED) "MPICH rank checks" \
	  Tests/Scripts/rank-checks $(MPICH_BUILD)/RankChecks
	NTK_DIST_MPICH="$$(realpath $(MPICH_BUILD)/ntk-dist)" $(TIMED) "MPICH end-to-end tests" \
	  Tests/Scripts/end-to-end $(BINARY) Tests/EndToEnd/test_launchers.py

.PHONY: test-python
test-python: build library
	$(TIMED) "tests of the Python package" Tests/Scripts/python-package

# JAX compiles many small programs that run only briefly, so it compiles them without optimization.
.PHONY: test-finite
test-finite: build library
	cd $(PYTHON_PACKAGE) && PYTHONPATH=src NTK_EXHAUSTIVE=1 NTK_DIST_LIBRARY=$(abspath $(LIBRARY)/lib/libntkdist.so) \
	  XLA_FLAGS=--xla_backend_optimization_level=0 \
	  ../$(TIMED) "tests of finite networks" "$$(../scripts/python-environment --peer --torch)" -m pytest -q -n 2 -p no:cacheprovider \
	  tests/test_finite.py tests/test_finite_only.py tests/test_derivatives.py tests/test_monte_carlo.py \
	  tests/test_jacobians*.py \
	  tests/test_peer_empirical.py tests/test_peer_finite.py

chaos: build
	PYTHONPATH=Tests/EndToEnd "$$(scripts/python-environment)" Tests/EndToEnd/chaos.py

test-agreement: build
	NTK_EXHAUSTIVE=1 Tests/Scripts/end-to-end $(BINARY) Tests/EndToEnd/test_agreement.py

test-restarts: build-tests
	NTK_RESTARTS=10000 $(SWIFT) test $(SWIFTFLAGS) --skip-build --quiet --filter ShardRestartTests

test-random-networks: build
	NTK_EXHAUSTIVE=1 Tests/Scripts/end-to-end $(BINARY) Tests/EndToEnd/test_random_networks.py

fuzz: build
	"$$(scripts/python-environment)" Tests/EndToEnd/fuzz.py $(BINARY) $(FUZZ)

bench: system-packages
	$(SWIFT) build $(SWIFTFLAGS) --product ntk-bench
	$(SWIFT) build $(SWIFTFLAGS) --product ntk-dist
	.build/release/ntk-bench core pixels attention pack
	mpirun --oversubscribe -np $(CORES) .build/release/ntk-bench block
	mpirun --oversubscribe -np $(CORES) .build/release/ntk-bench squares
	mpirun --oversubscribe -np $(CORES) .build/release/ntk-bench features
	mpirun --oversubscribe -np $(CORES) .build/release/ntk-bench reduction
	Benchmarks/pipeline $(BINARY)

lint:
	$(SWIFT) format lint --strict --parallel --recursive Package.swift Sources Tests Benchmarks
	Tests/Scripts/lint

docs:
	@scripts/docs

clean:
	rm -rf .build .build-elpa .build-python .build-docs .build-dist .build-dist-* .build-mpich .build-library .build-wheel runs

# Uses the library in the folder where it is built, and the same ranks as the tests.
notebooks: build library
	PYTHONPATH=$(abspath python/src) NTK_DIST=$(abspath $(BINARY)) \
	  NTK_DIST_LIBRARY=$(abspath .build-library/lib/libntkdist.so) \
	  "$$(scripts/python-environment)" scripts/notebook_pages.py

reference: build
	$(BINARY) help job > docs/reference/job-keys.md
