"""Numbers and times as people read them."""

from typing import Any

import pytest

from dse.formatting import (
    aligned,
    counted,
    duration,
    elapsed,
    number,
    point_text,
    scaled,
    value_text,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "null"), (True, "true"), ("latency", "latency"), (8, "8"), ([1, None], "[1, null]")],
)
def test_values_are_written_as_in_a_study_file(value, text):
    assert value_text(value) == text
    assert point_text({"a": value, "b": 1}) == f"a = {text}, b = 1"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (3, "3"),
        (-2.0, "-2"),
        (0.98765, "0.9877"),
        (1234.5, "1,234"),
        (9999.4, "9,999"),
        (12345.6, "12,346"),
        (1e6, "1,000,000"),
        (2.5e15, "2.5e+15"),
        (1e-9, "1e-09"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
    ],
)
def test_numbers(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ((0.98765, 0.9, 0.5), ["0.9877", "0.9000", "0.5000"]),
        ((480, 1155), ["480", "1,155"]),
        ((480.5, 20.25), ["480.5", "20.2"]),
        ((86.4321, 5.0), ["86.43", "5.00"]),
        ((12345.6, 0.5), ["12,346", "0.5"]),
        ((12345.6, 50.5), ["12,346", "50"]),
        ((0.0, 0.0), ["0", "0"]),
        ((50.5, 0.001), ["50.5", "0.001"]),
        ((-0.0123, 0.5), ["-0.0123", "0.5000"]),
        ((2.5e15, 1.0), ["2.5e+15", "1"]),
        ((), []),
    ],
)
def test_numbers_of_a_column_have_the_same_decimals(values: Any, texts: list[str]) -> None:
    assert aligned(values) == texts


def test_units_follow() -> None:
    assert number(480, "ns") == "480 ns"
    assert number(0.5, "") == "0.5"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1.0, "0 s"),
        (0.4, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (200, "3 min 20 s"),
        (3600, "1 h"),
        (3605, "1 h"),  # seconds no longer count
        (7380, "2 h 3 min"),
        (86400 * 3 + 7200, "3 d 2 h"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 s"),
        (480e-9, "480 ns"),
        (0.0043, "4.3 ms"),
        (0.027, "27 ms"),
        (1.9, "1.9 s"),
        (59.94, "59.9 s"),
        (200.4, "3 min 20 s"),
        (5400, "1 h 30 min"),
    ],
)
def test_times(seconds: float, text: str) -> None:
    assert elapsed(seconds) == text


def test_sizes() -> None:
    found = [scaled(size, "B") for size in (0, 999, 12_345_678, 3.4e9)]
    assert found == ["0 B", "999 B", "12.3 MB", "3.4 GB"]


def test_counts() -> None:
    found = [counted(count, "point") for count in (0, 1, 2, 2000)]
    assert found == ["0 points", "1 point", "2 points", "2,000 points"]
