"""The OpenCL program against Keras, on every OpenCL device of this machine."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backends.modelgraph.kernel_plan import KernelPlan
from backends.modelgraph.network import Network
from backends.opencl.devices import Device, devices
from backends.opencl.events import DeviceEvent, batches, scatter
from backends.opencl.host import Host
from backends.opencl.memory import Choices
from backends.opencl.plan import make_plan
from backends.opencl.precision import Format, Formats, Stored, formats, stored_weights
from backends.opencl.reference import forward
from backends.opencl.tiling import CACHED, STAGED, Tiling
from dse.contracts.errors import EvaluationError, FailureKind

NETWORKS = ("one_pass", "two_passes", "appendix_a", "opencl", "mlp")
TOLERANCE = {32: 2e-5, 16: 2e-2}
SMALL = Tiling(tile_m=4, tile_n=8, tile_k=4, work_m=2, work_n=2, vector=2, staged=True)

Runner = Callable[..., np.ndarray[Any, Any]]


NONE = pytest.param(
    None,
    marks=pytest.mark.skip(reason="no OpenCL device: apt-get install pocl-opencl-icd"),
    id="none",
)


@pytest.fixture(params=devices() or [NONE], ids=lambda device: device.name)
def device(request: pytest.FixtureRequest) -> Device:
    found: Device = request.param
    return found


def rows_of(plan: KernelPlan, inputs: Sequence[np.ndarray[Any, Any]]) -> int:
    return inputs[2].shape[1] if plan.indices else 1


def all_outputs(
    plan: KernelPlan, host: Host, events: Sequence[DeviceEvent], rows: int
) -> np.ndarray[Any, Any]:
    return np.concatenate([scatter(plan, e, host.run(lambda e=e: e)[0], rows) for e in events])


def most(events: Sequence[DeviceEvent]) -> dict[Any, int]:
    return {kind: max(e.rows[kind] for e in events) for kind in ("nodes", "edges", "samples")}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compiled programs, for all tests."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def run(networks: dict[str, Network], batch: Any, kept: Path) -> Runner:
    def call(
        name: str, device: Device, bits: int, tiling: Tiling, size: int = 1, kernel: str = "tiled"
    ) -> np.ndarray[Any, Any]:
        plan, inputs = make_plan(networks[name]), batch(name)
        events = list(batches(plan, inputs, size))
        stored = formats(plan, events, bits, half=device.half)
        choices = Choices(bits, tiling, kernel)
        host = Host(plan, device, choices, stored, most(events), kept)
        return all_outputs(plan, host, events, rows_of(plan, inputs))

    return call


def real_edges(name: str, inputs: Sequence[np.ndarray[Any, Any]]) -> Any:
    """Edges with an end that exists; others are padding, whose output nobody uses."""
    if name == "mlp":
        return np.ones((len(inputs[0]), 1), bool)
    return (inputs[2] < 12) | (inputs[3] < 12)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("bits", [32, 16])
def test_outputs_are_keras_outputs(
    name: str, bits: int, device: Device, run: Runner, batch: Any, keras_outputs: Any
) -> None:
    inputs = batch(name)
    wanted = keras_outputs[name].reshape(len(inputs[0]), -1, 5 if name == "mlp" else 1)
    found = run(name, device, bits, CACHED)
    mask = real_edges(name, inputs)
    error = np.abs(found - wanted)[mask]
    assert error.max() < TOLERANCE[bits]


def whole(step: Any, tables: dict[str, Any], stored: Formats, event: DeviceEvent) -> Any:
    """One step in whole numbers, as the formats define it; real numbers at its end."""
    first, given = tables[step.inputs[0]], stored[step.inputs[0]]
    none = np.zeros((1, first.shape[1]), first.dtype)
    if step.kernel == "gather":
        return np.vstack([first, none])[event.index[step.index]] * given.scales
    if step.kernel == "segment_sum":
        sums = np.zeros((event.rows["nodes"] + 1, first.shape[1]))
        np.add.at(sums, event.index[step.index], first * given.scales)
        return sums[:-1]
    if step.kernel == "copy":
        return first * given.scales
    weights, steps = stored_weights(step.weights, given)
    sums = first.astype(np.int64) @ weights.astype(np.int64)
    assert np.abs(sums).max() < 2**31
    real = sums * steps.astype(float) + step.bias
    if step.activation == "relu":
        return np.maximum(real, 0)
    return 1 / (1 + np.exp(-real)) if step.activation == "sigmoid" else real


def kept_as(values: Any, given: Stored, columns: slice) -> Any:
    low = 0 if given.format is Format.UCHAR else -given.largest
    return np.clip(np.rint(values / given.scales[columns]), low, given.largest)


@pytest.mark.parametrize("bits", [16, 8])
@pytest.mark.parametrize("name", ["one_pass", "appendix_a", "opencl"])
def test_integers_are_what_they_are_said_to_be(
    name: str, bits: int, device: Device, networks: dict[str, Network], batch: Any, kept: Path
) -> None:
    """Sums of whole numbers are exact; what is left are roundings of one step between layers."""
    if bits == 16 and device.half:
        pytest.skip("this device computes in half")
    plan, inputs = make_plan(networks[name]), batch(name)
    events = list(batches(plan, inputs, 1))
    stored = formats(plan, events, bits)
    kinds = {each.format for each in stored.values()}
    assert kinds == ({Format.SHORT} if bits == 16 else {Format.SHORT, Format.UCHAR})
    host = Host(plan, device, Choices(bits, CACHED), stored, most(events), kept)
    off = []
    for event in events[:10]:
        tables = {k: kept_as(v, stored[k], slice(None)) for k, v in event.features.items()}
        for step in plan.steps:
            real = whole(step, tables, stored, event)
            table = plan.tables[step.output]
            columns = slice(step.column, step.column + real.shape[1])
            target = tables.setdefault(
                step.output, np.zeros((event.rows[table.kind], table.features))
            )
            target[:, columns] = kept_as(real, stored[step.output], columns)
        off.append(np.abs(host.run(lambda e=event: e)[0] / stored[plan.output].scales
                          - tables[plan.output]))  # fmt: skip
    steps = np.concatenate(off)
    assert steps.max() < 0.01 * stored[plan.output].largest
    assert np.mean(steps < 1.5) > 0.97


@pytest.mark.parametrize("bits", [16, 8])
def test_tiles_change_no_integer(bits: int, device: Device, run: Runner) -> None:
    if bits == 16 and device.half:
        pytest.skip("this device computes in half")
    tiles = [run("opencl", device, bits, tiling) for tiling in (CACHED, SMALL)]
    naive = run("opencl", device, bits, CACHED, kernel="naive")
    for made in tiles:
        np.testing.assert_allclose(made, naive, atol=2e-4)  # a step of the output


@pytest.mark.parametrize("name", NETWORKS)
def test_8_bits_are_near_float(name: str, device: Device, run: Runner, batch: Any) -> None:
    mask = real_edges(name, batch(name))
    error = np.abs(run(name, device, 8, CACHED) - run(name, device, 32, CACHED))[mask]
    assert np.median(error) < 0.02


@pytest.mark.parametrize(
    "tiling",
    [
        SMALL,
        STAGED,
        Tiling(tile_m=8, tile_n=16, tile_k=1, work_m=4, work_n=16, vector=8, staged=False),
        Tiling(tile_m=3, tile_n=1, tile_k=5, work_m=1, work_n=1, vector=1, staged=True),
        Tiling(tile_m=6, tile_n=96, tile_k=8, work_m=3, work_n=6, vector=2, staged=False),
    ],
    ids=["small", "staged", "cached", "odd", "no power of two"],
)
@pytest.mark.parametrize("name", ["one_pass", "opencl"])
def test_tiles_change_nothing(name: str, device: Device, run: Runner, tiling: Tiling) -> None:
    """In float, sums are taken in the same order of depth whatever the tiles."""
    assert tiling.mistake() == ""
    tiles = run(name, device, 32, tiling)
    np.testing.assert_allclose(tiles, run(name, device, 32, CACHED, kernel="naive"), atol=2e-5)


@pytest.mark.parametrize("bits", [32, 8])
@pytest.mark.parametrize("size", [3, 40])
def test_events_together_are_events_alone(
    device: Device, run: Runner, bits: int, size: int
) -> None:
    alone, together = (run("two_passes", device, bits, CACHED, n) for n in (1, size))
    np.testing.assert_allclose(together, alone, atol=2e-6)


def test_double_buffering_gives_the_same_outputs(
    device: Device, networks: dict[str, Network], batch: Any, kept: Path, monkeypatch: Any
) -> None:
    plan, inputs = make_plan(networks["two_passes"]), batch("two_passes")
    events = list(batches(plan, inputs, 1))
    host = Host(plan, device, Choices(32, CACHED), formats(plan, (), 32), most(events), kept)
    alone = [host.run(lambda e=event: e)[0].copy() for event in events]
    seen: list[Any] = []
    take = Host.take_outputs

    def watch(self: Host, slot: Any) -> Any:
        seen.append(take(self, slot).copy())
        return seen[-1]

    monkeypatch.setattr(Host, "take_outputs", watch)
    assert host.run_all([lambda e=e: e for e in events], double_buffering=True) > 0
    assert len(seen) == len(events)
    for mine, theirs in zip(seen, alone, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_times_add_up(device: Device, networks: dict[str, Network], batch: Any, kept: Path) -> None:
    """What profiling counts is part of what the clock counts."""
    plan, inputs = make_plan(networks["opencl"]), batch("opencl")
    (event,) = batches(plan, inputs, 40)
    host = Host(plan, device, Choices(32, CACHED), formats(plan, (), 32), most([event]), kept)
    host.run(lambda e=event: e)
    timing = host.run(lambda e=event: e)[1]
    assert 0 < timing.dense <= timing.kernels
    assert timing.transfers > 0
    assert timing.kernels + timing.transfers < timing.total * 1.05


@pytest.mark.parametrize("name", NETWORKS)
def test_the_plan_in_numpy_is_keras(
    name: str, networks: dict[str, Network], batch: Any, keras_outputs: Any
) -> None:
    plan, inputs = make_plan(networks[name]), batch(name)
    rows = rows_of(plan, inputs)
    found = np.concatenate(
        [scatter(plan, e, forward(plan, e)[plan.output], rows) for e in batches(plan, inputs, 7)]
    )
    mask = real_edges(name, inputs)
    wanted = keras_outputs[name].reshape(found.shape)
    np.testing.assert_allclose(found[mask], wanted[mask], atol=2e-5)


def test_what_a_device_cannot_hold_is_refused(
    device: Device, networks: dict[str, Network], kept: Path
) -> None:
    plan = make_plan(networks["one_pass"])
    rows: Any = {"nodes": 12, "edges": 17, "samples": 1}
    huge = Tiling(
        tile_m=4096, tile_n=4096, tile_k=4096, work_m=64, work_n=64, vector=16, staged=True
    )
    with pytest.raises(EvaluationError, match="bytes of local memory") as caught:
        Host(plan, device, Choices(32, huge), formats(plan, (), 32), rows, kept)
    assert caught.value.kind is FailureKind.INVALID_POINT
    many = Tiling(tile_m=1024, tile_n=1024, tile_k=1, work_m=1, work_n=1, vector=1, staged=False)
    with pytest.raises(EvaluationError, match="a work-group of 1024 x 1024"):
        Host(plan, device, Choices(32, many), formats(plan, (), 32), rows, kept)


def test_a_build_error_has_its_log(
    device: Device, networks: dict[str, Network], kept: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr("backends.opencl.program.source", lambda *_: "__kernel void dense( {")
    rows: Any = {"nodes": 12, "edges": 17, "samples": 1}
    plan = make_plan(networks["one_pass"])
    with pytest.raises(EvaluationError, match="the kernels do not build") as caught:
        Host(plan, device, Choices(32, SMALL), formats(plan, (), 32), rows, kept)
    assert caught.value.kind is FailureKind.TOOL_FAILED
    assert "error" in caught.value.log


def test_more_than_its_memory(device: Device, networks: dict[str, Network], kept: Path) -> None:
    plan = make_plan(networks["one_pass"])
    rows: Any = {"nodes": 10**10, "edges": 17, "samples": 1}
    with pytest.raises((EvaluationError, MemoryError)) as caught:
        Host(plan, device, Choices(32, SMALL), formats(plan, (), 32), rows, kept)
    if isinstance(caught.value, EvaluationError):
        assert caught.value.kind is FailureKind.OUT_OF_MEMORY
