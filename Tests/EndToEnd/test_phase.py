"""Mean-field theory from the command line."""
import csv
import io
import json
import shutil
import xml.etree.ElementTree as ElementTree

import pytest
from conftest import ntk_dist, succeed


def phase(*arguments):
    return succeed("phase", *arguments).stdout


@pytest.mark.parametrize("arguments, expected", [
    (["erf", 2.5, 0.05], {"q_star": 1.352681, "c_star": 0.273536, "chi_1": 1.257177, "chi_c_star": 0.876714,
                          "critical_weight_variance": 1.375839, "phase": "chaotic"}),
    (["erf", 1.25, 0.05], {"q_star": 0.435166, "c_star": 1, "chi_1": 0.961374, "phase": "ordered",
                           "xi_star": None}),
    (["relu", 2, 0.0], {"chi_1": 1, "phase": "critical", "xi_1": None, "critical_weight_variance": 2}),
    (["tanh", 1.5, 0.05], {"critical_weight_variance": 1.76095, "phase": "ordered"}),
])
def test_published_values(arguments, expected):
    activation, weight, bias = arguments
    found = json.loads(phase("--activation", activation, "--weight-variance", weight, "--bias-variance",
                             bias, "--format", "json"))
    for key, value in expected.items():
        if isinstance(value, float):
            assert found[key] == pytest.approx(value, abs=6e-6), key
        else:
            assert found[key] == value, key
    assert found["weight_variance"] == weight and found["activation"] == activation
    text = phase("--activation", activation, "--weight-variance", weight, "--bias-variance", bias)
    assert "q_star" in text and found["phase"] in text


def test_a_phase_diagram(tmp_path):
    table = list(csv.DictReader(io.StringIO(phase(
        "--activation", "erf", "--grid", "--weight-variance", "0.5:3:6", "--bias-variance", "0:0.2:3",
        "--format", "csv"))))
    assert len(table) == 18
    assert [float(row["weight_variance"]) for row in table[:6]] == pytest.approx([0.5, 1, 1.5, 2, 2.5, 3])
    for row in table:
        critical = float(row["critical_weight_variance"])
        expected = "ordered" if float(row["weight_variance"]) < critical else "chaotic"
        assert row["phase"] == expected
    assert len(phase("--activation", "relu", "--grid").splitlines()) == 1 + 16 * 11


@pytest.mark.skipif(shutil.which("gnuplot") is None, reason="gnuplot is not installed")
def test_a_phase_diagram_as_a_picture(tmp_path):
    phase("--activation", "tanh", "--grid", "--weight-variance", "0.5:3:6", "--bias-variance", "0:0.05:3",
          "--picture", tmp_path / "diagram")
    picture = ElementTree.parse(tmp_path / "diagram/phase-diagram.svg").getroot()
    words = " ".join(picture.itertext())
    assert all(word in words for word in ("ordered", "chaotic", "weight variance", "bias variance"))
    line = [row.split("\t") for row in (tmp_path / "diagram/phase-diagram.tsv").read_text().splitlines()
            if row and row[0] != "#"]
    # The critical line ends where the grid does, at tanh's published critical weight variance there.
    assert any(abs(float(row[0]) - 1.76095) < 1e-5 and abs(float(row[1]) - 0.05) < 1e-12 for row in line)
    assert (tmp_path / "diagram/phase-diagram.gp").exists()


@pytest.mark.parametrize("arguments, words", [
    (["--activation", "swosh"], ["swosh", "erf", "tanh"]),
    (["--activation", "erf", "--weight-variance", "-1"], ["--weight-variance"]),
    (["--activation", "erf", "--weight-variance", "0"], ["--weight-variance"]),
    (["--activation", "erf", "--weight-variance", "1:2:1"], ["--weight-variance"]),
    (["--activation", "erf", "--bias-variance", "nan"], ["--bias-variance"]),
    (["--activation", "erf", "--picture", "here"], ["--picture", "--grid"]),
])
def test_what_has_no_theory_is_said(arguments, words):
    result = ntk_dist("phase", *arguments)
    assert result.returncode == 64
    assert all(word in result.stderr for word in words), result.stderr
