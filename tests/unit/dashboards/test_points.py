"""The query engine by columns, against the records a study is made of."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboards.source import Source
from dse.analysis.columns import columns_of
from dse.contracts.errors import UsageError
from dse.store.store import Store
from dse.study.expressions import Expression

from .conftest import DESIGNS, STUDY, fill


def test_columns_are_the_numbers_of_the_points(source: Source) -> None:
    table = source.table("bits")
    points = source.results.points("bits")
    assert list(table.parameters.index) == [point.number for point in points]
    assert table.parameters.to_dict("records") == [dict(point.parameters) for point in points]
    assert set(table.columns) == columns_of(points)
    for column in table.columns:
        numbers = table.numbers(column)
        for point in points:
            metric = column.of(point)
            found = numbers.loc[point.number]
            if metric is None:
                assert found.isna().all()
            else:
                assert found["value"] == metric.value
                assert (metric.low is None) == bool(np.isnan(found["low"]))


def by_hand(source: Source, condition: str) -> list[int]:
    """Points that meet it, one after the other by the language's own evaluation."""
    expression = Expression.parse(condition)
    found = []
    for point in source.results.points("bits"):
        values = dict(point.parameters)
        for m in point.metrics:
            values |= {m.name: m.value, f"{m.backend}.{m.name}": m.value}
            values[f"{m.backend}_{m.name}"] = m.value
        if expression.names <= values.keys() and expression.evaluate(values):
            found.append(point.number)
    return found


@pytest.mark.parametrize(
    "condition",
    [
        *("bits <= 8", "mode == 'SAT' and lut > 350", "open_auc >= 0.7", "lut / bits < 49"),
        *("open.auc >= 0.7", "open.lut / bits < 49", "bits < 3 or open.auc > 0.75"),
    ],
)
def test_conditions_hold_for_the_same_points_as_one_by_one(source: Source, condition: str) -> None:
    table = source.table("bits")
    found = table.parameters.index[table.check(condition).meets]
    assert list(found) == by_hand(source, condition)
    assert 0 < len(found) < len(table.parameters)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parts=st.lists(
        st.tuples(
            st.sampled_from(["bits", "lut", "auc", "open_auc", "open.auc"]),
            st.sampled_from(["<", "<=", ">", ">="]),
            st.sampled_from([4, 6.0, 8, 0.7, 0.8, 300, 399.5, 1e9]),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_limits_hold_for_the_same_points_as_one_by_one(
    source: Source, parts: list[tuple[str, str, float]]
) -> None:
    """Whole columns at once, against the language's own evaluation of each point."""
    condition = " and ".join(f"{name} {sign} {number}" for name, sign, number in parts)
    assert Expression.parse(condition).thresholds is not None
    table = source.table("bits")
    found = table.parameters.index[table.check(condition).meets]
    assert list(found) == by_hand(source, condition)


@pytest.mark.parametrize(
    "text",
    [
        "bits < lut",
        "bits == 3",
        "bits < 3 or lut < 3",
        "not bits < 3",
        "3 < bits",
        "bits < true",
        "2 * bits < 3",
        "bits < -3",
        "1 < bits < 3",
        "bits",
        "true < 3",
        "bits < 'a'",
    ],
)
def test_what_says_more_is_no_list_of_limits(text: str) -> None:
    assert Expression.parse(text).thresholds is None


@pytest.mark.parametrize(
    "condition", ["bits <=", "bitz < 3", "bits + 1", "__import__('os')", "mode < 3"]
)
def test_conditions_that_make_no_sense_are_refused(source: Source, condition: str) -> None:
    with pytest.raises(UsageError):
        source.table("bits").check(condition)


def test_shares_of_another_part_follow_from_the_counts(source: Source) -> None:
    table = source.table("bits", "xcku115")
    (column,) = (column for column in table.columns if column.metric == "lut_pct")
    wanted = [100 * lut / 663_360 for _, _, lut in DESIGNS] + [np.nan]
    np.testing.assert_allclose(table.numbers(column)["value"], wanted, rtol=1e-12)
    assert (column.unit, column.backend, column.fidelity) == ("%", "open", "rtl")
    records = [column.of(point) for point in table.records()]
    assert [m and m.value for m in records] == pytest.approx([*wanted[:4], None])
    assert "lut_pct" not in {c.metric for c in source.table("bits").columns}  # no part is known


def test_an_unknown_part_is_refused(source: Source) -> None:
    with pytest.raises(UsageError, match="not known"):
        source.table("bits", "abacus")


def test_failures_are_listed_with_their_points(source: Source) -> None:
    failures = source.table("bits").failures
    assert failures["point"].tolist() == [len(DESIGNS)]
    assert failures["message"].tolist() == ["no <b>licence</b>"]


def test_a_table_is_kept_until_something_is_stored(source: Source, database: str) -> None:
    before, stamp = source.table("bits"), source.stamp()
    assert len(before.parameters) == len(DESIGNS) + 1
    assert source.table("bits") is before
    assert source.stamp() == stamp
    store = Store(database)
    study = store.study_id("bits")
    assert study is not None
    store.save_points(study, [{"bits": 16, "mode": "SAT"}], leaving=())
    store.close()
    assert source.stamp() != stamp
    assert len(source.table("bits").parameters) == len(DESIGNS) + 2


def test_studies_do_not_mix(source: Source, database: str) -> None:
    store = Store(database)
    fill(store, replace(STUDY, name="other"))
    store.close()
    counts = {s.name: (s.points, s.evaluations, s.failures) for s in source.studies()}
    assert counts == {"bits": (5, 5, 1), "other": (5, 5, 1)}
    (one, two) = (source.table(name).parameters for name in counts)
    pd.testing.assert_frame_equal(one, two)
