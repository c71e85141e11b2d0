"""The vendor backends with stand-ins for the tools on PATH."""

import os
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from stand_ins import install

from backends.hls4ml.vendor import tools
from backends.hls4ml.vendor.backend import VendorBackend, VitisBackend, VivadoBackend
from backends.hls4ml.vendor.failures import KNOWN_FAILURES, classify
from backends.modelgraph import job_graph
from backends.modelgraph.network import Network
from backends.modelgraph.vendor_hls import buildable
from dse.contracts.backend import Context, Job, Outcome, Probe
from dse.contracts.errors import DataError, EvaluationError, FailureKind
from dse.contracts.metrics import Fidelity
from dse.contracts.parameters import complete


@pytest.fixture(autouse=True)
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand-ins first on PATH; nothing remembered from other tests."""
    folder = install(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    tools.program.cache_clear()
    return folder


phases: list[str] = []
"""What the last evaluations said they were at."""


@pytest.fixture
def evaluate(
    networks: dict[str, Network],
    batch: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Any:
    """Evaluate the jet network."""
    monkeypatch.setattr(job_graph, "network_of", lambda _: networks["mlp"])
    phases.clear()

    def run(backend: VendorBackend | None = None, key: str = "k", **given: Any) -> Outcome:
        chosen = backend or VitisBackend()
        parameters = complete(chosen.parameters, {"total_bits": 12, **given})
        job = Job(
            key=key,
            backend=chosen.name,
            parameters=parameters,
            workload="w",
            workload_parameters={},
            fingerprint="f",
            base=Path(),
        )
        prepared = SimpleNamespace(inputs=batch("mlp"), fingerprint="f")
        folders = (tmp_path / "cache", tmp_path / f"evaluation-{key}")
        context = cast("Any", Context)(prepared, None, *folders, phases.append)
        return chosen.evaluate(job, context)

    return run


def values(outcome: Outcome) -> dict[str, tuple[float, Fidelity]]:
    return {m.name: (m.value, m.fidelity) for m in outcome.metrics}


def test_c_synthesis(evaluate: Any) -> None:
    outcome = evaluate()
    found = values(outcome)
    assert found["latency_cycles"] == (96, Fidelity.CSYNTH)
    assert found["latency_ns"] == (480, Fidelity.CSYNTH)  # at the clock asked for, which is met
    assert found["interval_cycles"] == (9, Fidelity.CSYNTH)
    assert found["dsp"] == (296, Fidelity.CSYNTH)
    assert outcome.effective["available"]["dsp"] == 5520  # for parts the table does not know
    assert found["clock_slack_ns"][0] == pytest.approx(5 - 3.649)
    assert outcome.effective["clock"] == "estimate"
    assert set(found) == set(VitisBackend.metrics)
    assert {"log", "project"} <= {artifact.role for artifact in outcome.artifacts}


def test_the_same_firmware_is_synthesised_once(evaluate: Any, tmp_path: Path) -> None:
    """`granularity` changes nothing where every layer has its own types."""
    types = {"*": "fixed<12,6>"}
    first = evaluate(layer_precision=types)
    second = evaluate(key="other", layer_precision=types, total_bits=13)
    assert second.effective["synthesised_by"] == "k"
    assert "synthesised_by" not in first.effective
    assert values(first) == values(second)
    log = (tmp_path / "evaluation-other" / "tool.log").read_text()
    assert log == (tmp_path / "evaluation-k" / "tool.log").read_text()
    third = evaluate(key="third", total_bits=14)
    assert "synthesised_by" not in third.effective


def test_what_cannot_be_read_is_not_shared(evaluate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAND_IN_FAILS", "truncated")
    with pytest.raises(EvaluationError, match="is not XML"):
        evaluate()
    monkeypatch.delenv("STAND_IN_FAILS")
    assert values(evaluate(key="again"))["lut"] == (5678, Fidelity.CSYNTH)


def test_the_phase_is_said(evaluate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAND_IN_SLEEPS", "1.2")
    evaluate(stage="vsynth")
    assert phases[:3] == ["vitis-run", "csynth", "vivado"]


def test_licences_follow_the_stage() -> None:
    backend = VitisBackend()
    tokens = {}
    for stage in ("csynth", "impl"):
        parameters = complete(backend.parameters, {"stage": stage})
        job = Job(
            key="k",
            backend="vitis",
            parameters=parameters,
            workload="w",
            workload_parameters={},
            fingerprint="f",
            base=Path(),
        )
        tokens[stage] = backend.plan(job).licences
    assert tokens == {"csynth": {"vitis_hls": 1}, "impl": {"vitis_hls": 1, "vivado": 1}}


def test_part_and_clock_reach_the_tool(evaluate: Any) -> None:
    outcome = evaluate(part="xcvu9p-flga2104-2L-e", clock_period_ns=3.0)
    assert outcome.effective["part"] == "xcvu9p-flga2104-2L-e"
    found = values(outcome)
    assert found["clock_slack_ns"][0] == pytest.approx(3 - 3.649)
    assert found["latency_ns"][0] == pytest.approx(96 * 3.649)  # the clock is not met


def test_co_simulation_replaces_cycles(evaluate: Any) -> None:
    found = values(evaluate(stage="cosim"))
    assert found["latency_cycles"] == (102, Fidelity.RTL)
    assert found["interval_cycles"] == (9, Fidelity.CSYNTH)  # one input shows no interval
    assert found["lut"] == (5678, Fidelity.CSYNTH)


@pytest.mark.parametrize(
    ("stage", "slack", "fidelity"),
    [("vsynth", 0.7, Fidelity.VSYNTH), ("impl", -0.5, Fidelity.IMPLEMENTED)],
)
def test_vivado_replaces_resources_and_clock(
    evaluate: Any, stage: str, slack: float, fidelity: Fidelity
) -> None:
    found = values(evaluate(stage=stage))
    assert found["lut"] == (3000, fidelity)
    assert found["bram_18k"] == (5, fidelity)
    assert found["uram"] == (2, fidelity)
    assert found["clock_slack_ns"] == (pytest.approx(slack), fidelity)
    assert found["latency_ns"][0] == pytest.approx(96 * max(5.0, 5.0 - slack))


@pytest.mark.parametrize(
    ("fails", "kind", "says"),
    [
        ("licence", FailureKind.LICENCE, "no licence"),
        ("all_in_use", FailureKind.LICENCE, "all licences are in use"),
        ("crash", FailureKind.CRASHED, "the tool crashed"),
        ("csim", FailureKind.TOOL_FAILED, "C simulation failed"),
        ("script", FailureKind.TOOL_FAILED, "did not find its script"),
        ("part", FailureKind.INVALID_POINT, "part is not installed"),
        ("unroll", FailureKind.INVALID_POINT, "refuses to unroll"),
        ("memory", FailureKind.OUT_OF_MEMORY, "out of memory"),
        ("killed", FailureKind.OUT_OF_MEMORY, "was killed"),
        ("disk", FailureKind.DISK_FULL, "disk is full"),
        ("unknown", FailureKind.TOOL_FAILED, "exit code 1"),
        ("truncated", FailureKind.REPORT_MISSING, "is not XML"),
        ("other part", FailureKind.TOOL_FAILED, "the report is of xc7z020"),
        ("varies", FailureKind.REPORT_MISSING, "does not know the latency"),
    ],
)
def test_ways_to_fail(
    evaluate: Any, monkeypatch: pytest.MonkeyPatch, fails: str, kind: FailureKind, says: str
) -> None:
    monkeypatch.setenv("STAND_IN_FAILS", fails)
    with pytest.raises(EvaluationError, match=says) as caught:
        evaluate()
    assert caught.value.kind is kind
    if fails == "unknown":
        assert "nobody has seen" in caught.value.log


def test_a_failed_co_simulation_is_no_number(
    evaluate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN_FAILS", "cosim")
    with pytest.raises(EvaluationError, match="does not agree with C"):
        evaluate(stage="cosim")


def test_a_failure_of_vivado(evaluate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAND_IN_FAILS", "vivado")
    with pytest.raises(EvaluationError, match="does not fit the part") as caught:
        evaluate(stage="impl")
    assert "Place 30-640" in caught.value.log


def test_older_spellings(path: Path, evaluate: Any) -> None:
    for name in path.iterdir():
        name.unlink()
    install(path, ("vitis_hls", "vivado_hls"))
    tools.program.cache_clear()
    assert VitisBackend().probe().tool.endswith("Vitis HLS 2023.2")
    assert values(evaluate(VivadoBackend()))["lut"] == (5678, Fidelity.CSYNTH)
    with pytest.raises(EvaluationError, match="vivado is not on PATH"):
        evaluate(stage="vsynth")


def test_without_a_tool_the_probe_says_so(path: Path) -> None:
    for name in path.iterdir():
        name.unlink()
    tools.program.cache_clear()
    probe = VitisBackend().probe()
    if not probe.available:  # a machine that has the real one
        assert "vitis-run or vitis_hls is not on PATH" in probe.reason
        assert "settings64.sh" in probe.install


def test_an_error_line_alone_is_no_failure() -> None:
    """hls4ml's script provokes one that the tool goes on after."""
    harmless = "ERROR: [HLS 200-642] The 'config_array_partition -maximum_size' command"
    assert classify(harmless, "left nothing").kind is FailureKind.TOOL_FAILED
    assert not any(known.pattern.search(harmless) for known in KNOWN_FAILURES)


