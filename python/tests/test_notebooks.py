"""The example notebooks run from the first cell to the last, and are stored without outputs."""

import json
import subprocess
import sys

import pytest
from notebooks import execute
from small_jobs import ROOT, SHARED, require_program

pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")
pytest.importorskip("matplotlib")

NOTEBOOKS = sorted((ROOT / "python/examples").glob("*.ipynb"))
# These notebooks compute kernels in their own process.
WITH_LIBRARY = {"cookbook", "phase_diagram", "cifar10"}


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """A folder with some images in CIFAR-10's binary layout; None if there are none."""
    unpack = SHARED / "cifar10/unpack.py"
    if not unpack.exists():
        return None
    out = tmp_path_factory.mktemp("cifar10")
    subprocess.run([sys.executable, unpack, out, "--exact"], check=True, capture_output=True)
    return out / "cifar-10-exact-bin"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path, tmp_path, request, monkeypatch):
    require_program()
    if path.stem in WITH_LIBRARY:
        request.getfixturevalue("shared_library")
    monkeypatch.delenv("CIFAR10", raising=False)
    text = execute(path, tmp_path)
    assert "image/png" in text and '"output_type": "error"' not in text


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
