"""Lines and units of scans."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dashboards.address import Address
from dashboards.quantities import Quantity
from dashboards.scan_view import ScanPageState, all_rows, drawn, one_line, settled
from dashboards.source import Source
from dashboards.units import readable_unit
from dse.contracts.backend import Outcome
from dse.contracts.metrics import Fidelity, Metric
from dse.store.records import StudyRecord
from dse.store.store import Store
from dse.testing.stores import evaluation


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


COUPLED = """
name: ways
workload: {name: tracking}
space:
  training: [float, ptq, qat]
  weight_bits: [2, 4, 6, 8]
  activation_bits: {coupled: weight_bits}
  total_bits: {coupled: "weight_bits if training == 'float' else 16"}
backends: [bittrue]
"""


def test_ways_of_coming_to_few_bits_have_a_line_each(tmp_path: Path) -> None:
    """What is computed from other parameters tells no lines apart."""
    store = Store(str(tmp_path / "t.db"))
    objectives: Any = {"auc": "maximise"}
    study = store.save_study(StudyRecord("ways", "", "ways.yaml", COUPLED, objectives))
    ways = [(way, bits) for way in ("float", "ptq", "qat") for bits in (2, 4, 6, 8)]
    points = store.save_points(
        study,
        [
            {
                "training": way,
                "weight_bits": bits,
                "activation_bits": bits,
                "total_bits": bits if way == "float" else 16,
            }
            for way, bits in ways
        ],
    )
    for point in points:
        done = evaluation(
            f"{point.id}", Outcome((Metric.of("auc", 0.5 + point.id / 100, Fidelity.EMULATED),))
        )
        store.record([done], {done.job.key: [point.id]})
    store.close()
    source = Source(str(tmp_path / "t.db"))
    kept = settled(source, "ways")
    assert (kept["free.x"], kept["free.line"]) == ("weight_bits", "training")
    view = ScanPageState.of(source, Address({"study": "ways"}))
    assert set(all_rows(source, view)["value"]) == {
        "training float",
        "training ptq",
        "training qat",
    }


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
    usual = float(np.median(values)) if values else float("nan")
    found, quantity = readable_unit(Quantity("latency_ns", "latency", "ns"), usual)
    assert (found, quantity.unit) == (divisor, unit)
    assert readable_unit(Quantity("lut", "LUT"), 1e9)[0] == 1


def test_texts_of_a_study_that_is_laid_over_are_not_divided(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "t.db"))
    for name, windows in {"times": (80_000, 160_000), "texts": (20_000, None)}.items():
        study = store.save_study(StudyRecord(name, "", "", "", {"auc": "maximise"}))
        for point in store.save_points(study, [{"window_ns": window} for window in windows]):
            outcome = Outcome((Metric.of("auc", 0.9, Fidelity.EMULATED),))
            done = evaluation(f"{name}{point.id}", outcome)
            store.record([done], {done.job.key: [point.id]})
    store.close()
    source, asked = Source(str(tmp_path / "t.db")), {"study": "times", "x": "window_ns"}
    alone = drawn(source, ScanPageState.of(source, Address(asked)), "light")
    assert alone.layout.xaxis.title.text.endswith("[µs]")
    both = drawn(source, ScanPageState.of(source, Address({**asked, "with": "texts"})), "light")
    assert both.layout.xaxis.title.text.endswith("[ns]")
