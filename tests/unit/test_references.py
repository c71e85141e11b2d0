"""Published figures and claims come from files of packages; a wrong file is explained."""

import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from dse.analysis.claims import Follows
from dse.analysis.reference_schema import reference_json_schema
from dse.analysis.references import References
from dse.contracts.errors import DataError
from dse.contracts.metric_names import MetricName
from dse.contracts.registry import Registry, installed_metrics
from dse.study.expressions import Expression
from dse.study.shipped import shipped_studies
from dse.study.validate import load_binding

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "workloads" / "tracking" / "references"
SHIPPED = sorted(FOLDER.glob("*.yaml"))
EXAMPLE = ROOT / "docs" / "how-to" / "reference.yaml"

CURVE = {
    "label": "board",
    "metric": "latency_ns",
    "unit": "ns",
    "source": "Table 1",
    "points": [[1, 5e3], [2, 4e3]],
}
FIGURE = {
    "key": "3",
    "title": "Fig. 3",
    "x": "bits",
    "metrics": ["latency_ns"],
    "studies": ["mine"],
}


def write(folder: Path, name: str = "a.yaml", **sections: Any) -> Path:
    folder.mkdir(exist_ok=True)
    tree = {
        "key": "paper",
        "title": "A paper",
        "source": "doi:1",
        "figures": [{**FIGURE, "curves": [CURVE]}],
    }
    with (folder / name).open("w") as file:
        YAML(typ="safe").dump({**tree, **sections}, file)
    return folder


def test_figures_of_all_packages(tmp_path: Path) -> None:
    other = [{**FIGURE, "x": "reuse", "studies": []}]
    folders = [write(tmp_path / "a"), write(tmp_path / "b", key="other", figures=other)]
    (folders[0] / "__init__.py").touch()
    found = References(folders)
    assert list(found.figures) == ["paper.3", "other.3"]
    figure = found.of_study("mine")
    assert figure is found.figures["paper.3"]
    curves = found.curves("bits", figure)
    assert curves["x"].tolist() == [1, 2]
    assert curves["y"].tolist() == [5e3, 4e3]
    assert found.curves("bits").equals(curves)
    assert found.curves("reuse").empty
    assert found.of_study("nobody's") is None


CLAIM = {
    "key": "fast",
    "text": "It is fast.",
    "source": "Sec. 1",
    "studies": ["mine"],
    "metric": "latency_ns",
    "test": {"kind": "between", "high": 1000},
}


def claimed(**keys: Any) -> dict[str, Any]:
    """The sections of a file with one claim, some keys of which are replaced."""
    return {"claims": [{**CLAIM, **keys}]}


FOLLOWS = {"kind": "follows", "curve": "bord"}


@pytest.mark.parametrize(
    ("sections", "place"),
    [
        (claimed(tests={}), "(claims.0.tests)"),
        (claimed(test={}), "(claims.0.test)"),
        (claimed(test={"kind": "betwen"}), "(claims.0.test)"),
        (claimed(test={"kind": "between"}), "(claims.0.test)"),
        (claimed(test={"kind": "between", "low": 2, "high": 1}), "(claims.0.test)"),
        (claimed(test={"kind": "between", "lower": 2}), "(claims.0.test.lower)"),
        (claimed(test={"kind": "value", "value": "fast"}), "(claims.0.test.value)"),
        (claimed(test={"kind": "ratio", "low": 2}), "(claims.0.test)"),
        (claimed(test={"kind": "follows", "curve": "x", "within": 0.5}), "(claims.0.test)"),
        (claimed(test=FOLLOWS), "(claims.0.test.curve)"),
        (claimed(test=FOLLOWS, figure="3"), "(claims.0.test.curve)"),
        (claimed(figure="4"), "(claims.0.figure)"),
        (claimed(where="bits >"), "(claims.0.where)"),
        (claimed(fidelity=["rlt"]), "(claims.0.fidelity.0)"),
        ({"claims": [CLAIM, CLAIM]}, "(claims.1.key)"),
        ({"figurs": []}, "(figurs)"),
        ({"source": ""}, "(source)"),
        ({"figures": [{**FIGURE, "metrics": []}]}, "(figures.0.metrics)"),
        ({"figures": [{**FIGURE, "log": ["x"]}]}, "(figures.0.log.0)"),
        ({"figures": [FIGURE, FIGURE]}, "(figures.1.key)"),
        (
            {"figures": [{**FIGURE, "curves": [{**CURVE, "points": [[1]]}]}]},
            "(figures.0.curves.0.points.0",
        ),
    ],
)
def test_a_mistake_has_its_place(tmp_path: Path, sections: dict[str, Any], place: str) -> None:
    with pytest.raises(DataError) as caught:
        References([write(tmp_path, **sections)])
    assert caught.value.where.endswith(place) or place.endswith(".0")
    assert place in caught.value.where
    # file and line
    assert re.match(r".*a\.yaml:\d+ \(", caught.value.where)
    assert caught.value.hint


