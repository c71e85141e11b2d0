"""`dse calibrate`: errors of networks left out, a file that a study names, and what it refuses."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dse.contracts.backend import Job, Outcome
from dse.contracts.errors import StudyError
from dse.contracts.metrics import Fidelity, Metric
from dse.contracts.parameters import Parameter
from dse.store.records import Evaluation, StudyRecord
from dse.store.store import Store
from dse.study.parameter_files import with_files
from dse.study.source import parse_yaml

from .conftest import Dse
from .test_corrections_command import WHEN

TOOL = {"tool": "vitis_hls-2021.1", "part": "p", "calibration": {}}
SHIFTS = {"a": 1.2, "b": 1.25, "c": 1.3}
"""By network, reports as a factor of predictions."""


def store_reports(
    database: Path,
    networks: str = "abc",
    reporter: str = "vitis",
    effective: dict[str, Any] | None = None,
    built: bool = False,
    **changed: Any,
) -> None:
    store = Store(str(database))
    study = store.save_study(StudyRecord("mine", "", "s.yaml", "", {}))
    labels = [(network, bits) for network in networks for bits in range(4, 13)]
    points = store.save_points(study, [{"network": n, "bits": b} for n, b in labels])
    for point, (network, bits) in zip(points, labels, strict=True):
        predicted = Metric.of("lut", 100 * bits, Fidelity.PREDICTED)
        reported = Metric.of("lut", 100 * bits * SHIFTS[network], Fidelity.CSYNTH)
        pairs = [("estimate", predicted, TOOL | changed), (reporter, reported, {"part": "p"})]
        if built:
            pairs.append(("open", Metric.of("lut", 60 * bits, Fidelity.RTL), {"part": "p"}))
        for backend, metric, parameters in pairs:
            job = Job(
                key=f"{backend}{point.number}",
                backend=backend,
                parameters=parameters,
                workload="w",
                workload_parameters={},
                fingerprint=network,
                base=Path(),
            )
            when = replace(WHEN, tool=f"{backend} 1")
            outcome = Outcome((metric,), effective or {})
            store.record([Evaluation(job, outcome, when)], {job.key: [point.id]})
    store.close()


def test_networks_are_left_out(dse: Dse, tmp_path: Path) -> None:
    """Of three networks 1.2, 1.25 and 1.3, the outer ones are missed by the other two's median."""
    store_reports(tmp_path / "results.db")
    (fit,) = dse("calibrate", "--json").json["fits"]
    assert (fit["tool"], fit["part"], fit["metric"]) == ("vitis_hls-2021.1", "p", "lut")
    assert (fit["points"], fit["networks"], fit["left_out"]) == (27, 3, "network")
    assert fit["factor"] == 1.25
    assert fit["error_before"] == pytest.approx(0.2)
    assert fit["error_left_out"] == pytest.approx(1.275 / 1.2 - 1, abs=0.01)


def test_a_single_network_says_so(dse: Dse, tmp_path: Path) -> None:
    store_reports(tmp_path / "results.db", "a")
    answer = dse("calibrate")
    assert "points were left out" in answer.out


def test_the_tool_that_the_backend_took_is_corrected(dse: Dse, tmp_path: Path) -> None:
    taken = {"predicted": {"tool": "vitis_hls-2023.2", "rule_set": 3, "stage": "csynth"}}
    store_reports(tmp_path / "results.db", tool="auto", effective=taken)
    (fit,) = dse("calibrate", "--json").json["fits"]
    assert (fit["tool"], fit["rule_set"]) == ("vitis_hls-2023.2", 3)


def test_predictions_of_later_stages_are_no_basis(dse: Dse, tmp_path: Path) -> None:
    store_reports(tmp_path / "results.db", effective={"predicted": {"stage": "routed"}})
    assert dse("calibrate", "--json").json["fits"] == []
    assert dse("calibrate", "--out", "mine.yaml").code == 2


def test_networks_are_left_out_between_any_fidelities(dse: Dse, tmp_path: Path) -> None:
    """The same errors in both tables: one way of learning."""
    store_reports(tmp_path / "results.db")
    answer = dse("calibrate", "--json").json
    (fit,), (found,) = answer["fits"], answer["corrections"]
    assert (found["left_out"], found["n_both"]) == ("network", 27)
    if found["model"] == "constant":
        assert found["error_after"] == pytest.approx(fit["error_left_out"], abs=1e-3)


def test_predicted_reported_and_built_numbers_stand_side_by_side(dse: Dse, tmp_path: Path) -> None:
    store_reports(tmp_path / "results.db", "a", built=True)
    shown = dse("show", 0).out
    assert all(fidelity in shown for fidelity in ("predicted", "csynth", "rtl"))
    columns = "estimate.lut,vitis.lut,open.lut"
    row = dse("pareto", "--metric", columns, "--format", "json").json[0]
    assert {"estimate.lut", "vitis.lut", "open.lut"} <= set(row)


def test_corrected_predictions_are_no_basis(dse: Dse, tmp_path: Path) -> None:
    store_reports(tmp_path / "results.db", calibration={"fits": [{}]})
    answer = dse("calibrate", "--out", "mine.yaml")
    assert answer.code == 2
    assert "no metric has a predicted and a reported number" in answer.said


def test_reports_of_two_tools_are_not_mixed(dse: Dse, tmp_path: Path) -> None:
    store_reports(tmp_path / "results.db")
    store_reports(tmp_path / "results.db", reporter="vivado")
    assert len(dse("calibrate", "--json").json["fits"]) == 2
    answer = dse("calibrate", "--out", "mine.yaml")
    assert "choose one with --reported-by" in answer.said
    assert dse("calibrate", "--out", "mine.yaml", "--reported-by", "vivado").code == 0


LISTED = Parameter("calibration", dict, {}, "fits", file=True)


def test_a_study_may_name_the_file(dse: Dse, tmp_path: Path) -> None:
    store_reports(tmp_path / "results.db")
    assert dse("calibrate", "--out", "mine.yaml").code == 0
    read = with_files([LISTED], {"calibration": "mine.yaml"}, tmp_path)
    assert read == {"calibration": parse_yaml((tmp_path / "mine.yaml").read_text(), "")[0]}
    assert with_files([LISTED], {"calibration": {}}, tmp_path) == {"calibration": {}}


@pytest.mark.parametrize("text", [None, "- 1", "a: [", "1"])
def test_a_wrong_file_is_named(text: str | None, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(StudyError) as caught:
        with_files([LISTED], {"calibration": "mine.yaml"}, tmp_path)
    assert "mine.yaml" in caught.value.where
