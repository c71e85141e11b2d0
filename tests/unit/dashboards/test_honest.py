"""What pages say of failed backends, of numbers that are no points, and of estimates."""

import json
from dataclasses import replace

import pytest
from plotly.utils import PlotlyJSONEncoder

from dashboards.address import Address
from dashboards.app import create_app
from dashboards.comparing import compared
from dashboards.design import designs
from dashboards.front_page_state import FrontPageState, drawn, rows
from dashboards.source import Source
from dashboards.standings import standing_panel
from dse.analysis.spending import evaluations, spending
from dse.contracts.backend import Outcome
from dse.contracts.errors import Failure, FailureKind
from dse.contracts.metrics import Fidelity, Metric
from dse.store.records import StudyRecord
from dse.store.store import Store
from dse.testing.stores import evaluation

RECORD = StudyRecord("both", "", "", "", {"lut": "minimise", "auc": "maximise"})


def text_of(page: object) -> str:
    return json.dumps(page, cls=PlotlyJSONEncoder)


def answered(source: Source, callback: str, *given: object) -> object:
    """What a callback of a page answers, by its name."""
    return create_app(source).callback_map[callback]["callback"].__wrapped__(*given)


@pytest.fixture
def both(database: str) -> Source:
    """Three points with an estimate, of which `open` built point 0, failed on 1, and left out 2.

    Points 1 and 2 have the same accuracy, from one evaluation.
    """
    store = Store(database)
    study = store.save_study(RECORD)
    points = store.save_points(study, [{"bits": bits} for bits in (4, 6, 8)])
    done, links = [], {}
    for point, lut in zip(points, (1000.0, 2000.0, 4000.0), strict=True):
        guess = (
            Metric.of("lut", lut, Fidelity.ESTIMATE),
            Metric.of("dsp", 10 * point.number, Fidelity.ESTIMATE),
        )
        one = evaluation(f"e{point.number}", Outcome(guess), "estimate")
        done.append(one)
        links[one.job.key] = [point.id]
    for key, auc, of in (("a0", 0.7, points[:1]), ("a1", 0.9, points[1:])):
        one = evaluation(key, Outcome((Metric.of("auc", auc, Fidelity.EMULATED),)), "bittrue")
        done.append(one)
        links[one.job.key] = [point.id for point in of]
    built = (Metric.of("lut", 160, Fidelity.RTL), Metric.of("dsp", 3, Fidelity.RTL))
    broken = Failure(FailureKind.TOOL_FAILED, "it does not route")
    for point, outcome in zip(points, (Outcome(built), Outcome(failure=broken)), strict=False):
        one = evaluation(f"o{point.number}", outcome, "open")
        done.append(one)
        links[one.job.key] = [point.id]
    store.record(done, links)
    store.set_state(study, "done")
    store.set_state(store.save_study(replace(RECORD, name="clean")), "done")
    store.close()
    return Source(database)


FRONT = Address({"study": "both", "front": "estimate.lut|bittrue.auc", "x": "estimate.lut"})


def test_a_member_of_the_front_on_which_a_backend_failed_says_so(both: Source) -> None:
    view = FrontPageState.of(both, FRONT)
    figure, said = drawn(both, view, "light", [])
    assert "2 of 3 points on the front (a backend failed on 1 of these)" in said
    assert "open failed on it" in text_of(figure)
    listed, _ = rows(view, [])
    assert listed.set_index("point")["failed"].to_dict() == {0: "", 1: "open"}
    stand = text_of(standing_panel(both, "both", 1))
    assert "Point 1 is on the front" in stand
    assert "But open failed on it" in stand


def test_a_comparison_tells_what_failed_from_what_was_not_run(both: Source) -> None:
    page = text_of(compared(both, "both", [0, 1, 2], "light"))
    assert page.count('"open failed"') == 2  # LUT and DSP of point 1
    assert page.count('"\\u2013"') >= 2  # those of point 2


def test_a_study_with_failures_is_not_simply_done(both: Source) -> None:
    page = text_of(answered(both, "studies.children", "", "/"))
    assert page.count("done, 1 failed") == 2  # the other is that of the fixture
    assert page.count('"state done"') == 1
    assert page.count('"state failed"') == 2


def test_what_was_built_is_told_as_a_ratio_of_the_estimate(both: Source) -> None:
    page = text_of(designs(both.results, "both", [0], "light"))
    assert "Point 0: open has 0.16 of the LUT that estimate predicted." in page
    assert "0.16 (160 against 1,000)" in page
    assert '"3 against 0"' in page  # no ratio to an estimate of none
    assert "Built against estimated" in text_of(compared(both, "both", [0, 2], "light"))
    assert "Built against estimated" not in text_of(designs(both.results, "both", [2], "light"))


def test_results_that_points_share_save_nothing(both: Source) -> None:
    frame = evaluations(both.results, "both").assign(earlier=False)
    found = {one.backend: one for one in spending(frame, {})}
    shared = found["bittrue"]
    assert (shared.count, shared.reused, shared.saved_s, shared.shared) == (2, 0, 0.0, 1)
    earlier = {one.backend: one for one in spending(frame.assign(earlier=True), {})}["bittrue"]
    assert (earlier.count, earlier.reused, earlier.shared) == (0, 2, 1)
    assert earlier.saved_s == 2 * 1.5  # each evaluation once, however many points have it
    name = "..time-table.children...time-figure.figure...time-figure.style.."
    page = text_of(answered(both, name, "?study=both", "", "light", 0, "/time"))
    # WHEN, at which all of a test ran, is before the study was made: 3 + 2 + 2 evaluations
    assert "All 7 evaluations were taken from the store, which saved 10.5 s." in page
    assert "each once" in page


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("0,99,abc,1", "Not in both, and so not compared: point 99, abc."),
        ("99", "Not in both, and so not compared: point 99."),
        (",".join(map(str, range(50, 70))), "57, 58, 59 and 10 more."),
    ],
)
def test_a_comparison_says_which_points_are_not_in_the_study(
    both: Source, asked: str, said: str
) -> None:
    search = f"?study=both&points={asked}"
    page = text_of(answered(both, "compared.children", search, "", "light", 0, "/compare"))
    assert said in page
    assert ("point 0" in page) == ("0,99" in asked)