@pytest.fixture
def farm_job(evaluate: Any, tmp_path: Path) -> Any:
    """A job of a farm that has run; gives its folder."""

    def make(**given: Any) -> Path:
        evaluate(**given)
        folder = tmp_path / "evaluation-k"
        (folder / "run.sh").touch()
        (folder / "run.json").write_text('{"host": "node1", "seconds": 7, "exit_code": 0}')
        return folder

    return make


def read(folder: Path, **given: Any) -> Any:
    parameters = complete(VitisBackend.parameters, {"total_bits": 12, **given})
    return VitisBackend().read(parameters, folder)


def test_a_job_that_has_run_elsewhere(farm_job: Any) -> None:
    reading = read(farm_job())
    assert values(reading.outcome)["lut"] == (5678, Fidelity.CSYNTH)
    assert (reading.host, reading.duration_s) == ("node1", 7.0)
    assert reading.tool == VitisBackend().probe().tool


def test_a_job_that_has_not_come_to_its_end(farm_job: Any) -> None:
    """Neither numbers nor a failure."""
    note = farm_job() / "run.json"
    note.unlink()
    assert read(note.parent) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"exit_code": "x"}'])
def test_a_damaged_note_gives_neither_numbers_nor_a_failure(farm_job: Any, text: str) -> None:
    note = farm_job() / "run.json"
    note.write_text(text)
    with pytest.raises(DataError, match="is damaged"):
        read(note.parent)


