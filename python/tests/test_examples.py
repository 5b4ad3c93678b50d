"""The examples, with our package and with neural-tangents in its place."""

import sys
import warnings
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
NAMES = ["infinite_fcn", "function_space", "weight_space"]


def results(name, package, monkeypatch):
    """What an example finds if the two lines that import a package import this one."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    source = (EXAMPLES / f"{name}.py").read_text()
    ours = ("import ntkdist as nt", "from ntkdist import stax")
    for line in ours:
        assert f"\n{line}\n" in source
        source = source.replace(f"\n{line}\n", "\n" + line.replace("ntkdist", package) + "\n")
    space = {"__name__": name}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(source, name, "exec"), space)
        return space["main"]()


def flat(values, path=""):
    for key, value in values.items():
        if isinstance(value, dict):
            yield from flat(value, f"{path}{key} ")
        else:
            yield path + key, value


def test_infinite_networks_need_no_jax(kernels, monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", None)
    found = dict(flat(results("infinite_fcn", "ntkdist", monkeypatch)))
    assert found["NTK accuracy"] > 0.6


def test_training_is_that_of_the_linear_model(kernels, jax, monkeypatch):
    found = dict(flat(results("function_space", "ntkdist", monkeypatch)))
    assert found["difference"] < 0.2 * found["change"]
    found = dict(flat(results("weight_space", "ntkdist", monkeypatch)))
    assert found["difference at width 1024"] < 0.5 * found["difference at width 64"]


@pytest.mark.parametrize("name", NAMES)
def test_examples_find_the_same_with_the_peer(name, kernels, peer, monkeypatch):
    found = dict(flat(results(name, "ntkdist", monkeypatch)))
    expected = dict(flat(results(name, "neural_tangents", monkeypatch)))
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        assert found[key] == pytest.approx(value, rel=1e-5, abs=1e-7), key


def test_examples_are_all_tested():
    scripts = {path.stem for path in EXAMPLES.glob("*.py")} - {"data"}
    assert scripts == set(NAMES)
