"""The installed program, from the archive that `make dist` makes: NTK_DIST_ARCHIVE names it (`make test-dist`)."""
import json
import os
import pathlib
import platform
import shutil
import subprocess

import numpy as np
import pytest
import zarr
from conftest import ENVIRONMENT, PATIENCE, ROOT, chunks, write_job

ARCHIVE = os.environ.get("NTK_DIST_ARCHIVE")
pytestmark = [
    pytest.mark.skipif(not ARCHIVE, reason="NTK_DIST_ARCHIVE is not set; `make test-dist` sets it"),
    pytest.mark.skipif(platform.machine() != "x86_64", reason="levels are those of x86-64"),
]
QUICK = ["--set", "data.synthetic.train=60", "--set", "data.synthetic.test=20"]


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """Where the archive is installed."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(["tar", "-C", folder, "-xJf", ARCHIVE], check=True)
    (unpacked,) = folder.iterdir()
    result = run([unpacked / "install.sh", folder / "prefix"])
    assert result.returncode == 0 and "lacks" not in result.stderr, result.stderr
    return folder / "prefix"


def run(command, **environment):
    """Runs a command in an environment without Swift."""
    path = ":".join(part for part in ENVIRONMENT["PATH"].split(":") if "swift" not in part)
    # An emulated processor may lack what OpenBLAS is told to use here.
    kept = {name: value for name, value in ENVIRONMENT.items() if name != "OPENBLAS_CORETYPE"}
    return subprocess.run(
        list(map(str, command)), capture_output=True, text=True, timeout=PATIENCE,
        env={**kept, "PATH": path, "LD_LIBRARY_PATH": "", **environment})


def core(output):
    """The processor that the program's core was compiled for, from --version."""
    return next(line.split()[1] for line in output.splitlines() if line.startswith("core"))


def test_nothing_of_swift_is_needed(prefix):
    for file in [prefix / "bin/ntk-dist", *(prefix / "lib/ntk-dist").iterdir()]:
        libraries = run(["ldd", file]).stdout
        assert "swift" not in libraries.lower() and "not found" not in libraries
    assert {file.name for file in (prefix / "lib/ntk-dist").iterdir()} == {
        f"ntk-dist-{level}.so" for level in ("v2", "v3", "v4")}
    for part in ("share/man/man1/ntk-dist.1", "share/bash-completion/completions/ntk-dist",
                 "share/zsh/site-functions/_ntk-dist", "share/ntk-dist/jobs/quickstart.yaml",
                 "share/doc/ntk-dist/README.md", "share/ntk-dist/modulefile"):
        assert (prefix / part).stat().st_size > 0
    assert str(prefix) in (prefix / "share/ntk-dist/modulefile").read_text()


@pytest.mark.parametrize("processor, level", [("Nehalem", "v2"), ("Haswell", "v3"), ("Skylake-Server", "v3")])
def test_an_emulated_processor_runs_the_code_for_it(prefix, tmp_path, processor, level):
    """The emulator has no AVX-512, not even in the model of a processor with AVX-512."""
    emulator = shutil.which("qemu-x86_64")
    if emulator is None:
        assert not os.environ.get("CI"), "qemu-user is missing"
        pytest.skip("qemu-user is not installed")
    (tmp_path / "network.yaml").write_text(json.dumps({"network": {
        "preset": "cnn-gap", "depth": 1, "activation": "erf"}}))
    np.save(tmp_path / "x.npy", np.random.default_rng(1).standard_normal((4, 6, 6, 3)))
    program = [emulator, "-cpu", processor, prefix / "bin/ntk-dist"]
    assert core(run([*program, "--version"]).stdout) == f"x86-64-{level}"
    arguments = ["kernel", tmp_path / "network.yaml", "--rows", tmp_path / "x.npy", "--output"]
    result = run([*program, *arguments, tmp_path / "emulated"])
    assert result.returncode == 0, result.stderr
    assert run([prefix / "bin/ntk-dist", *arguments, tmp_path / "native"]).returncode == 0
    for name in ("nngp.npy", "ntk.npy"):
        emulated, native = (np.load(tmp_path / side / name) for side in ("emulated", "native"))
        assert np.allclose(emulated, native, rtol=1e-13, atol=0)
    result = run([*program, "--version"], NTK_DIST_ISA="v4")
    assert result.returncode == 69 and "ntk-dist: NTK_DIST_ISA is v4" in result.stderr, result.stderr


def test_ranks_agree_on_the_least_level(prefix, tmp_path):
    program = prefix / "bin/ntk-dist"
    path = write_job(tmp_path, output=tmp_path / "mixed")
    mixed = ["mpirun", "--oversubscribe", "-np", "1", "-x", "NTK_DIST_ISA=v2", program, "run", path, ":",
             "-np", "2", program, "run", path]
    result = run(mixed)
    assert result.returncode == 0, result.stderr
    assert json.loads((tmp_path / "mixed/environment.json").read_text())["march"] == "x86-64-v2"
    path = write_job(tmp_path, output=tmp_path / "alone")
    assert run([program, "run", path], NTK_DIST_ISA="v2").returncode == 0
    assert chunks(tmp_path / "alone") == chunks(tmp_path / "mixed")
    result = run([program, "run", path, "--resume"], NTK_DIST_ISA="v3")
    assert result.returncode == 78 and "NTK_DIST_ISA" in result.stderr, result.stderr
    # Commands without MPI also succeed under mpirun.
    result = run(["mpirun", "--oversubscribe", "-np", "2", program, "status", tmp_path / "alone"])
    assert result.returncode == 0, result.stderr


