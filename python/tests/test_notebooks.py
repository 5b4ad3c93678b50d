"""The example notebooks run from their first cell to their last, and are kept without outputs."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest
from small_jobs import ROOT, SHARED, require_program

nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("ipykernel")
pytest.importorskip("matplotlib")

NOTEBOOKS = sorted((ROOT / "python/examples").glob("*.ipynb"))
# Those that compute kernels in their own process.
WITH_LIBRARY = {"cookbook", "phase_diagram", "cifar10"}


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """A folder with some images in the layout of CIFAR-10's binary version; None without them."""
    unpack = SHARED / "cifar10/unpack.py"
    if not unpack.exists():
        return None
    out = tmp_path_factory.mktemp("cifar10")
    subprocess.run([sys.executable, unpack, out, "--exact"], check=True, capture_output=True)
    return out / "cifar-10-exact-bin"


def execute(path, folder, **variables):
    """Runs a notebook in a folder; its outputs as one text."""
    notebook = nbformat.read(path, as_version=4)
    before = dict(os.environ)
    source = pathlib.Path(ROOT / "python/src")
    os.environ.update(
        PYTHONPATH=str(source), MPLBACKEND="module://matplotlib_inline.backend_inline", **variables
    )
    try:
        nbclient.NotebookClient(
            notebook,
            timeout=1200,
            kernel_name="python3",
            resources={"metadata": {"path": str(folder)}},
        ).execute()
    finally:
        os.environ.clear()
        os.environ.update(before)
    return json.dumps(notebook)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path, tmp_path, request, monkeypatch):
    require_program()
    if path.stem in WITH_LIBRARY:
        request.getfixturevalue("shared_library")
    monkeypatch.delenv("CIFAR10", raising=False)
    if path.stem == "slurm":
        # Without a cluster; test_jobs_slurm.py submits jobs to one.
        paths = os.environ["PATH"].split(os.pathsep)
        monkeypatch.setenv("PATH", os.pathsep.join(without(paths, "sbatch", tmp_path / "bin")))
    text = execute(path, tmp_path)
    assert "image/png" in text and '"output_type": "error"' not in text
    if path.stem == "slurm":
        assert "no SLURM here" in text


def test_cifar10_itself(images, tmp_path, shared_library):
    require_program()
    if images is None:
        pytest.skip("there are no CIFAR-10 images here")
    text = execute(ROOT / "python/examples/cifar10.ipynb", tmp_path, CIFAR10=str(images))
    assert "CIFAR-10 (6187, 32, 32, 3)" in text


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_kept_without_outputs(path):
    cells = json.loads(path.read_text())["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert code and all(not cell["outputs"] for cell in code)
    assert all(cell["execution_count"] is None for cell in code)


def test_the_pages_of_the_docs_are_those_of_the_notebooks():
    subprocess.run([sys.executable, ROOT / "scripts/notebook_pages.py", "--check"], check=True)


def without(paths, program, folder):
    """The paths with one program hidden: folders that have it are links to all else in them."""
    kept = []
    for number, path in enumerate(paths):
        if not (pathlib.Path(path) / program).exists():
            kept.append(path)
            continue
        copy = folder / str(number)
        copy.mkdir(parents=True)
        for entry in pathlib.Path(path).iterdir():
            if entry.name != program:
                (copy / entry.name).symlink_to(entry)
        kept.append(str(copy))
    assert not any(shutil.which(program, path=path) for path in kept)
    return kept
