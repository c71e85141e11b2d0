"""What the front page shows, against brute force."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.address import Address
from dashboards.front_data import DRAWN, Rules, assess, common_box, inside, passing, thinned, volume
from dashboards.front_page_state import FrontPageState, all_series, drawn, rows, sentence
from dashboards.plot_events import clicked_points
from dashboards.source import Source
from dse.analysis.points import Points
from dse.contracts.errors import UsageError
from dse.store.store import Store
from dse.testing.stores import evaluation

from .conftest import BROKEN, FRONT, STUDY, outcome


def view(source: Source, **values: str) -> FrontPageState:
    return FrontPageState.of(source, Address({"study": "bits", **values}))


def test_the_front_is_that_of_the_objectives(source: Source) -> None:
    shown = view(source)
    assert [shown.axes[axis].name for axis in ("x", "y")] == ["open.lut", "open.auc"]
    frame = all_series(source, shown)[0].frame
    assert frame.index[frame["on_front"]].tolist() == FRONT
    assert frame.index[~frame["drawable"]].tolist() == [BROKEN]


def test_limits_and_conditions_say_why_a_point_is_not_allowed(source: Source) -> None:
    asked = {"limits": "open.lut", "limit.open.lut": "200..450", "where": "bits != 6"}
    frame = all_series(source, view(source, **asked))[0].frame
    assert frame["reason"].tolist() == [
        "LUT (open, rtl) is not 200 to 450",
        "not bits != 6",
        "",
        "LUT (open, rtl) is not 200 to 450",
        "LUT (open, rtl) is not 200 to 450",
    ]
    assert frame.index[frame["on_front"]].tolist() == [2]


def test_designs_larger_than_their_part_are_no_members(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = source.table("bits").parameters.index
    loads = pd.DataFrame({"lut": 0.5}, index=numbers)
    loads.loc[FRONT[0]] = 1.2
    monkeypatch.setattr(Points, "loads", property(lambda _: loads))
    plain, fitting = (
        all_series(source, view(source, **asked))[0].frame for asked in ({}, {"show": "fits"})
    )
    assert plain.loc[FRONT[0], "on_front"]
    assert fitting.loc[FRONT[0], "reason"] == "larger than its part"
    assert not fitting.loc[FRONT[0], "on_front"]


def test_each_limit_says_how_many_points_pass(source: Source) -> None:
    shown = view(source, limits="open.lut|open.auc")
    rules = Rules({"open.lut": (200, 450), "open.auc": (0.65, 1)})
    assert passing(shown.table, shown.known, rules) == {"open.lut": 2, "open.auc": 3}


def test_the_volume_is_that_of_the_box_of_all_points(source: Source) -> None:
    shown = view(source)
    frame = all_series(source, shown)[0].frame
    box = common_box([frame], shown.compared)
    assert box is not None
    # in the box from (0.9, 100) to (0.6, 500): 0.2 x 200 of 0.3 x 400, by hand
    assert volume(frame, box) == pytest.approx(0.2 * 200 / (0.3 * 400))
    assert "3 of 5 points on the front, 1 dominated, 1 without all of these values" in sentence(
        all_series(source, shown), shown
    )


@pytest.mark.parametrize("where", ["", "bits <= 6", "open.lut < 350", "bits > 99"])
def test_every_point_is_counted_once(source: Source, where: str) -> None:
    shown = view(source, where=where)
    said = sentence(all_series(source, shown), shown)
    kinds = r"(\d+) (?:of 5 points on the front|dominated|not allowed|without all)"
    assert sum(map(int, re.findall(kinds, said))) == 5


def test_points_that_are_not_drawn_are_told(source: Source) -> None:
    told = "3 of 5 points are drawn: 1 without a value on an axis and those not on the front"
    assert told in drawn(source, view(source, show="bars"), "light", [])[1]
    assert (
        "4 of 5 points are drawn: 1 without a value on an axis."
        in (drawn(source, view(source), "light", [])[1])
    )


def test_the_table_is_the_front_until_points_are_selected(source: Source) -> None:
    found, _ = rows(view(source), [])
    assert found["point"].tolist() == FRONT
    found, text = rows(view(source), [2, 4, 99])
    assert found["point"].tolist() == [2, 4]
    assert text.startswith("2 selected")
    assert found["LUT (open, rtl)"].tolist()[0] == 400


def test_a_condition_that_makes_no_sense_is_refused(source: Source) -> None:
    with pytest.raises(UsageError, match="bitz"):
        all_series(source, view(source, where="bitz > 3"))


@pytest.mark.parametrize(
    "asked",
    [
        {"x": "nonsense"},
        {"z": "bits"},
        {"x": "mode"},
        {"part": "?"},
        {"limit.open.lut": "a..b", "limits": "open.lut|x"},
        {"colour": "mode", "size": "bits"},
        {"with": "bits", "also": "open.lut"},
        {"show": "log_x|log_y"},
        {"show": "log_z"},
    ],
)
def test_any_address_gives_a_page(source: Source, asked: dict[str, str]) -> None:
    figure, text = drawn(source, view(source, **asked), "dark", [1])
    assert len(figure.data) > 0
    assert "points on the front" in text


def test_what_another_study_has_not_got_has_no_colour(source: Source, database: str) -> None:
    store = Store(database)
    study = store.save_study(replace(STUDY, name="own"))
    given = [{"bits": b, "clock": b, "kind": "k"} for b in (4, 6)]
    for point in store.save_points(study, given):
        done = evaluation(f"c{point.id}", outcome(0.5, 3.0), "open")
        store.record([done], {done.job.key: [point.id]})
    store.close()
    for asked in ({"colour": "clock", "size": "clock"}, {"colour": "kind"}):
        address = Address({"study": "own", "with": "bits", **asked})
        figure, text = drawn(source, FrontPageState.of(source, address), "light", [])
        assert "bits: 3 of 5 points" in text
        own, other = ([t for t in figure.data if t.name == f"{n}: front"] for n in ("own", "bits"))
        assert clicked_points({"points": [{"customdata": list(other[0].customdata[0])}]}) == []
        assert clicked_points({"points": [{"customdata": list(own[0].customdata[0])}]}) == [0]


def test_an_axis_that_shows_nothing_is_no_mistake() -> None:
    frame = points(4000).assign(y=-1.0, on_front=False)
    assert len(thinned(frame, [], log=["y"])) < len(frame)


@pytest.mark.parametrize("low", [-1e308, -np.inf])
@pytest.mark.parametrize("high", [1e308, np.inf])
def test_an_axis_may_be_as_long_as_numbers_are(low: float, high: float) -> None:
    frame = points(4000).assign(on_front=False)
    frame["x"] = np.where(frame.index % 2, low, high)
    shown = thinned(frame, [])
    assert 1 < len(shown) <= DRAWN
    if np.isfinite([low, high]).all():
        assert set(shown["x"]) == {low, high}


def points(n: int) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"x": rng.lognormal(0, 2, n), "y": rng.normal(size=n)})
    return frame.assign(
        reason="", allowed=True, drawable=True, on_front=frame["y"] > frame["y"].quantile(0.999)
    )


@pytest.mark.parametrize("log", [(), ("x",)])
def test_few_enough_points_are_drawn_and_the_front_whole(log: Any) -> None:
    frame = points(100_000)
    shown = thinned(frame, [5, 17], log=log)
    assert len(shown) < 3 * DRAWN
    assert set(frame.index[frame["on_front"]]) | {5, 17} <= set(shown.index)
    for axis in ("x", "y"):  # nothing at the rim is lost
        assert shown[axis].min() == frame[axis].min()
        assert shown[axis].max() == frame[axis].max()
    assert thinned(points(100), []).equals(points(100))


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=1, max_size=30))
def test_a_box_selects_what_lies_in_it(values: list[tuple[float, float]]) -> None:
    frame = pd.DataFrame(values, columns=["x", "y"])
    found = inside(frame, {"range": {"x": [3, -2], "y": [-1, 5]}})
    assert found == [i for i, (x, y) in enumerate(values) if -2 <= x <= 3 and -1 <= y <= 5]


def test_a_lasso_selects_what_lies_in_it() -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.uniform(-2, 2, (500, 2)), columns=["x", "y"])
    diamond = {"x": [1, 0, -1, 0], "y": [0, 1, 0, -1]}
    found = inside(frame, {"lassoPoints": diamond})
    assert found == list(frame.index[frame["x"].abs() + frame["y"].abs() < 1])
    assert 40 < len(found) < 90  # an eighth of the square


@pytest.mark.parametrize(
    "selected", [None, {}, {"points": []}, {"range": [1]}, {"range": {"x": []}}]
)
def test_what_is_no_area_selects_nothing(selected: Any) -> None:
    assert inside(points(10), selected) is None


def test_every_front_is_that_of_brute_force(source: Source) -> None:
    shown = view(source)
    frame = assess(shown.table, shown.axes, shown.known, Rules())
    known = frame[frame["drawable"]]
    for number, row in known.iterrows():
        beaten = (
            (known["x"] <= row["x"])
            & (known["y"] >= row["y"])
            & ((known["x"] < row["x"]) | (known["y"] > row["y"]))
        ).any()
        assert row["on_front"] == (not beaten), number
