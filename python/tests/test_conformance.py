"""The package gives the same bits as the program in the conformance cases.

With NTK_EXHAUSTIVE=1, all of them; else every third one, without activations whose tables take
seconds.
"""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from program import ROOT, kernels

from ntkdist import stax

CONFORMANCE = Path(os.environ.get("NTK_CONFORMANCE", ROOT.parent / "shared" / "conformance"))
CASES = sorted((CONFORMANCE / "cases").glob("*.json"))
SLOW = ("hard_tanh", "formula4", "chaotic", "_elu", "selu")
if not os.environ.get("NTK_EXHAUSTIVE"):
    CASES = [case for case in CASES if not any(word in case.stem for word in SLOW)][::3]

pytestmark = [
    pytest.mark.usefixtures("shared_library", "reference_program"),
    pytest.mark.skipif(not CASES, reason="there are no conformance cases"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_cases_have_the_bits_of_the_program(case):
    spec = json.loads(case.read_text())
    rows, columns = (np.load(CONFORMANCE / "inputs" / spec[key]) for key in ("rows", "columns"))
    text = json.dumps({"network": spec["network"]})
    kernel_fn = stax.from_yaml(text).kernel_fn
    for second in (None, columns):
        found, expected = kernel_fn(rows, second, ("nngp", "ntk")), kernels(text, rows, second)
        for name in ("nngp", "ntk"):
            assert np.array_equal(getattr(found, name), expected[name]), name
