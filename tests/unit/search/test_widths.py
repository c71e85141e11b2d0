"""Axes of bits are known by their names and numbers."""

from dse.search.widths import widths_of
from dse.study.space import Space
from dse.study.validate import parse_study


def test_axes_of_bits_are_told_by_name_and_the_way_their_numbers_go():
    text = (
        "workload: {name: w}\nbackends: [b]\nspace:\n"
        "  total_bits: [4, 8]\n  integer_bits: [1, 2]\n  reuse_factor: [1, 2]\n"
        "  layers.a.weight_bits: [8, 6, 4]\n  layers.b.bits: [4, 8, 6]\n"
    )
    space = Space(parse_study(text))
    found = dict(zip([a.names[0] for a in space.axes], widths_of(space.axes), strict=True))
    assert found == {
        "total_bits": 1,
        "integer_bits": 0,
        "reuse_factor": 0,
        "layers.a.weight_bits": -1,
        "layers.b.bits": 0,
    }
    assert not widths_of(space.axes[:3]).any()  # one width alone is a curve
