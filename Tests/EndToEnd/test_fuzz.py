"""The short form of the fuzzer; `make fuzz` is the long one."""
import pathlib

import fuzz
import pytest
from conftest import BINARY


# In parts, so that parallel workers can share them.
@pytest.mark.parametrize("part", range(5))
def test_damaged_and_absurd_files_end_with_a_status_and_a_sentence(tmp_path_factory, part):
    keep = pathlib.Path(tmp_path_factory.getbasetemp()) / f"fuzz-{part}"
    assert fuzz.fuzz(BINARY, "ci", range(100 * part, 100 * part + 100), 2, keep) == []
