"""The page Build, against `dse best` and by hand."""

import json

import pytest
from plotly.utils import PlotlyJSONEncoder

from dashboards.address import Address
from dashboards.answers import answer_of
from dashboards.app import create_app
from dashboards.build_view import BuildPageState, brushed_limits
from dashboards.ranges import inside
from dashboards.source import Source
from dashboards.units import in_readable_units
from dashboards.unmet_limits import unmet
from dse.analysis.decision import neighbours
from dse.analysis.decision_text import sentence
from dse.contracts.errors import UsageError


def view(source: Source, **values: str) -> BuildPageState:
    return BuildPageState.of(source, Address({"study": "bits", **values}))


def test_limits_are_typed_as_numbers(source: Source) -> None:
    """AUC 0.6, 0.8, 0.7, 0.9 with 100, 300, 400, 500 LUT: at most 450 leaves point 1 the best."""
    asked = view(source, **{"at.open.lut": "450"})
    assert asked.conditions == ["open.lut <= 450.0"]
    found = asked.decision()
    assert found is not None
    assert found.number == 1
    assert found.cheaper is not None
    assert (found.cheaper.number, found.better) == (0, None)
    assert (found.n_allowed, found.n_compared, found.n_beaten, found.n_front) == (3, 4, 1, 2)
    assert "one step cheaper is point 0: AUC −0.2, LUT −200 (-67%)" in sentence(asked.table, found)


def test_thousands_may_be_separated(source: Source) -> None:
    assert view(source, **{"at.open.lut": "1,000"}).conditions == ["open.lut <= 1000.0"]


def test_ends_are_offered_as_people_write_them_and_hold_a_design() -> None:
    assert inside(186_812.0, 345_321.0) == "186,900 to 345,300"
    assert inside(0.60352, 0.99762) == "0.6036 to 0.9976"


@pytest.mark.parametrize("text", ["many", "nan", "inf", "1e999", "0x10", "<b>"])
def test_what_is_no_number_is_refused(source: Source, text: str) -> None:
    with pytest.raises(UsageError, match="is not a number"):
        view(source, **{"at.open.auc": text}).decision()


def test_limits_that_nothing_keeps_say_so(source: Source) -> None:
    with pytest.raises(UsageError, match="no point is left"):
        view(source, **{"at.open.auc": "0.95"}).decision()


def test_a_box_sets_the_limits_of_both_axes(source: Source) -> None:
    front = view(source).front(source)
    axes = in_readable_units(front.axes, front.table)
    assert brushed_limits(axes, {"x": [420.0, 90.0], "y": [0.65, 0.85]}) == {
        "at.open.lut": "420",
        "at.open.auc": "0.65",
    }


def test_neighbours_differ_in_one_parameter_by_one_step(source: Source) -> None:
    table = source.table("bits")  # bits 4, 6, 8, 10, 12; modes WRAP, WRAP, SAT, SAT, SAT
    assert list(neighbours(table, 0)) == [1]
    assert list(neighbours(table, 3)) == [2, 4]


def test_the_page_of_all_studies_has_the_same_answer(source: Source) -> None:
    assert answer_of(source, "bits") == view(source).decision()


def test_limits_that_nothing_meets_name_the_worst_and_the_nearest_design(source: Source) -> None:
    """AUC 0.6, 0.8, 0.7, 0.9 with 100, 300, 400, 500 LUT: at least 0.75 and at most 250.

    Points 1 and 3 keep the AUC, point 0 the LUT. Of the spans 0.3 and 400, point 1 lacks 50
    (0.125), point 0 0.15 (0.5). The broken point 4 has no numbers.
    """
    none = unmet(view(source, **{"at.open.auc": "0.75", "at.open.lut": "250"}))
    assert none is not None
    assert "Most are left out by LUT at most 250: 3 of 4 points" in none.text
    assert (none.nearest, none.lacks) == (1, "300, not LUT at most 250")


def test_a_condition_that_nothing_meets_is_named(source: Source) -> None:
    none = unmet(view(source, where="bits > 99"))
    assert none is not None
    assert "left out by the condition bits > 99: 5 of 5" in none.text
    assert unmet(view(source, where="bits > 9")) is None
    assert unmet(view(source)) is None


def test_the_page_says_it_once_and_without_options_of_commands(source: Source) -> None:
    said = answered(source, "?study=bits&at.open.auc=0.95")
    assert said.count("No design meets all limits") == 1
    assert "/point?study=bits&point=3" in said
    assert "--" not in said
    assert "the nearest" in said  # ringed in the plot


def test_designs_beside_the_answer_say_which_limit_they_break(source: Source) -> None:
    """With at most 350 LUT point 1 is built: of its neighbours, 0 has 100 LUT."""
    said = answered(source, "?study=bits&at.open.lut=350")
    assert "over the limit of" not in said
    said = answered(source, "?study=bits&at.open.auc=0.85")  # point 3; beside it 2 with 0.7
    assert "one parameter, one step; below the limit of AUC" in said
    said = answered(source, "?study=bits&at.open.lut=450&where=bits+%3E+6")
    assert "point 2" in said  # bits 8; beside it 3 with 500 LUT
    assert "one parameter, one step; over the limit of LUT" in said


def answered(source: Source, search: str) -> str:
    """What the page's callback answers: the answer, what lies beside it, and the plot."""
    app = create_app(source)
    outputs = ("answer.children", "beside.children", "figure.figure", "figure.style")
    name = f"..build-{'...build-'.join(outputs)}.."
    show = app.callback_map[name]["callback"].__wrapped__
    return json.dumps(show(search, "", "light", 0, None, "/build"), cls=PlotlyJSONEncoder)
