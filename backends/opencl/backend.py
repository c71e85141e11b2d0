"""Backend `opencl`: the network as host program and kernels, measured on a local device."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod
from time import perf_counter_ns
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.extraction import extract
from backends.modelgraph.kernel_plan import KernelPlan, Kind
from backends.opencl.devices import INSTALL, Device, choose, devices, package_version
from backends.opencl.events import BatchBuilder, DeviceEvent, batch_builders, scatter
from backends.opencl.host import Host, KernelTiming
from backends.opencl.memory import Choices
from backends.opencl.metrics import METRICS
from backends.opencl.plan import make_plan
from backends.opencl.precision import Formats, describe, formats
from backends.opencl.tiling import CACHED, STAGED, VECTORS, Tiling, round_up
from dse.analysis.intervals import central_95
from dse.contracts.backend import Backend, Context, Job, Outcome, Probe, Resources
from dse.contracts.errors import EvaluationError, FailureKind
from dse.contracts.metrics import CATALOGUE, Fidelity, Metric, MetricInfo
from dse.contracts.parameters import Assignment, Parameter, Value

_SIZES = ("tile_m", "tile_n", "tile_k", "work_m", "work_n", "vector")
_WARM_UP_BATCHES = 2  # run before the timed ones and not counted
_DEFINITIONS = {**CATALOGUE, **{info.name: info for info in METRICS}}
_LIBRARY_ROWS = 2048  # with fewer, numpy's time is mostly that of starting its threads


def _size(name: str, text: str, choices: tuple[Value, ...] = ()) -> Parameter:
    """Return the parameter of one size of the tiling."""
    return Parameter(
        name,
        int,
        None,
        f"{text}; null for a value that suits the device",
        optional=True,
        minimum=1,
        choices=choices,
    )


class OpenclBackend(Backend):
    """Outputs and times of the network on an OpenCL device.

    Latencies are of whole batches, from their preparation on the host to their outputs there;
    kernel and transfer times are from event profiling. Outputs are computed on the device.
    """

    name: ClassVar[str] = "opencl"
    fidelity: ClassVar[Fidelity] = Fidelity.MEASURED
    version: ClassVar[int] = 3
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter(
            "device",
            str,
            None,
            "OpenCL device as platform:device, both parts of names; null for the first device",
            optional=True,
        ),
        Parameter(
            "precision_bits",
            int,
            32,
            "width of numbers on the device: float; half, or 16-bit integers where the device has "
            "no half; or 8-bit integers between layers",
            unit="bits",
            choices=(32, 16, 8),
        ),
        Parameter(
            "kernel",
            str,
            "tiled",
            "matrix kernel: tiled; naive, one work-item per result, to compare with; or stream, "
            "single work-items joined by channels, for FPGA devices",
            choices=("tiled", "naive", "stream"),
        ),
        Parameter(
            "staging",
            str,
            "auto",
            "whether tiles go through local memory; auto: where it is a memory of its own",
            choices=("auto", "local", "none"),
        ),
        _size("tile_m", "rows that a work-group computes"),
        _size("tile_n", "columns that a work-group computes"),
        _size("tile_k", "depth of the tiles in local memory"),
        _size("work_m", "rows that a work-item computes"),
        _size("work_n", "columns that a work-item computes"),
        _size("vector", "numbers in one vector operation", VECTORS),
        Parameter("events_per_batch", int, 1, "graphs (samples) in one batch", minimum=1),
        Parameter(
            "double_buffering",
            bool,
            True,
            "prepare and send the next batch while the kernels of this one run",
        ),
        Parameter(
            "timed_batches", int, 10, "number of different batches that are timed", minimum=1
        ),
        Parameter("repeats", int, 5, "number of times that each batch is timed", minimum=1),
        Parameter(
            "calibration_events",
            int,
            8,
            "number of batches whose largest values give the scales of integers",
            minimum=1,
        ),
    )
    metrics: ClassVar[tuple[str, ...]] = (
        "latency_ns",
        "kernel_ns",
        "transfer_ns",
        "enqueue_ns",
        "throughput_hz",
        "gflops",
        "library_ratio",
        "batch_nodes",
        "batch_edges",
        "batch_bytes",
    )
    metric_definitions: ClassVar[tuple[MetricInfo, ...]] = METRICS
    computes_outputs: ClassVar[bool] = True

    def probe(self) -> Probe:
        """Return whether pyopencl and a driver are here; every device is part of the key."""
        package = package_version()
        if package is None:
            return Probe(False, "", "pyopencl is not installed", INSTALL)
        if not devices():
            return Probe(False, f"pyopencl {package}", "there is no OpenCL device", INSTALL)
        found = ", ".join(f"{device.version} on {device.name}" for device in devices())
        return Probe(True, f"pyopencl {package}, {found}")

    def check(self, parameters: Assignment) -> None:
        """Refuse sizes that are not legal on any device.

        With `staging: auto` the device decides between two tilings, so one legal tiling suffices.
        """
        staging = str(parameters["staging"])
        for base in {"auto": (CACHED, STAGED), "local": (STAGED,), "none": (CACHED,)}[staging]:
            mistake = _with_sizes(base, parameters).mistake()
            if not mistake:
                return
        raise ValueError(mistake)

    def refusal(self, job: Job, context: Context) -> str:  # noqa: ARG002  (any parameters)
        """Return why there is no program for a network: a layer without kernels."""
        try:
            make_plan(extract(context.prepared, context.cache, context.directory).reduced())
        except EvaluationError as error:
            return error.failure.message
        return ""

    def plan(self, job: Job) -> Resources:  # noqa: ARG002  (the same for every job)
        """Return resources: all cores, so that no other evaluation disturbs the measurement."""
        return Resources(
            cpus=float(os.cpu_count() or 1), memory_gb=3.0, expected_s=20.0, isolated=True
        )

    def evaluate(self, job: Job, context: Context) -> Outcome:
        """Run the evaluation set, score the outputs, then time batches.

        Raises:
            EvaluationError: no such device, an unknown layer, sizes beyond the device's limits,
                kernels that do not build, or an error of the driver.
        """
        device = choose(_optional_text(job.parameters["device"]))
        bits, size = (_int(job, name) for name in ("precision_bits", "events_per_batch"))
        network = extract(context.prepared, context.cache, context.directory).reduced()
        plan = make_plan(network)
        inputs = context.prepared.inputs
        builders = batch_builders(plan, inputs, size)
        events = [build() for build in builders]
        tiling = _tiling(device, job.parameters)
        choices = Choices(bits, tiling, str(job.parameters["kernel"]))
        calibration = events[: _int(job, "calibration_events")]
        stored = formats(plan, calibration, bits, half=device.half)
        context.progress(f"on {device.name}")
        host = Host(plan, device, choices, stored, _largest_batch(events), context.cache / "opencl")
        sample_rows = _rows_of_output(plan, inputs)
        pairs = zip(builders, events, strict=True)
        parts = [scatter(plan, event, host.run(build)[0], sample_rows) for build, event in pairs]
        outputs = np.concatenate(parts)
        # One row per sample: the network's output has no axis of rows.
        if plan.tables[plan.output].kind == "samples":
            outputs = outputs[:, 0] if sample_rows == 1 else outputs
        scores = context.workload.score(context.prepared, outputs, self.fidelity)
        count, overlap = _int(job, "timed_batches"), bool(job.parameters["double_buffering"])
        timed = events[:count]
        measured = _measure(
            host, plan, builders[:count], timed, _int(job, "repeats"), overlap=overlap
        )
        library = _library_ratio(device, plan, timed, measured)
        effective = _configuration(device, tiling, bits, max(e.samples for e in events), len(timed))
        return Outcome(
            (*scores, *measured, *library, *_sizes(timed, stored)),
            {**effective, **context.roc(outputs)},
        )


def _optional_text(value: Value) -> str | None:
    return None if value is None else str(value)


def _int(job: Job, name: str) -> int:
    return int(str(job.parameters[name]))


def _with_sizes(base: Tiling, parameters: Assignment) -> Tiling:
    """Return a tiling with the given sizes in place of its own.

    Sizes that are not given follow: a work-item or vector shrinks to a power of two that divides
    the given tile; a tile grows to a multiple of the given work-item.
    """
    given: dict[str, Any] = {n: parameters[n] for n in _SIZES if parameters[n] is not None}
    made = replace(base, **given)
    for whole, part in (("tile_m", "work_m"), ("tile_n", "work_n"), ("work_n", "vector")):
        limit = getattr(made, whole)
        if part not in given and limit % getattr(made, part):
            options = [d for d in VECTORS if limit % d == 0 and d <= getattr(base, part)]
            made = replace(made, **{part: options[-1]})  # type: ignore[arg-type]
        if whole not in given and part in given:
            made = replace(made, **{whole: round_up(limit, given[part])})  # type: ignore[arg-type]
    return made


def _tiling(device: Device, parameters: Assignment) -> Tiling:
    """Return the tiling for a device; raise EvaluationError, invalid_point, if it is not legal."""
    staging = str(parameters["staging"])
    staged = staging == "local" or (staging == "auto" and not device.caches)
    made = _with_sizes(STAGED if staged else CACHED, parameters)
    if mistake := made.mistake():
        raise EvaluationError(FailureKind.INVALID_POINT, mistake)
    return made


def _largest_batch(events: Sequence[DeviceEvent]) -> dict[Kind, int]:
    """Return the largest number of rows of each kind, which buffers must hold."""
    kinds: tuple[Kind, ...] = ("nodes", "edges", "samples")
    return {kind: max(event.rows[kind] for event in events) for kind in kinds}


def _rows_of_output(plan: KernelPlan, inputs: Sequence[NDArray[Any]]) -> int:
    """Return the rows of one sample's output, padding included."""
    table = plan.tables[plan.output]
    if table.kind == "samples":
        return table.per_sample
    if table.kind == "nodes":
        return plan.no_node
    return prod(inputs[plan.inputs.index(plan.indices[0])].shape[1:])


