"""The short form of the chaos test; `make chaos` is the long one."""
import chaos
import pytest


def test_a_run_that_is_hit_again_and_again_ends_as_an_undisturbed_one():
    reason = chaos.missing()
    if reason:
        pytest.skip(reason)
    report = chaos.play(hits=7, seed=3, images=112)
    assert set(report["kinds"]) == set(chaos.Chaos.KINDS)
