"""Parts, clocks and designs that do not fit, told with names, values and units."""

from dataclasses import replace
from pathlib import Path

import pytest

from dashboards.design import designs
from dashboards.source import Source
from dse.analysis.decision import decide
from dse.analysis.objectives import objective_columns
from dse.contracts.backend import Outcome
from dse.contracts.errors import UsageError
from dse.contracts.metrics import Fidelity, Metric
from dse.store.store import Store
from dse.testing.stores import evaluation

from .conftest import STUDY
from .test_pages import text_of


def small(folder: Path, part: str, designs: tuple[tuple[float, float], ...]) -> Source:
    """A study of designs with (LUT, DSP) for one part at 5 ns."""
    file = str(folder / "small.db")
    store = Store(file)
    goals = {"lut": "minimise", "dsp": "minimise"}
    study = store.save_study(replace(STUDY, name="small", objectives=goals))
    points = store.save_points(study, [{"bits": n} for n in range(len(designs))])
    for n, ((lut, dsp), point) in enumerate(zip(designs, points, strict=True)):
        counts = {"lut": lut, "dsp": dsp}.items()
        numbers = tuple(Metric.of(name, value, Fidelity.RTL) for name, value in counts)
        done = evaluation(f"small{n}", Outcome(numbers, {"clock": "requested"}), "open")
        parameters = {"part": part, "clock_period_ns": 5.0}
        done = replace(done, job=replace(done.job, parameters=parameters))
        store.record([done], {done.job.key: [point.id]})
    store.set_state(study, "done")
    store.close()
    return Source(file)


def refusal(source: Source, part: str = "") -> str:
    table = source.table("small", part)
    with pytest.raises(UsageError) as caught:
        decide(table, objective_columns(table))
    return caught.value.message


def test_one_point_that_does_not_fit_says_of_what_it_needs_more(tmp_path: Path) -> None:
    """GW1N-LV1 has 1,152 LUT and no DSP."""
    said = refusal(small(tmp_path, "gw1n-lv1", ((100.0, 41.0),)))
    assert said.endswith("0, does not fit its part: DSP 41 of 0 of gw1n-lv1")


def test_of_several_the_nearest_is_named_with_all_that_runs_out(tmp_path: Path) -> None:
    """GW1N-LV4 has 4,608 LUT and 16 DSP: shares 2 and 3 of point 0, 4 of point 1."""
    source = small(tmp_path, "gw1n-lv4", ((9216.0, 48.0), (100.0, 64.0)))
    said = refusal(source)
    assert "all 2 points" in said
    assert "point 0: DSP 48 of 16 of gw1n-lv4, LUT 9,216 of 4,608 of gw1n-lv4" in said
    assert "DSP 48 of 0 of gw1n-lv1" in refusal(source, "gw1n-lv1")  # of the part that is named


def test_the_point_page_tells_part_and_clock_with_its_unit(tmp_path: Path) -> None:
    source = small(tmp_path, "gw1n-lv4", ((100.0, 1.0),))
    page = text_of(designs(source.results, "small", [0], "light"))
    assert "requested clock period" in page
    assert '"5 ns"' in page
    assert '"requested, 5 ns"' in page
    assert '"gw1n-lv4"' in page
    assert "not known" not in page


def test_the_point_page_warns_of_a_part_without_capacity(tmp_path: Path) -> None:
    source = small(tmp_path, "abacus-9", ((100.0, 1.0),))
    page = text_of(designs(source.results, "small", [0], "light"))
    assert "part abacus-9: capacity not known" in page


def test_without_part_and_clock_nothing_is_said(source: Source) -> None:
    page = text_of(designs(source.results, "bits", [0], "light"))
    assert "Part and clock" not in page
