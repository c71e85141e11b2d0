"""`dse compare`: verdicts in every form, and its exit code."""

import json
from pathlib import Path
from typing import Any

import pytest
from claimed import stored
from rich.console import Console

from dse.contracts.errors import ContradictionError
from dse.contracts.metrics import Fidelity, Metric

CLAIMS = {
    "fast": {"kind": "between", "high": 500},
    "slow": {"kind": "between", "low": 500},
    "rising": {"kind": "trend", "along": "bits", "direction": "rises"},
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A study with two points, and claims about it."""
    rows = [
        ({"bits": bits}, {"open": [Metric.of("latency_ns", time, Fidelity.RTL)]})
        for bits, time in ((8, 480.0), (16, 490.0))
    ]
    stored(tmp_path, rows)
    claims = [
        {
            "key": key,
            "text": f"It is {key}.",
            "source": "Fig. 1",
            "studies": ["mine"],
            "metric": "latency_ns",
            "test": test,
        }
        for key, test in CLAIMS.items()
    ]
    tree = {"key": "paper", "title": "A paper", "source": "doi:1", "claims": claims}
    written = tmp_path / "paper.yaml"
    written.write_text(json.dumps(tree))
    return written


def without(file: Path, key: str) -> None:
    tree = json.loads(file.read_text())
    tree["claims"] = [claim for claim in tree["claims"] if claim["key"] != key]
    file.write_text(json.dumps(tree))


def test_a_contradiction_has_an_exit_code(dse: Any, file: Path) -> None:
    answer = dse("compare", "mine", "--reference", file)
    assert answer.code == ContradictionError.exit_code == 8
    assert "1 result of 3 contradict a claim: slow (mine)" in answer.said
    cells = {row[0]: row for row in answer.cells}
    assert cells["fast"][1:5] == [
        "Fig. 1",
        "reproduced",
        "at most 500 ns",
        "480 to 490 ns (open, rtl)",
    ]
    assert cells["slow"][2] == "contradicts"
    assert cells["rising"][5] == "steps not against it: 1 of 1"
    assert "rising: It is rising. (A paper, Fig. 1)" in answer.out


def test_a_narrow_terminal_has_places_and_tests_below(
    dse: Any, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dse.cli.compare.console", lambda **_: Console(width=80))
    answer = dse("compare", "mine", "--reference", file)
    out = answer.out
    assert max(map(len, out.splitlines())) <= 80
    assert ["fast", "reproduced", "at most 500 ns", "480 to 490 ns (open, rtl)"] in answer.cells
    assert "slow: It is slow. (A paper, Fig. 1)" in out
    assert "steps not against it: 1 of 1" in out


def test_without_a_contradiction_it_ends_well(dse: Any, file: Path) -> None:
    without(file, "slow")
    assert dse("compare", "--reference", file).code == 0


def test_json_has_the_numbers_behind_the_verdict(dse: Any, file: Path) -> None:
    answer = dse("compare", "mine", "--reference", file, "--json")
    assert answer.code == 8
    found = {row["claim"]: row for row in answer.json}
    assert found["slow"]["verdict"] == "contradicts"
    assert found["slow"]["fidelity"] == "rtl"
    points = [(one["point"], one["measured"], one["agrees"]) for one in found["slow"]["points"]]
    assert points == [(0, 480.0, False), (1, 490.0, False)]


def test_all_lists_studies_that_were_not_run(dse: Any, file: Path) -> None:
    answer = dse("compare", "--all", "--reference", file, "--json")
    verdicts = {(row["study"], row["claim"]): row["verdict_text"] for row in answer.json}
    assert verdicts["bitwidth", "latency-range"] == "not run"
    assert verdicts["opencl_area", "area-alut"] == "needs aoc"
    assert verdicts["mine", "fast"] == "reproduced"
    assert verdicts["", "jedi-dsp"] == "needs the network JEDI-linear"


def test_a_shipped_study_that_was_not_run_is_named(dse: Any, file: Path) -> None:
    answer = dse("compare", "bitwidth")
    assert answer.code == 0
    assert "dse run bitwidth" in answer.out


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("compare",), 2, "no claim of a publication names the study 'mine'"),
        (("compare", "min"), 5, "there is no study 'min'"),
        (("compare", "--reference", "absent.yaml"), 4, "absent.yaml"),
    ],
)
def test_mistakes(dse: Any, file: Path, arguments: Any, code: int, says: str) -> None:
    answer = dse(*arguments)
    assert (answer.code, says in answer.said) == (code, True)


def test_the_schema_of_reference_files(dse: Any) -> None:
    assert dse("schema", "--reference").json["title"] == "dse reference"
