"""The aoc backend with a stand-in for the tool: what it is told, and how it fails."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from stand_ins import install

from backends.modelgraph.network import Network
from backends.opencl.aoc import backend as module
from backends.opencl.aoc.backend import AocBackend
from dse.analysis.utilisation import capacity_of_evaluation, share_factor
from dse.contracts.backend import Context, Job, Outcome
from dse.contracts.errors import EvaluationError, FailureKind
from dse.contracts.metrics import Fidelity
from dse.contracts.parameters import complete


@pytest.fixture
def evaluate(networks: dict[str, Network], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    folder = install(tmp_path / "bin", ("aoc",))
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(module, "extract", lambda *_: networks["opencl"])

    def run(**given: Any) -> Outcome:
        parameters = complete(AocBackend.parameters, given)
        job = Job(
            key="k",
            backend="aoc",
            parameters=parameters,
            workload="w",
            workload_parameters={},
            fingerprint="f",
            base=Path(),
        )
        prepared = SimpleNamespace(fingerprint="f")
        context = cast("Any", Context)(prepared, None, tmp_path / "cache", tmp_path / "e")
        return AocBackend().evaluate(job, context)

    return run


def share(outcome: Outcome, count: str) -> float:
    """Percent of the device, as a reader of the store computes it."""
    told: Any = outcome.effective["available"]
    factor = share_factor(count, capacity_of_evaluation("", told))
    assert factor is not None
    return factor * next(m.value for m in outcome.metrics if m.name == count)


def values(outcome: Outcome) -> dict[str, tuple[float, Fidelity]]:
    return {m.name: (m.value, m.fidelity) for m in outcome.metrics}


def test_the_early_estimate(evaluate: Any, tmp_path: Path) -> None:
    outcome = evaluate(board="a10gx")
    found = values(outcome)
    assert found["alut"] == (85440, Fidelity.CSYNTH)
    assert share(outcome, "alut") == pytest.approx(10.0)
    assert found["worst_ii"] == (2, Fidelity.CSYNTH)
    assert "kernel_fmax_mhz" not in found
    kernels = (tmp_path / "e" / "device.cl").read_text()
    assert "#define TILE_M 32\n" in kernels
    assert "#define STAGED 1\n" in kernels


def test_a_fit_replaces_the_estimate(evaluate: Any) -> None:
    found = values(evaluate(compile="full"))
    assert found["register"] == (150000, Fidelity.IMPLEMENTED)
    assert found["kernel_fmax_mhz"] == (231.5, Fidelity.IMPLEMENTED)


def test_on_chip_memory_is_made_for_the_largest_layer(evaluate: Any, tmp_path: Path) -> None:
    evaluate(kernel="stream", lanes=16)
    kernels = (tmp_path / "e" / "device.cl").read_text()
    assert "#define MAX_DEPTH 250\n#define MAX_WIDTH 256\n" in kernels
    assert "dense_naive" not in kernels


@pytest.mark.parametrize(
    ("fails", "kind", "says"),
    [
        ("error", FailureKind.TOOL_FAILED, "exit code 1"),
        ("nothing", FailureKind.TOOL_FAILED, "aoc left no reports"),
        ("truncated", FailureKind.REPORT_MISSING, "is not JSON"),
    ],
)
def test_ways_to_fail(
    evaluate: Any, monkeypatch: pytest.MonkeyPatch, fails: str, kind: FailureKind, says: str
) -> None:
    monkeypatch.setenv("STAND_IN_FAILS", fails)
    with pytest.raises(EvaluationError, match=says) as caught:
        evaluate()
    assert caught.value.kind is kind


def test_illegal_tiles_are_refused_before_anything_runs() -> None:
    parameters = complete(AocBackend.parameters, {"tile_m": 30, "work_m": 4})
    with pytest.raises(ValueError, match="tile_m must be a multiple of work_m"):
        AocBackend().check(parameters)


def test_without_aoc_nothing_is_made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    probe = AocBackend().probe()
    assert not probe.available
    assert "dse emit" in probe.install
