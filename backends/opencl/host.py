"""The host program: sends batches, runs the kernels, brings the outputs back.

One queue transfers, one computes. With double buffering the next batch is prepared and sent
while the kernels of this one run, and there are two sets of input and output buffers; without,
each batch is finished before the next is touched.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.opencl.devices import Device
from backends.opencl.events import Event
from backends.opencl.plan import ACTIVATIONS, Kind, Plan, Step
from backends.opencl.precision import STORED, real, stored, stored_weights
from backends.opencl.program import build
from backends.opencl.tiling import Tiling, round_up
from dse.errors import EvaluationError, FailureKind

Floats = NDArray[np.float32]
_INTEGER = np.dtype(np.int32).itemsize


@dataclass(frozen=True)
class Choices:
    """How the program is built and run.

    Args:
        bits: 32, 16 or 8.
        tiling: of the matrix kernel.
        naive: use the kernel without tiles.
    """

    bits: int
    tiling: Tiling
    naive: bool = False


@dataclass
class Timing:
    """Nanoseconds of one batch, from event profiling and the host's clock.

    Args:
        total: host to host: from the first line of its preparation to its outputs in memory.
        kernels: all kernels.
        dense: kernels of dense layers among them.
        transfers: to the device and back.
    """

    total: float = 0.0
    kernels: float = 0.0
    dense: float = 0.0
    transfers: float = 0.0


@dataclass
class _Slot:
    """Buffers of one batch on its way, and its events."""

    inputs: dict[str, Any]
    output: Any
    host: NDArray[Any]
    event: Event | None = None
    sent: list[Any] = field(default_factory=list)
    ran: list[tuple[str, Any]] = field(default_factory=list)
    back: Any = None


class Host:
    """A network on a device, ready to run batches up to a size.

    Args:
        plan: the network.
        device: where.
        choices: formats and tiles.
        scales: of every table.
        most: rows of the largest batch, by kind.
        keep: folder of compiled programs.

    Raises:
        EvaluationError: the kernels do not build, or do not fit the device.
    """

    def __init__(
        self,
        plan: Plan,
        device: Device,
        choices: Choices,
        scales: Mapping[str, float],
        most: Mapping[Kind, int],
        keep: Path,
    ) -> None:
        import pyopencl as cl  # noqa: PLC0415

        self._cl, self._plan, self._choices, self._scales = cl, plan, choices, scales
        self._device, self._keep, self._most = device, keep, most
        self._type = np.dtype(STORED[choices.bits])
        _check_fits(device, choices)
        try:
            self._context = cl.Context([device.handle])
            profiling = cl.command_queue_properties.PROFILING_ENABLE
            self._transfer, self._compute = (
                cl.CommandQueue(self._context, properties=profiling) for _ in range(2)
            )
            self._widths = self._make_widths()
            self._kernels = [self._kernel(step) for step in plan.steps]
            self._weights = [self._upload(step) for step in plan.steps]
            self._tables = self._make_tables()
            self._slots = [self._slot() for _ in range(2)]
        except cl.Error as error:
            raise _failure(cl, error, device) from error

    def _tiling(self, step: Step) -> Tiling:
        return self._choices.tiling.for_columns(step.weights.shape[1])

    def _make_widths(self) -> dict[str, int]:
        """Columns of every table in memory: a dense layer writes whole tiles."""
        widths = {name: table.features for name, table in self._plan.tables.items()}
        for step in self._plan.steps:
            if step.kernel == "dense":
                widths[step.output] = round_up(step.weights.shape[1], self._tiling(step).tile_n)
        return widths

    def _kernel(self, step: Step) -> Any:
        tiling = self._tiling(step) if step.kernel == "dense" else self._choices.tiling
        half = self._choices.bits == 16 and self._device.half
        options = [
            f"-DBITS={self._choices.bits}",
            *(["-DHALF_ARITHMETIC"] if half else []),
            *tiling.options(),
            "-cl-mad-enable",
        ]
        program = build(self._context, self._device, ("matmul", "graph"), options, self._keep)
        name = "dense_naive" if step.kernel == "dense" and self._choices.naive else step.kernel
        return self._cl.Kernel(program, name)

    def _rows(self, name: str) -> int:
        """Rows of a table in memory: whole tiles of whatever tiling."""
        table = self._plan.tables[name]
        return round_up(self._most[table.kind] * table.per_sample, self._choices.tiling.tile_m)

    def _buffer(self, size: int, fill: NDArray[Any] | None = None) -> Any:
        flags = self._cl.mem_flags.READ_WRITE
        if fill is not None:
            return self._cl.Buffer(
                self._context, flags | self._cl.mem_flags.COPY_HOST_PTR, hostbuf=fill
            )
        return self._cl.Buffer(self._context, flags, max(size, 1))

    def _zeros(self, name: str) -> Any:
        shape = (self._rows(name), self._widths[name])
        return self._buffer(0, np.zeros(shape, self._type))

    def _upload(self, step: Step) -> tuple[Any, ...]:
        """Weights, factors and bias of a dense layer, padded to its tables' widths."""
        if step.kernel != "dense":
            return ()
        kept, factors = stored_weights(
            step.weights, self._scales[step.inputs[0]], self._choices.bits
        )
        shape = (self._widths[step.inputs[0]], self._widths[step.output])
        weights = np.zeros(shape, self._type)
        weights[: kept.shape[0], : kept.shape[1]] = kept
        vectors = []
        for vector in (factors, step.bias):
            padded = np.zeros(shape[1], np.float32)
            padded[: len(vector)] = vector
            vectors.append(padded)
        return tuple(self._buffer(0, array) for array in (weights, *vectors))

    def _make_tables(self) -> dict[str, Any]:
        """Buffers of what is neither input nor output."""
        outside = {*self._plan.inputs, self._plan.output}
        return {name: self._zeros(name) for name in self._plan.tables if name not in outside}

    def _slot(self) -> _Slot:
        inputs: dict[str, Any] = {}
        for name in self._plan.inputs:
            if name in self._plan.indices:
                edges, nodes = self._most["edges"], self._most["nodes"]
                inputs[f"{name} index"] = self._buffer(edges * _INTEGER)
                inputs[f"{name} order"] = self._buffer(edges * _INTEGER)
                inputs[f"{name} starts"] = self._buffer((nodes + 1) * _INTEGER)
            else:
                inputs[name] = self._zeros(name)
        name = self._plan.output
        host = np.empty((self._rows(name), self._widths[name]), self._type)
        return _Slot(inputs, self._zeros(name), host)

    def run(self, event: Event) -> tuple[Floats, Timing]:
        """One batch from start to end, nothing beside it: outputs (rows, features) and times."""
        slot = self._slots[0]
        started = perf_counter_ns()
        self._send(slot, self._prepare(event), event)
        self._enqueue(slot)
        self._fetch(slot)
        rows = self._outputs(slot)
        total = perf_counter_ns() - started
        return rows, _timing(slot, total)

    def run_all(self, events: Sequence[Event], *, double_buffering: bool) -> float:
        """Nanoseconds for all batches one after the other, with or without overlap."""
        started = perf_counter_ns()
        if not double_buffering:
            for event in events:
                self.run(event)
            return float(perf_counter_ns() - started)
        waiting: _Slot | None = None
        for number, event in enumerate(events):
            slot = self._slots[number % 2]
            self._send(slot, self._prepare(event), event)
            self._enqueue(slot)
            if waiting is not None:
                self._fetch(waiting)
                self._transfer.flush()
                self._outputs(waiting)
            waiting = slot
        if waiting is not None:
            self._fetch(waiting)
            self._outputs(waiting)
        return float(perf_counter_ns() - started)

    def _prepare(self, event: Event) -> dict[str, NDArray[Any]]:
        arrays: dict[str, NDArray[Any]] = {
            name: stored(table, self._scales[name], self._choices.bits)
            for name, table in event.features.items()
        }
        for kind in ("index", "order", "starts"):
            arrays |= {f"{name} {kind}": array for name, array in getattr(event, kind).items()}
        return arrays

    def _send(self, slot: _Slot, arrays: Mapping[str, NDArray[Any]], event: Event) -> None:
        slot.event, slot.ran, slot.back = event, [], None
        slot.sent = [
            self._cl.enqueue_copy(self._transfer, slot.inputs[name], array, is_blocking=False)
            for name, array in arrays.items()
            if array.size
        ]
        self._transfer.flush()

    def _enqueue(self, slot: _Slot) -> None:
        wait = slot.sent
        for step, kernel, weights in zip(
            self._plan.steps, self._kernels, self._weights, strict=True
        ):
            launched = self._launch(slot, step, kernel, weights, wait)
            if launched is not None:
                slot.ran.append((step.kernel, launched))
                wait = []  # the queue is in order
        self._compute.flush()

    def _at(self, slot: _Slot, name: str) -> Any:
        if name == self._plan.output:
            return slot.output
        return slot.inputs.get(name) or self._tables[name]

    def _launch(
        self, slot: _Slot, step: Step, kernel: Any, weights: Sequence[Any], wait: Sequence[Any]
    ) -> Any:
        assert slot.event is not None  # noqa: S101  (it was sent)
        table = self._plan.tables[step.output]
        rows = slot.event.rows[table.kind] * table.per_sample
        if not rows:
            return None
        size, group = self._range(step, rows)
        arguments = self._arguments(slot, step, weights)
        return kernel(self._compute, size, group, *arguments, wait_for=list(wait))

    def _range(self, step: Step, rows: int) -> tuple[tuple[int, int], tuple[int, int] | None]:
        features = self._plan.tables[step.inputs[0]].features
        if step.kernel == "softmax":
            return (1, rows), None
        if step.kernel != "dense":
            return (features, rows), None
        width = self._widths[step.output]
        if self._choices.naive:
            return (width, rows), None
        tiling = self._tiling(step)
        across, down = tiling.group
        tiles = (width // tiling.tile_n, -(-rows // tiling.tile_m))
        return (tiles[0] * across, tiles[1] * down), (across, down)

    def _arguments(self, slot: _Slot, step: Step, weights: Sequence[Any]) -> list[Any]:
        """What a kernel takes, in its order: widths, then tables with their scales."""
        assert slot.event is not None  # noqa: S101  (it was sent)
        first, features = step.inputs[0], np.int32(self._plan.tables[step.inputs[0]].features)
        widths = [np.int32(self._widths[name]) for name in (*step.inputs, step.output)]
        placed = [features, *widths, np.int32(step.column)]
        kind = np.int32(ACTIVATIONS.get(step.activation, 0))
        read = [part for name in step.inputs for part in self._scaled(slot, name)]
        written = self._scaled(slot, step.output)
        lists = [slot.inputs.get(f"{step.index} {name}") for name in ("index", "order", "starts")]
        nodes = np.int32(slot.event.rows["nodes"])
        found: dict[str, list[Any]] = {
            "dense": [widths[0], *widths, self._at(slot, first), *weights, *written, kind],
            "gather": [nodes, *placed, *read, lists[0], *written],
            "segment_sum": [*placed, *read, *lists[1:], *written],
            "copy": [*placed, *read, *written],
            "add": [*widths, *read, *written],
            "activate": [*widths, *read, *written, kind],
            "softmax": [features, *widths, *read, *written],
        }
        return found[step.kernel]

    def _scaled(self, slot: _Slot, name: str) -> list[Any]:
        return [self._at(slot, name), np.float32(self._scales[name])]

    def _fetch(self, slot: _Slot) -> None:
        last = [slot.ran[-1][1]] if slot.ran else slot.sent
        rows = self._output_rows(slot)
        slot.back = self._cl.enqueue_copy(
            self._transfer, slot.host[:rows], slot.output, wait_for=last, is_blocking=False
        )

    def _output_rows(self, slot: _Slot) -> int:
        assert slot.event is not None  # noqa: S101  (it was sent)
        table = self._plan.tables[self._plan.output]
        return slot.event.rows[table.kind] * table.per_sample

    def _outputs(self, slot: _Slot) -> Floats:
        slot.back.wait()
        name = self._plan.output
        rows = slot.host[: self._output_rows(slot), : self._plan.tables[name].features]
        return real(rows, self._scales[name])


def _timing(slot: _Slot, total: float) -> Timing:
    spent = [(name, event.profile.end - event.profile.start) for name, event in slot.ran]
    moved = [event.profile.end - event.profile.start for event in (*slot.sent, slot.back)]
    dense = sum(time for name, time in spent if name == "dense")
    return Timing(total, sum(time for _, time in spent), dense, sum(moved))


def _check_fits(device: Device, choices: Choices) -> None:
    """Refuse tiles the device cannot hold, before its compiler does so in its own words."""
    across, down = choices.tiling.group
    most = device.handle.max_work_group_size
    held = choices.tiling.local_numbers * 4
    problem = ""
    if across * down > most:
        problem = f"a work-group of {across} x {down} work-items; the device takes {most}"
    elif held > device.handle.local_mem_size:
        problem = f"{held} bytes of local memory; the device has {device.handle.local_mem_size}"
    if problem:
        raise EvaluationError(
            FailureKind.INVALID_POINT,
            f"the tiles need {problem}",
            hint="smaller tile_m, tile_n or tile_k, or larger work_m and work_n",
        )


def _failure(cl: Any, error: Exception, device: Device) -> EvaluationError:
    codes = {cl.status_code.MEM_OBJECT_ALLOCATION_FAILURE, cl.status_code.OUT_OF_RESOURCES}
    codes |= {cl.status_code.OUT_OF_HOST_MEMORY, cl.status_code.INVALID_BUFFER_SIZE}
    if getattr(error, "code", None) in codes or isinstance(error, cl.MemoryError):
        return EvaluationError(
            FailureKind.OUT_OF_MEMORY,
            f"{device.name} has not enough memory",
            hint="fewer events_per_batch, or smaller graphs",
            log=str(error),
        )
    return EvaluationError(FailureKind.TOOL_FAILED, f"{device.name}: {error}", log=str(error))
