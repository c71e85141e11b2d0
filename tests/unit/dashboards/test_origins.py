"""How a number was obtained is seen where it is shown: hollow marks, slants, intervals, seeds."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dashboards.address import Address
from dashboards.comparing import compared
from dashboards.figures import front, scans
from dashboards.figures.style import HOLLOW, weakest
from dashboards.front_page_state import FrontPageState, drawn
from dashboards.scan_view import ScanPageState
from dashboards.scan_view import drawn as drawn_scan
from dashboards.source import Source
from dse.analysis.seeds import seed_notes
from dse.contracts.backend import Outcome
from dse.contracts.metrics import Fidelity, Metric
from dse.store.store import Store
from dse.testing.stores import evaluation

from .conftest import STUDY
from .test_figures import AXES, frame, scan_rows, traces
from .test_pages import page_at, text_of


@pytest.fixture
def routed(tmp_path: Path) -> Source:
    """Two points that were placed and routed, with seeds 3 and 5, and one that was not."""
    store = Store(str(tmp_path / "routed.db"))
    objectives: Any = {"auc": "maximise", "open.lut": "minimise"}
    study = store.save_study(replace(STUDY, name="routed", objectives=objectives))
    points = store.save_points(study, [{"bits": bits} for bits in (4, 6, 8)])
    for point, seed in zip(points, (3, 5, None), strict=True):
        auc = Metric.of("auc", 0.8 + point.number / 10, Fidelity.EMULATED)
        lut = Metric.of("lut", 100.0 * (1 + point.number), Fidelity.IMPLEMENTED)
        formula = Metric.of("ff", 50.0, Fidelity.ESTIMATE, low=40.0, high=60.0)
        number = replace(lut, name="seed", value=seed or 0)
        built = (lut, number) if seed else ()
        done = evaluation(f"r{seed}", Outcome((auc, formula, *built)), "open")
        store.record([done], {done.job.key: [point.id]})
    store.close()
    return Source(str(tmp_path / "routed.db"))


def test_one_calculated_axis_makes_a_mark_hollow() -> None:
    """An emulated accuracy is of the same rank as an estimate, and does not hide it."""
    for calculated in HOLLOW:
        for other in Fidelity:
            assert weakest([other, calculated]) in HOLLOW
            assert weakest([calculated, other]) in HOLLOW
    assert weakest([Fidelity.RTL, Fidelity.EMULATED]) is Fidelity.EMULATED


def test_calculated_numbers_have_their_intervals_off_the_front_too() -> None:
    for fidelity, shown in ((Fidelity.PREDICTED, True), (Fidelity.RTL, False)):
        page = front.figure([front.Series("s", frame(), fidelity)], front.Look(AXES))
        found = traces(page)["s: dominated"].error_y.array
        assert (found is not None) == shown


def test_hovering_tells_interval_and_seed() -> None:
    shown = frame().assign(seed="seed 7")
    trace = traces(front.figure([front.Series("s", shown)], front.Look(AXES)))["s: front"]
    assert "<br>seed 7" in trace.customdata[0]
    assert " [-0.1, 0.2]" in trace.customdata[0]
    gaps = shown.assign(y_low=np.nan)
    trace = traces(front.figure([front.Series("s", gaps)], front.Look(AXES)))["s: front"]
    assert "nan" not in str(trace.customdata)


def test_lines_of_calculated_numbers_are_hollow() -> None:
    rows = scan_rows(low=0.5, high=3.5, hollow=True, seed="seed 2")
    _, line = scans.figure(rows, scans.Scan("bits", {"lut": "LUT"})).data
    assert line.marker.symbol.endswith("-open")
    assert line.customdata[0][1] == " [0.5, 4]<br>seed 2"
    _, line = scans.figure(scan_rows(), scans.Scan("bits", {"lut": "LUT"})).data
    assert not line.marker.symbol.endswith("-open")
    assert line.customdata[0][1] == ""


def test_seeds_are_told_by_point(routed: Source) -> None:
    table = routed.table("routed")
    assert seed_notes(table, table.columns).tolist() == ["seed 3", "seed 5", ""]
    formulas = [column for column in table.columns if column.metric == "ff"]
    assert seed_notes(table, formulas).tolist() == ["", "", ""]


def test_fronts_and_scans_tell_the_seeds(routed: Source) -> None:
    view = FrontPageState.of(routed, Address({"study": "routed"}))
    figure, _ = drawn(routed, view, "light", ())
    assert "<br>seed 5" in str([trace.customdata for trace in figure.data])
    scan = ScanPageState.of(routed, Address({"study": "routed", "y": "open.lut|open.ff"}))
    texts = [list(trace.customdata) for trace in drawn_scan(routed, scan, "light").data]
    assert "seed 3" in str(texts)


def test_comparisons_tell_seeds_and_what_was_calculated(routed: Source) -> None:
    shown = text_of(compared(routed, "routed", [0, 1], "light"))
    assert "100, seed 3" in shown
    assert "200 (+100.0%)" not in shown  # the seed stands behind the number
    assert "200, seed 5 (+100.0%)" in shown.encode().decode("unicode_escape")
    assert '"className": "number predicted"' in shown


def test_designs_without_the_objectives_are_not_proposed_for_comparison(routed: Source) -> None:
    page = text_of(page_at(routed, "/compare", "?study=routed"))
    assert '"value": "0, 1"' in page or '"value": "1, 0"' in page


def test_the_point_page_opens_with_the_design_to_build(source: Source) -> None:
    assert "dse reproduce 3" in text_of(page_at(source, "/point", "?study=bits"))