def _measure(
    host: Host,
    plan: KernelPlan,
    builders: Sequence[BatchBuilder],
    events: Sequence[DeviceEvent],
    repeats: int,
    *,
    overlap: bool,
) -> list[Metric]:
    """Return latency with its parts, throughput and the rate of the dense layers.

    Latencies are of batches that run alone; throughput is of all batches in a row.
    """
    for build in builders[:_WARM_UP_BATCHES]:
        host.run(build)
    times = [host.run(build)[1] for _ in range(repeats) for build in builders]
    passes = [host.run_all(builders, double_buffering=overlap) for _ in range(repeats)]
    samples = sum(event.samples for event in events)
    dense = sum(t.dense for t in times)
    flops = repeats * sum(plan.flops(event.rows) for event in events)
    return [
        _spread("latency_ns", [t.total for t in times]),
        _spread("kernel_ns", [t.kernels for t in times]),
        _spread("transfer_ns", [t.transfers for t in times]),
        _spread("enqueue_ns", [_enqueue_ns(t) for t in times]),
        _spread("throughput_hz", [samples * 1e9 / spent for spent in passes]),
        _measured("gflops", flops / max(dense, 1.0)),
    ]


def _enqueue_ns(timing: KernelTiming) -> float:
    """Return latency less kernels and transfers, at least 0, as the clocks are different ones."""
    return max(timing.total - timing.kernels - timing.transfers, 0.0)