def test_reports_of_an_earlier_try_do_not_count(farm_job: Any) -> None:
    folder = farm_job()
    (folder / "run.json").write_text('{"exit_code": 1}')
    (folder / "tool.log").write_text("ERROR: [Common 17-345] A valid license was not found")
    assert read(folder).outcome.failure.kind is FailureKind.LICENCE
    (folder / "tool.log").write_text("")
    assert "exit code 1" in read(folder).outcome.failure.message


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("impl_timing.rpt", None, None, "there is no timing report of impl"),
        ("impl_timing.rpt", "5.000ns", "10.000ns", "is for a clock of 10.0 ns"),
        ("impl_utilization.rpt", "xcku115-flvb2104-2-i", "xc7z020clg400-1", "is of xc7z020"),
        ("impl_utilization.rpt", "Routed", "Synthesized", "is of a design that is Synthesized"),
        ("dse_effective.json", None, "{", "dse_effective.json is damaged"),
        ("dse_effective.json", None, '{"layers": 5}', "dse_effective.json is damaged"),
    ],
)
def test_reports_that_do_not_belong_together(
    farm_job: Any, file: str, old: str | None, new: str | None, says: str
) -> None:
    path = farm_job(stage="impl") / file
    if new is None:
        path.unlink()
    else:
        path.write_text(new if old is None else path.read_text().replace(old, new))
    if "damaged" in says:
        with pytest.raises(EvaluationError, match="is damaged"):
            read(path.parent, stage="impl")
        return
    failure = read(path.parent, stage="impl").outcome.failure
    assert failure.kind is FailureKind.REPORT_MISSING
    assert says in failure.message
    assert "remove its run.json" in failure.hint
    assert str(path.parent) not in failure.message  # so that equal reasons are one row


def test_a_link_to_nowhere_does_no_harm(farm_job: Any) -> None:
    folder = farm_job()
    (folder / "x.log").symlink_to("nowhere")
    assert read(folder).outcome.failure is None


def test_the_line_that_decided_is_kept() -> None:
    harmless = "ERROR: [HLS 200-642] The 'config_array_partition -maximum_size' command is not"
    decided = "terminate called after throwing an instance of 'std::bad_alloc'"
    assert classify(f"{harmless}\n{decided}\n", "x").log == decided
    unknown = classify(f"{harmless}\nERROR: [HLS 999-1] Nobody has seen it\n", "failed")
    assert unknown.message == "failed: ERROR: [HLS 999-1] Nobody has seen it"


LARGE: dict[str, Any] = {"reuse_factor": 1, "strategy": "latency"}


@pytest.fixture
def large(path: Path, evaluate: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Evaluate with Vivado HLS 2020.1; a layer of the network has too many weights."""
    monkeypatch.setattr(buildable, "TOO_MANY", 256)
    install(path, ("vivado_hls",))
    tools.program.cache_clear()
    probe = Probe(True, "hls4ml 1.3.0, Vivado HLS 2020.1")
    monkeypatch.setattr(VivadoBackend, "probe", lambda _: probe)
    return partial(evaluate, VivadoBackend(), **LARGE)


def test_what_was_never_built_is_not_tried(large: Any) -> None:
    with pytest.raises(EvaluationError, match=r"failed in 1,050 of 1,050") as caught:
        large()
    assert caught.value.kind is FailureKind.INVALID_POINT
    assert "build_anyway: true" in caught.value.hint
    assert "lut" in values(large(build_anyway=True))
    assert "lut" in values(large(strategy="resource", reuse_factor=4))


def test_other_versions_try_everything(large: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    probe = Probe(True, "hls4ml 1.3.0, Vivado HLS 2019.2")
    monkeypatch.setattr(VivadoBackend, "probe", lambda _: probe)
    assert "lut" in values(large())
