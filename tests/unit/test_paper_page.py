"""The page about the paper belongs to its numbers, and the numbers to the claims."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from paper.page import VERDICTS
from paper.panels import PANELS
from paper.texts import NUMBERS, explanations, written

from dse.analysis.references import References
from dse.cli.svg_plot import Axis, figure

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "workloads" / "tracking" / "references"


@pytest.fixture(scope="module")
def numbers() -> Any:
    return json.loads(NUMBERS.read_text())


def test_page_and_figure_follow_from_the_numbers(numbers: Any) -> None:
    for file, text in written(numbers).items():
        assert file.read_text() == text, f"{file}: make paper writes it"


def test_every_claim_of_the_paper_has_a_verdict(numbers: Any) -> None:
    paper = References([FOLDER]).all["heintz2020"]
    assert {(c.key, c.text, c.source) for c in paper.claims} == {
        (f["claim"], f["text"], f["source"]) for f in numbers["findings"]
    }
    assert {f["verdict"] for f in numbers["findings"]} <= set(VERDICTS)
    assert {(c.key, s) for c in paper.claims for s in c.studies} == {
        (f["claim"], f["study"]) for f in numbers["findings"]
    }


def test_what_differs_is_explained(numbers: Any) -> None:
    wrong = {f["claim"] for f in numbers["findings"] if f["verdict"] == "contradicts"}
    assert wrong <= set(explanations())


def test_the_figure_has_twelve_panels_with_the_published_points(numbers: Any) -> None:
    assert [panel["title"] for panel in numbers["panels"]] == [panel.title for panel in PANELS]
    assert len(PANELS) == 12
    drawing = ET.fromstring(figure(numbers["panels"]))
    circles = [e for e in drawing.iter() if e.tag.endswith("circle")]
    points = [p for panel in numbers["panels"] for s in panel["series"] for p in s["points"]]
    assert len(circles) == len(points) > 50
    paper = References([FOLDER]).all["heintz2020"]
    for panel, made in zip(PANELS, numbers["panels"], strict=True):
        drawn = [s["points"] for s in made["series"] if s["kind"] == "paper"]
        for (key, _), points in zip(panel.theirs, drawn, strict=True):
            name, _, label = key.partition("/")
            curve = next(
                c for f in paper.figures if f.key == name for c in f.curves if c.label == label
            )
            scaled = [[x, pytest.approx(y * panel.y_factor, rel=1e-4)] for x, y in curve.points]
            assert points == scaled


@pytest.mark.parametrize(
    ("values", "is_log", "ticks"),
    [
        ((0.0, 10.0), False, [0.0, 5.0, 10.0]),
        ((1.0, 1000.0), True, [1.0, 10.0, 100.0, 1000.0]),
        ((8.0, 32.0), True, [10.0, 20.0]),
        ((0.0, 5.0), True, [0.0, 2.0, 4.0]),  # a zero has no logarithm
    ],
)
def test_ticks_are_round_and_inside(values: Any, is_log: bool, ticks: list[float]) -> None:
    axis = Axis(values, 0, 100, is_log=is_log)
    assert axis.ticks() == pytest.approx(ticks)
    assert 0 < axis.at(values[0]) < axis.at(values[1]) < 100