def _measured(
    name: str, value: float, low: float | None = None, high: float | None = None
) -> Metric:
    return _DEFINITIONS[name].metric(value, Fidelity.MEASURED, low=low, high=high)


def _spread(name: str, values: Sequence[float]) -> Metric:
    """Return the median, with the bounds of the central 95 % of the values."""
    low, high = central_95(values)
    return _measured(name, float(np.median(values)), low=low, high=high)


def _library_ratio(
    device: Device, plan: KernelPlan, events: Sequence[DeviceEvent], measured: Sequence[Metric]
) -> list[Metric]:
    """Return the rate of the dense kernels relative to numpy's product of the largest layer.

    For processors only, since numpy runs there; [] for other devices.
    """
    if not device.is_cpu:
        return []
    rows = max(events, key=lambda event: event.rows["edges"] + event.rows["samples"]).rows
    layers = [step for step in plan.steps if step.kernel == "dense"]
    step = max(layers, key=lambda s: s.weights.size * rows[plan.tables[s.output].kind])
    table = plan.tables[step.output]
    count = max(rows[table.kind] * table.per_sample, _LIBRARY_ROWS)
    left = np.ones((count, step.weights.shape[0]), np.float32)
    # The best of seven: other work of the machine can only lengthen a call.
    best = min(_matmul_ns(left, step.weights) for _ in range(7))
    rate = 2 * count * step.weights.size / best
    gflops = next(metric.value for metric in measured if metric.name == "gflops")
    return [_measured("library_ratio", gflops / rate)]


def _matmul_ns(left: NDArray[np.float32], right: NDArray[np.float32]) -> float:
    started = perf_counter_ns()
    left @ right
    return float(max(perf_counter_ns() - started, 1))


def _sizes(events: Sequence[DeviceEvent], stored: Formats) -> list[Metric]:
    """Return mean nodes, edges and bytes sent of the timed batches."""
    size = {name: np.dtype(each.format.type).itemsize for name, each in stored.items()}
    moved = [
        sum(table.size * size[name] for name, table in event.features.items()) + _index_bytes(event)
        for event in events
    ]
    values: Mapping[str, Sequence[float]] = {
        "batch_nodes": [event.rows["nodes"] for event in events],
        "batch_edges": [event.rows["edges"] for event in events],
        "batch_bytes": moved,
    }
    return [_measured(name, float(np.mean(numbers))) for name, numbers in values.items()]


def _index_bytes(event: DeviceEvent) -> int:
    lists = (*event.index.values(), *event.order.values(), *event.starts.values())
    return sum(array.nbytes for array in lists)


def _configuration(
    device: Device, tiling: Tiling, bits: int, size: int, timed: int
) -> dict[str, Value]:
    return {
        "device": device.name,
        "driver": device.driver,
        "compute_units": device.units,
        "precision": describe(bits, half=device.half),
        "tiling": {name: getattr(tiling, name) for name in (*_SIZES, "staged")},
        "events_per_batch": size,
        "timed_batches": timed,
    }
