"""The cache of recent values."""

import pytest

from ntkdist._cache import Recent


def test_the_last_ones_used_are_kept():
    made = []
    recent = Recent(2)

    def get(key):
        return recent.get(key, lambda: made.append(key) or key.upper())

    assert [get(key) for key in "abaca"] == list("ABACA")
    assert made == ["a", "b", "c"]
    assert get("b") == "B" and made[-1] == "b"
    assert len(recent) == 2


def test_failures_are_not_kept():
    recent = Recent(2)
    with pytest.raises(ZeroDivisionError):
        recent.get(1, lambda: 1 / 0)
    assert recent.get(1, lambda: "made") == "made"
