"""The picture of `dse solve` is of what lies near the designs that keep all limits."""

from dse.cli.solve_page import _is_near

KEPT = [(4000.0, 0.97), (6000.0, 0.99)]


def test_what_computes_nothing_and_what_costs_far_more_is_outside() -> None:
    assert _is_near((5000.0, 0.965), KEPT)  # misses the accuracy by little
    assert _is_near((8000.0, 0.98), KEPT)
    assert _is_near((3000.0, 0.98), KEPT)
    assert not _is_near((5000.0, 0.2), KEPT)
    assert not _is_near((50_000.0, 0.98), KEPT)


def test_of_one_design_what_is_as_good_is_near() -> None:
    assert _is_near((5000.0, 0.97), KEPT[:1])
    assert not _is_near((5000.0, 0.96), KEPT[:1])