def test_a_level_that_does_not_exist_is_refused(prefix):
    result = run([prefix / "bin/ntk-dist", "--version"], NTK_DIST_ISA="v9")
    assert result.returncode == 64 and "one of v2 to v4" in result.stderr


def test_the_highest_level_of_this_processor_is_used(prefix):
    flags = pathlib.Path("/proc/cpuinfo").read_text()
    level = "v4" if "avx512vl" in flags else "v3" if "avx2" in flags else "v2"
    output = run([prefix / "bin/ntk-dist", "--version"]).stdout
    assert core(output) == f"x86-64-{level}"
    assert {"v2": "Nehalem", "v3": "Haswell", "v4": "SkylakeX"}[level] in output


def test_a_rank_that_cannot_load_the_program_ends_all_with_one_sentence(prefix, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(prefix, broken)
    (broken / "lib/ntk-dist/ntk-dist-v2.so").write_bytes(b"no library")
    path = write_job(tmp_path)
    result = run(["mpirun", "--oversubscribe", "-np", "2", prefix / "bin/ntk-dist", "run", path, ":",
                  "-np", "1", broken / "bin/ntk-dist", "run", path], NTK_DIST_ISA="v2")
    lines = [line for line in result.stderr.splitlines() if line.startswith("ntk-dist:")]
    assert result.returncode == 69 and len(lines) == 1 and "cannot be loaded on" in lines[0], result.stderr
    assert not (tmp_path / "run").exists()


def test_it_is_installed_again_over_a_link(prefix, tmp_path):
    (unpacked,) = (path for path in prefix.parent.iterdir() if path.name != "prefix")
    target = tmp_path / "pre fix&"
    (target / "bin").mkdir(parents=True)
    (tmp_path / "other").write_text("not to be touched")
    (target / "bin/ntk-dist").symlink_to(tmp_path / "other")
    for _ in range(2):
        result = run([unpacked / "install.sh", target])
        assert result.returncode == 0 and not result.stderr, result.stderr
    assert (tmp_path / "other").read_text() == "not to be touched"
    assert f"set prefix {{{target}}}" in (target / "share/ntk-dist/modulefile").read_text()
    assert sorted(path.name for path in target.iterdir()) == ["bin", "lib", "share"]


def test_a_prefix_that_cannot_be_written_is_refused(prefix):
    (unpacked,) = (path for path in prefix.parent.iterdir() if path.name != "prefix")
    result = run([unpacked / "install.sh", "/dev/null/here"])
    assert result.returncode == 73 and "cannot be written" in result.stderr


def test_a_fresh_debian_without_swift_runs_the_quick_start(tmp_path):
    """A root file system without the libraries: apt installs them with the package."""
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        assert not os.environ.get("CI"), "root or debootstrap is missing"
        pytest.skip("needs root and debootstrap")
    root = tmp_path / "root"
    made = subprocess.run(
        ["debootstrap", "--variant=minbase", "--include=xz-utils,ca-certificates", "bookworm", root,
         os.environ.get("NTK_DEBIAN_MIRROR", "http://deb.debian.org/debian")], capture_output=True, text=True)
    if made.returncode != 0:
        pytest.skip(f"debootstrap found no package mirror: {made.stdout[-200:]}")
    shutil.copy(ARCHIVE, root / "tmp/archive.tar.xz")
    shutil.copy(os.environ["NTK_DIST_DEB"], root / "tmp/package.deb")
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    script = """
        set -e
        mount --bind /proc {root}/proc && mount --bind /dev {root}/dev && mount -t tmpfs none {root}/dev/shm
        chroot {root} bash -ec '
            cd /tmp && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ./package.deb
            ntk-dist --version
            tar -xJf archive.tar.xz && ntk-dist-*/install.sh /opt/ntk-dist
            cd /opt/ntk-dist
            mpirun --oversubscribe -np 2 bin/ntk-dist run share/ntk-dist/jobs/quickstart.yaml {options}'
    """.format(root=root, options=" ".join(QUICK + ["--set", "output=/tmp/run"]))
    result = subprocess.run(
        ["unshare", "-m", "bash", "-c", script], capture_output=True, text=True, timeout=2 * PATIENCE,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "OMPI_ALLOW_RUN_AS_ROOT": "1",
             "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "HOME": "/root", "OPENBLAS_NUM_THREADS": "1"})
    assert result.returncode == 0, result.stderr[-2000:]
    assert "test accuracy" in result.stdout and "lacks" not in result.stderr
    group = zarr.open_group(root / "tmp/run/kernels.zarr", mode="r")
    assert np.isfinite(np.diag(group["ntk_train"][:])).all()


def test_the_archive_says_its_version(prefix):
    version = pathlib.Path(ARCHIVE).name.split("-")[2]
    assert run([prefix / "bin/ntk-dist", "--version"]).stdout.startswith(f"ntk-dist {version}, revision ")
    assert f'let version = "{version}"' in (ROOT / "Package.swift").read_text()
