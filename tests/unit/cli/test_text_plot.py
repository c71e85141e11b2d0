"""The curve in the terminal: where it begins and ends, how high it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.cli.text_plot import area

EIGHTHS = " ▁▂▃▄▅▆▇█"


def heights(lines):
    """Eighths of a line in every column, read off the drawing."""
    rows = [line.partition("┤")[2] for line in lines[:-2]]
    width = len(lines[-2].partition("└")[2])
    padded = [row.ljust(width) for row in rows]
    return [sum(EIGHTHS.index(row[column]) for row in padded) for column in range(width)]


def test_a_drawing():
    assert area([0, 0.25, 1], top=1, width=6, height=2) == [
        "  1.00 ┤    ██",
        "  0.50 ┤  ▄▄██",
        "     0 └──────",
        "        1    3",
    ]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=300), st.integers(1, 80), st.integers(1, 9))
def test_columns_are_as_high_as_values(values, width, height):
    rising = sorted(values)
    lines = area(rising, top=1, width=width, height=height)
    found = heights(lines)
    assert len(lines) == height + 2
    assert len(found) <= width
    assert found == sorted(found)
    assert found[-1] == max(round(rising[-1] * height * 8), rising[-1] > 0)
    limits = {max(round(value * height * 8), value > 0) for value in rising}
    assert set(found) <= limits
    if len(rising) <= width:
        assert set(found) == limits


@pytest.mark.parametrize(("count", "width"), [(1, 60), (7, 56), (60, 60), (61, 60), (5000, 60)])
def test_the_axis_says_where_it_begins_and_ends(count, width):
    lines = area([0.5] * count, top=1)
    assert lines[-2] == "     0 └" + "─" * width
    assert lines[-1].split() == (["1", f"{count:,}"] if count > 1 else ["1"])
    assert len(lines[-1]) == (8 + width if count > 1 else 9)


def test_a_rise_is_not_drawn_before_it_happened():
    values = [0.0] * 119 + [1.0]
    assert heights(area(values, top=1))[:-1] == [0] * 59
    late = [0.0] * 120 + [1.0] * 30
    found = heights(area(late, top=1))
    assert found.index(64) == 48


def test_nothing_is_flat():
    assert heights(area([0.0, 0.0], top=1)) == [0] * 60
