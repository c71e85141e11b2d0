"""Host program: sends batches, runs the kernels and fetches the outputs.

Transfers have one queue, kernels have others. With double buffering, the next batch is prepared
and sent while the kernels of the current one run; there are two sets of input and output buffers.
Without it, each batch is finished before the next is prepared.
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
from backends.opencl.precision import Formats
from dse.contracts.errors import EvaluationError, FailureKind

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class KernelTiming:
    """Times of one batch in nanoseconds.

    Args:
        total: by the host's clock, from the start of the batch's preparation (padding left out,
            graphs joined, edges sorted) to its outputs in host memory.
        kernels: sum over all kernels, by event profiling.
        dense: the part of `kernels` that dense layers take.
        transfers: sum over transfers to the device and back, by event profiling.
    """

    total: float
    kernels: float
    dense: float
    transfers: float


class Host:
    """A network on a device, with buffers for batches up to a size.

    Args:
        plan: the network.
        device: device to run on.
        choices: number format, tiles and kind of matrix kernel.
        formats: how every table is stored, by name.
        most: rows of the largest batch, by kind.
        program_cache: folder of the compiled programs.

    Raises:
        EvaluationError: the kernels do not build, or do not fit the device.
    """

    def __init__(
        self,
        plan: KernelPlan,
        device: Device,
        choices: Choices,
        formats: Formats,
        most: Mapping[Kind, int],
        program_cache: Path,
    ) -> None:
        import pyopencl as cl

        self._cl, self._device, self._copy = cl, device, cl.enqueue_copy
        self._plan, self._formats = plan, formats
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
            self._memory = Memory(context, plan, choices, formats, most)
            self._launcher = Launcher(context, device, plan, choices, self._memory, program_cache)
            self._slots = [self._memory.slot(none) for _ in range(2)]

    def run(self, build: BatchBuilder) -> tuple[Floats, KernelTiming]:
        """Run one batch alone; return its outputs, (rows, features), and its times.

        Raises:
            EvaluationError: the driver reports an error, or memory does not suffice.
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
        """Return the time of all batches, one after the other, in nanoseconds.

        Args:
            builders: functions that prepare the batches.
            double_buffering: prepare and send a batch while the one before is computed.

        Raises:
            EvaluationError: the driver reports an error, or memory does not suffice.
        """
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
        """Turn pyopencl's errors into EvaluationError."""
        try:
            yield
        except self._cl.Error as error:
            raise _failure(self._cl, error, self._device) from error

    def _send(self, slot: Slot, event: DeviceEvent) -> None:
        """Start the transfers of a batch in the stored format; a flush starts them at once."""
        arrays: dict[str, NDArray[Any]] = {
            name: self._memory.laid_out(name, self._formats[name].of(table))
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
        """Start the transfer of a slot's outputs, after the last kernel of its batch."""
        last = [slot.ran[-1][2]] if slot.ran else slot.sent
        rows = slot.host[: self._memory.rows(self._plan.output, slot.event)]
        slot.back = []
        if len(rows):
            copied = self._copy(self._transfer, rows, slot.output, wait_for=last, is_blocking=False)
            slot.back.append(copied)
            self._transfer.flush()

    def take_outputs(self, slot: Slot) -> Floats:
        """Wait for a slot's batch; return its outputs, (rows, features), in float32."""
        for event in slot.back:
            event.wait()
        name = self._plan.output
        rows = self._memory.rows(name, slot.event)
        return self._formats[name].real(slot.host[:rows, : self._plan.tables[name].features])


def _timing(slot: Slot, total: float) -> KernelTiming:
    """Return the times of a finished batch; a step of three kernels counts from first to last."""
    spent = [(name, last.profile.end - first.profile.start) for name, first, last in slot.ran]
    moved = [event.profile.end - event.profile.start for event in (*slot.sent, *slot.back)]
    dense = sum(time for name, time in spent if name == "dense")
    return KernelTiming(total, sum(time for _, time in spent), dense, sum(moved))


def _check_fits(device: Device, choices: Choices) -> None:
    """Raise EvaluationError, invalid_point, for tiles beyond the device's limits.

    Drivers report the same only when they compile or run the kernel, each in its own way.
    """
    if choices.kernel != "tiled":
        return
    across, down = choices.tiling.group
    most = device.handle.max_work_group_size
    held = choices.tiling.local_numbers * 4  # bytes: numbers are float or int there, or half
    problem = ""
    if across * down > most:
        problem = f"a work-group of {across} x {down} work-items; the device takes {most}"
    elif held > device.handle.local_mem_size:
        problem = f"{held} bytes of local memory; the device has {device.handle.local_mem_size}"
    if problem:
        raise EvaluationError(
            FailureKind.INVALID_POINT,
            f"the tiles need {problem}",
            hint="set a smaller tile_m, tile_n or tile_k, or a larger work_m and work_n",
        )


def _failure(cl: Any, error: Exception, device: Device) -> EvaluationError:
    """Return pyopencl's error as out_of_memory, by its status code, or as tool_failed."""
    codes = {cl.status_code.MEM_OBJECT_ALLOCATION_FAILURE, cl.status_code.OUT_OF_RESOURCES}
    codes |= {cl.status_code.OUT_OF_HOST_MEMORY, cl.status_code.INVALID_BUFFER_SIZE}
    if getattr(error, "code", None) in codes or isinstance(error, cl.MemoryError):
        return EvaluationError(
            FailureKind.OUT_OF_MEMORY,
            f"{device.name} does not have enough memory",
            hint="set a smaller events_per_batch, or use smaller graphs",
            log=str(error),
        )
    return EvaluationError(FailureKind.TOOL_FAILED, f"{device.name}: {error}", log=str(error))
