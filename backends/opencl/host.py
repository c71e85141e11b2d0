"""The host program: sends batches, runs the kernels, brings the outputs back.

One queue transfers, one computes. With double buffering the next batch is prepared and sent
while the kernels of this one run, and there are two sets of input and output buffers; without,
each batch is finished before the next is touched.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.kernel_plan import KernelPlan, Kind
from backends.opencl.devices import Device
from backends.opencl.events import BatchBuilder, DeviceEvent
from backends.opencl.launch import Launcher
from backends.opencl.memory import LISTS, Choices, Memory, Slot
from backends.opencl.precision import real, stored
from dse.contracts.errors import EvaluationError, FailureKind

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class KernelTiming:
    """Nanoseconds of one batch, from event profiling and the host's clock.

    Args:
        total: host to host: from the first line of its preparation (padding left out, graphs
            joined, edges sorted) to its outputs in memory.
        kernels: all kernels.
        dense: kernels of dense layers among them.
        transfers: to the device and back.
    """

    total: float
    kernels: float
    dense: float
    transfers: float


class Host:
    """A network on a device, ready to run batches up to a size.

    Args:
        plan: the network.
        device: where.
        choices: formats and tiles.
        scales: of every table.
        most: rows of the largest batch, by kind.
        program_cache: folder of compiled programs.

    Raises:
        EvaluationError: the kernels do not build, or do not fit the device.
    """

    def __init__(
        self,
        plan: KernelPlan,
        device: Device,
        choices: Choices,
        scales: Mapping[str, float],
        most: Mapping[Kind, int],
        program_cache: Path,
    ) -> None:
        import pyopencl as cl

        self._cl, self._device, self._copy = cl, device, cl.enqueue_copy
        self._plan, self._choices, self._scales = plan, choices, scales
        _check_fits(device, choices)
        none = DeviceEvent(
            features={},
            index={},
            order={},
            starts={},
            rows=dict.fromkeys(most, 0),
            places=np.zeros(0, np.intp),
            samples=0,
        )
        with self._errors():
            context = cl.Context([device.handle])
            profiling = cl.command_queue_properties.PROFILING_ENABLE
            self._transfer = cl.CommandQueue(context, properties=profiling)
            self._memory = Memory(context, plan, choices, scales, most)
            self._launcher = Launcher(context, device, plan, choices, self._memory, program_cache)
            self._slots = [self._memory.slot(none) for _ in range(2)]

    def run(self, build: BatchBuilder) -> tuple[Floats, KernelTiming]:
        """One batch from start to end, nothing beside it: outputs (rows, features) and times.

        Raises:
            EvaluationError: the device refuses, or has not enough memory.
        """
        slot = self._slots[0]
        with self._errors():
            started = perf_counter_ns()
            self._send(slot, build())
            self._launcher.launch(slot)
            self._fetch(slot)
            rows = self.take_outputs(slot)
            total = perf_counter_ns() - started
            return rows, _timing(slot, total)

    def run_all(self, builders: Sequence[BatchBuilder], *, double_buffering: bool) -> float:
        """Nanoseconds for all batches one after the other, with or without overlap."""
        started = perf_counter_ns()
        waiting: list[Slot] = []
        with self._errors():
            for number, build in enumerate(builders):
                slot = self._slots[number % 2]
                self._send(slot, build())
                self._launcher.launch(slot)
                waiting.append(slot)
                if not double_buffering or len(waiting) == 2:
                    self._fetch(waiting[0])
                    self.take_outputs(waiting.pop(0))
            for slot in waiting:
                self._fetch(slot)
                self.take_outputs(slot)
        return float(perf_counter_ns() - started)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except self._cl.Error as error:
            raise _failure(self._cl, error, self._device) from error

    def _send(self, slot: Slot, event: DeviceEvent) -> None:
        arrays: dict[str, NDArray[Any]] = {
            name: stored(table, self._scales[name], self._choices.bits)
            for name, table in event.features.items()
        }
        for kind in LISTS:
            arrays |= {f"{name} {kind}": array for name, array in getattr(event, kind).items()}
        slot.event = event
        slot.sent = [
            self._copy(self._transfer, slot.inputs[name], array, is_blocking=False)
            for name, array in arrays.items()
            if array.size
        ]
        self._transfer.flush()

    def _fetch(self, slot: Slot) -> None:
        last = [slot.ran[-1][2]] if slot.ran else slot.sent
        rows = slot.host[: self._memory.rows(self._plan.output, slot.event)]
        slot.back = []
        if len(rows):
            copied = self._copy(self._transfer, rows, slot.output, wait_for=last, is_blocking=False)
            slot.back.append(copied)
            self._transfer.flush()

    def take_outputs(self, slot: Slot) -> Floats:
        """Wait for the batch of a slot; return its outputs, which the next batch overwrites."""
        for event in slot.back:
            event.wait()
        name = self._plan.output
        rows = self._memory.rows(name, slot.event)
        return real(slot.host[:rows, : self._plan.tables[name].features], self._scales[name])


def _timing(slot: Slot, total: float) -> KernelTiming:
    spent = [(name, last.profile.end - first.profile.start) for name, first, last in slot.ran]
    moved = [event.profile.end - event.profile.start for event in (*slot.sent, *slot.back)]
    dense = sum(time for name, time in spent if name == "dense")
    return KernelTiming(total, sum(time for _, time in spent), dense, sum(moved))


def _check_fits(device: Device, choices: Choices) -> None:
    """Refuse tiles the device cannot hold, before its compiler does so in its own words."""
    if choices.kernel != "tiled":
        return
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
