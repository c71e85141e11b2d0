"""What the page Scans says about the lines that it draws."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from dashboards.address import Address
from dashboards.scan_view import ScanPageState, all_rows
from dashboards.scan_words import joined
from dashboards.source import Source
from dse.contracts.backend import Outcome
from dse.contracts.metrics import Fidelity, Metric
from dse.store.records import StudyRecord
from dse.store.store import Store
from dse.testing.stores import evaluation

RECORD = StudyRecord("s", "", "", "", {"lut": "minimise"})


def said(tmp_path: Path, designs: list[dict[str, Any]], **address: str) -> str:
    """What the page says; LUT are the product of bits and reuse."""
    store = Store(str(tmp_path / "s.db"))
    points = store.save_points(store.save_study(RECORD), designs)
    for point, design in zip(points, designs, strict=True):
        lut = design["bits"] * design.get("reuse", 1) + design.get("seed", 0) / 10
        done = evaluation(f"{point.id}", Outcome((Metric.of("lut", lut, Fidelity.RTL),)))
        store.record([done], {done.job.key: [point.id]})
    store.close()
    source = Source(str(tmp_path / "s.db"))
    view = ScanPageState.of(source, Address({"study": "s", **address}))
    return joined(view, all_rows(source, view))


def grid(**values: list[Any]) -> list[dict[str, Any]]:
    """All combinations."""
    found: list[dict[str, Any]] = [{}]
    for name, some in values.items():
        found = [{**one, name: value} for one in found for value in some]
    return found


CASES: Mapping[str, tuple[list[dict[str, Any]], dict[str, str], str]] = {
    "only what is drawn": (
        grid(bits=[4, 6], reuse=[1, 2]),
        {"x": "bits", "line": "reuse"},
        "Along a line bits changes, with one line per reuse.",
    ),
    "the best of others": (
        grid(bits=[4, 6], seed=[1, 2]),
        {"x": "bits", "line": ""},
        (
            "Along a line bits changes. Designs differ in seed too: a line goes through the best "
            "of those at one place, the others are dots."
        ),
    ),
    "others along the line": (
        [{"bits": 4, "seed": 1}, {"bits": 6, "seed": 2}],
        {"x": "bits", "line": ""},
        "Along a line bits changes. Designs differ in seed too, also along the lines.",
    ),
    "many others": (
        [{"bits": 4, **dict.fromkeys("abcdef", 1)}, {"bits": 6, **dict.fromkeys("abcdef", 2)}],
        {"x": "bits", "line": ""},
        (
            "Along a line bits changes. Designs differ in a, b, c, d and 2 other parameters too, "
            "also along the lines."
        ),
    ),
    "one value": (
        grid(bits=[4, 6], seed=[3]),
        {"x": "bits", "line": ""},
        "Along a line bits changes. The same in all designs: seed = 3.",
    ),
    "many of one value": (
        grid(bits=[4, 6], **{name: [1] for name in "abcdef"}),
        {"x": "bits", "line": ""},
        (
            "Along a line bits changes. The same in all designs: a = 1, b = 1, c = 1, d = 1 and "
            "2 other parameters."
        ),
    ),
    "a parameter that moves nothing": (
        grid(bits=[4, 6], mode=["SAT", "WRAP"], reuse=[1, 2]),
        {"x": "bits", "line": "mode", "panel": "reuse"},
        (
            "Along a line bits changes, with one line per mode and one panel per reuse. Where mode "
            "changes nothing, its lines are drawn as one."
        ),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_a_line_joins(tmp_path: Path, case: str) -> None:
    designs, address, expected = CASES[case]
    assert said(tmp_path, designs, **({"panel": ""} | address)) == expected