def test_two_files_with_one_key_are_named(tmp_path: Path) -> None:
    write(tmp_path)
    with pytest.raises(DataError, match="another file has the key 'paper' too") as caught:
        References([write(tmp_path, "b.yaml")])
    assert "b.yaml" in caught.value.where


def test_what_is_no_yaml_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("key: [")
    with pytest.raises(DataError, match="cannot be read") as caught:
        References([tmp_path])
    assert "a.yaml" in caught.value.where


def test_a_curve_that_a_claim_misspells_is_suggested(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="figure '3' has no curve 'bord'") as caught:
        References([write(tmp_path, **claimed(test=FOLLOWS, figure="3"))])
    assert "did you mean 'board'?" in caught.value.hint


def test_claims_are_found_by_study(tmp_path: Path) -> None:
    idle = {**CLAIM, "key": "idle", "studies": []}
    found = References([], [write(tmp_path, claims=[CLAIM, idle]) / "a.yaml"])
    assert [claim.key for _, claim in found.claims("mine")] == ["fast"]
    assert [claim.key for _, claim in found.claims("")] == ["idle"]
    assert list(found.claims("nobody's")) == []
    assert found.tested_studies == ["mine"]


def test_the_schema_accepts_what_is_read_and_describes_every_key(tmp_path: Path) -> None:
    schema = reference_json_schema()
    check = Draft202012Validator(schema)
    check.check_schema(schema)
    for file in (*SHIPPED, EXAMPLE):
        assert list(check.iter_errors(YAML(typ="safe").load(file.read_text()))) == []
    assert list(check.iter_errors({"key": "k", "title": "t", "source": "s", "claim": []}))
    for name, section in schema["$defs"].items():
        for key, value in section.get("properties", {}).items():
            assert value.get("description"), f"{name}.{key}"


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_shipped_references_fit_studies_and_metrics(file: Path) -> None:
    """Metrics exist and have the unit of their curve; studies and parameters exist."""
    metrics, shipped = installed_metrics(), shipped_studies()
    reference = References([], [file]).all[file.stem]
    for figure in reference.figures:
        for curve in figure.curves:
            info = metrics.get(curve.metric)
            assert info is not None, curve.metric
            assert info.unit == curve.unit
    for claim in reference.claims:
        assert metrics.get(MetricName.parse(claim.metric).metric), claim.key
        for study in claim.studies:
            binding = load_binding(shipped[study], (), Registry.installed())
            names = Expression.parse(claim.where).names if claim.where else frozenset[str]()
            parameters = {parameter for axis in binding.space.axes for parameter in axis.names}
            assert names <= parameters, claim.key


def test_the_example_of_the_documents_is_read() -> None:
    assert [claim.key for _, claim in References([], [EXAMPLE]).claims("bitwidth")]


def test_the_paper_of_the_shipped_studies_is_covered() -> None:
    """Every panel has claims, and every curve a claim that tests it or a line to look at."""
    paper = References([], [FOLDER / "heintz2020.yaml"]).all["heintz2020"]
    claimed_figures = {claim.figure for claim in paper.claims}
    assert {figure.key for figure in paper.figures} <= claimed_figures
    sources = {claim.source for claim in paper.claims}
    assert {"Fig. 2 left", "Fig. 2 centre", "Fig. 2 right", "Fig. 3", "Fig. 4"} <= sources
    tested = {claim.test.curve for claim in paper.claims if isinstance(claim.test, Follows)}
    labels = {curve.label for figure in paper.figures for curve in figure.curves}
    # these are tested value by value
    assert labels - tested == {"float, Appendix A (vesal-rm/hls4ml)", "nodes", "edges"}
