"""Conditions on columns of points: names that should be texts in quotes."""

import pandas as pd
import pytest

from dse.analysis.conditions import NamedColumn, check
from dse.contracts.errors import UsageError

COLUMNS = {
    "strategy": NamedColumn(pd.Series(["latency", None, "resource"], dtype=object), False),
    "latency": NamedColumn(pd.Series([1.0, 2.0, 3.0]), True),
    "bits": NamedColumn(pd.Series([4, 8, 8]), False),
}


def column(name: str) -> NamedColumn:
    if name not in COLUMNS:
        raise UsageError(f"there is no '{name}'")
    return COLUMNS[name]


@pytest.mark.parametrize(
    ("condition", "meant"),
    [
        ("strategy == latency", "latency"),
        ("latency != strategy", "latency"),
        ("strategy == resource", "resource"),
        ("bits == 8 and strategy in [latency, 'resource']", "latency"),
    ],
)
def test_a_text_without_quotes_is_asked_for_them(condition: str, meant: str) -> None:
    with pytest.raises(UsageError, match="without quotes") as caught:
        check(condition, column, 3)
    assert caught.value.hint == f'write "{meant}" in quotes'


@pytest.mark.parametrize(
    ("condition", "meets"),
    [
        ("strategy == 'latency'", [True, False, False]),
        ("strategy == null", [False, True, False]),
        ("strategy == 'resource' and latency < 5", [False, False, True]),
        ("latency < bits", [True, True, True]),
        ("strategy == strategy", [True, True, True]),
    ],
)
def test_texts_in_quotes_and_names_of_numbers_are_compared(
    condition: str, meets: list[bool]
) -> None:
    assert check(condition, column, 3).meets.tolist() == meets
