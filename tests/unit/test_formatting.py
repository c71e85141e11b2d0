"""Numbers for people: intervals to the digit in which their ends differ, and shares."""

import pytest

from dse.formatting import interval, share


@pytest.mark.parametrize(
    ("low", "high", "value", "text"),
    [
        (0.9868, 0.9912, 0.989, "[0.987, 0.991]"),
        (0.98612, 0.99134, 0.9862, "[0.986, 0.991]"),
        (585_178, 5_431_069, 945_372, "[600,000, 5,000,000]"),
        (12_345.2, 12_399.9, 12_360, "[12,350, 12,400]"),
        (0, 0.0004, 0.0001, "[0, 0.0004]"),
        (0, 1e-12, 5e-13, "[0, 1e-12]"),
        (9.8, 9.8, 9.8, "[9.8, 9.8]"),
    ],
)
def test_an_interval_has_the_digits_that_tell_its_ends_apart(
    low: float, high: float, value: float, text: str
) -> None:
    assert interval(low, high, value) == text


@pytest.mark.parametrize("scale", [1e-7, 1e-3, 1.0, 37.0, 1e5, 1e11])
def test_rounding_keeps_the_number_inside_and_moves_no_end_far(scale: float) -> None:
    for step in range(1, 200):
        low, high = scale * (1 + 0.013 * step), scale * (1.31 + 0.0271 * step)
        for value in (low, (low + high) / 2, high):
            texts = interval(low, high, value).strip("[]").split(", ")
            ends = [float(text.replace(",", "")) for text in texts]
            tiny = 1e-12 * high
            assert ends[0] - tiny <= value <= ends[1] + tiny
            assert abs(ends[0] - low) <= (high - low) / 6 + tiny
            assert abs(ends[1] - high) <= (high - low) / 6 + tiny


def test_a_small_share_does_not_read_as_none() -> None:
    assert [share(value) for value in (0.0, 2.3e-5, 0.75432, 0.999999, 1.0)] == [
        "0",
        "2.3e-05",
        "0.7543",
        "0.999999",
        "1",
    ]
