"""Lines and units of scans."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dashboards.quantities import Quantity
from dashboards.scan_view import one_line
from dashboards.units import readable_unit


def rows(values: list[float]) -> pd.DataFrame:
    """Two values of a parameter at two places."""
    base: dict[str, Any] = {"x": [1, 2, 1, 2], "panel": "", "origin": "open", "y": values}
    names = ["bits 8", "bits 8", "bits 16", "bits 16"]
    return pd.DataFrame({**base, "value": names, "line": [f"{name} · open" for name in names]})


def test_what_a_parameter_does_not_move_is_one_line() -> None:
    found = one_line(rows([5.0, 6.0, 5.0, 6.0]))
    assert found["line"].tolist() == ["open", "open"]
    moved = rows([5.0, 6.0, 5.0, 7.0])
    assert one_line(moved).equals(moved)


def test_lines_without_a_common_place_stay_apart() -> None:
    apart = rows([5.0, np.nan, np.nan, 6.0])
    assert one_line(apart).equals(apart)


@pytest.mark.parametrize(
    ("values", "unit", "divisor"),
    [
        ([480.0, 520.0], "ns", 1),  # a circuit
        ([2e4, 3e4], "µs", 1e3),
        ([1.5e6, 8e6], "ms", 1e6),
        ([2e9], "s", 1e9),
        ([], "ns", 1),
    ],
)
def test_times_have_the_unit_that_people_use(
    values: list[float], unit: str, divisor: float
) -> None:
    found, quantity = readable_unit(Quantity("latency_ns", "latency", "ns"), pd.Series(values))
    assert (found, quantity.unit) == (divisor, unit)
    assert readable_unit(Quantity("lut", "LUT"), pd.Series([1e9]))[0] == 1
