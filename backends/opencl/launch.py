"""Kernels with their arguments and ranges, and their submission to command queues."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from backends.modelgraph.kernel_plan import ACTIVATIONS, KernelPlan, KernelStep
from backends.opencl.devices import Device
from backends.opencl.memory import LISTS, Choices, Memory, Slot
from backends.opencl.program import build
from dse.contracts.errors import EvaluationError, FailureKind

_STREAM = ("feed", "multiply", "drain")


class Launcher:
    """Submission of a network's kernels to queues, each after the one before.

    Args:
        context: pyopencl's context.
        device: device to run on.
        plan: the network.
        choices: number format, tiles and kind of matrix kernel.
        memory: buffers of the network.
        program_cache: folder of the compiled programs.

    Raises:
        EvaluationError: the kernels do not build, or the device has no channels.
    """

    def __init__(
        self,
        context: Any,
        device: Device,
        plan: KernelPlan,
        choices: Choices,
        memory: Memory,
        program_cache: Path,
    ) -> None:
        import pyopencl as cl

        self._kernel_class, self._context, self._device = cl.Kernel, context, device
        self._plan, self._choices, self._memory, self._program_cache = (
            plan,
            choices,
            memory,
            program_cache,
        )
        profiling = cl.command_queue_properties.PROFILING_ENABLE
        # A queue runs its kernels one by one, but the three stream kernels must run at once.
        self._queues = [cl.CommandQueue(context, properties=profiling) for _ in _STREAM]
        self._before: list[Any] = []
        if choices.kernel == "stream":
            _check_streams(device, choices)
        self._kernels = [self._kernels_of(step) for step in plan.steps]

    def _kernels_of(self, step: KernelStep) -> list[Any]:
        """Return the kernels of a step: three for a dense layer with channels, else one."""
        if step.kernel == "dense" and self._choices.kernel == "stream":
            program = self._program(("stream",), self._stream_options())
            return [self._kernel_class(program, name) for name in _STREAM]
        naive = step.kernel == "dense" and self._choices.kernel == "naive"
        options = [*self._memory.tiling(step).options(), *self._formats(step)]
        program = self._program(("matmul", "graph"), options)
        return [self._kernel_class(program, "dense_naive" if naive else step.kernel)]

    def _program(self, names: Sequence[str], options: Sequence[str]) -> Any:
        """Return the program of some kernel files for the number format of `choices`."""
        given = [f"-DBITS={self._choices.bits}"]
        given += ["-DHALF_ARITHMETIC"] if self._choices.bits == 16 and self._device.half else []
        given += ["-DVNNI"] if self._device.vnni else []
        given += [*options, "-cl-mad-enable"]  # allows fused multiply-add
        return build(self._context, self._device, names, given, self._program_cache)

    def _formats(self, step: KernelStep) -> list[str]:
        """Return the macros of the formats of the tables that a step reads and writes."""
        names = {"IN": step.inputs[0], "OTHER": step.inputs[-1], "OUT": step.output}
        kinds = {role: self._memory.formats[name].format for role, name in names.items()}
        return [f"-D{role}_FORMAT={int(kind)}" for role, kind in kinds.items()]

    def _stream_options(self) -> list[str]:
        """Return macros with the sizes of the largest layer, for which the kernels hold arrays.

        LANES is 1, which divides every width.
        """
        dense = [step for step in self._plan.steps if step.kernel == "dense"]
        depth = max(self._memory.widths[step.inputs[0]] for step in dense)
        width = max(self._memory.widths[step.output] for step in dense)
        sizes = {"MAX_DEPTH": depth, "MAX_WIDTH": width, "LANES": 1}
        return ["-DCHANNELS", *(f"-D{name}={size}" for name, size in sizes.items())]

    def launch(self, slot: Slot) -> None:
        """Enqueue all kernels of a batch; the first one waits for the batch's transfers."""
        # Two batches share the tables between layers, so kernels of the next batch wait too.
        wait, slot.ran = [*slot.sent, *self._before], []
        for step, kernels in zip(self._plan.steps, self._kernels, strict=True):
            rows = self._memory.rows(step.output, slot.event)
            if not rows:  # a range of zero work-items is not legal before OpenCL 2.1
                continue
            if len(kernels) > 1:
                events = self._stream(slot, step, kernels, rows, wait)
            else:
                events = [self._one(slot, step, kernels[0], rows, wait)]
            slot.ran.append((step.kernel, events[0], events[-1]))
            wait = self._before = [events[-1]]
        for queue in self._queues:
            queue.flush()

    def _one(
        self, slot: Slot, step: KernelStep, kernel: Any, rows: int, wait: Sequence[Any]
    ) -> Any:
        """Enqueue a step with one kernel; return its event."""
        size, group = self._range(step, rows)
        arguments = self._arguments(slot, step)
        return kernel(self._queues[0], size, group, *arguments, wait_for=list(wait))

    def _stream(
        self, slot: Slot, step: KernelStep, kernels: Sequence[Any], rows: int, wait: Sequence[Any]
    ) -> list[Any]:
        """Enqueue the three kernels of a dense layer, each on its own queue; return their events.

        They wait for each other through channels, so each queue is flushed: a kernel that stays
        in its queue would block the others.
        """
        widths = [np.int32(self._memory.widths[name]) for name in (step.inputs[0], step.output)]
        count, kind = np.int32(rows), np.int32(ACTIVATIONS[step.activation])
        source, target = (self._memory.at(slot, n) for n in (step.inputs[0], step.output))
        weights, _, bias = self._memory.weights[step.output]
        arguments = (
            [count, widths[0], widths[0], source],
            [count, *widths, weights],
            [count, widths[1], bias, target, kind],
        )
        events = []
        for queue, kernel, given in zip(self._queues, kernels, arguments, strict=True):
            events.append(kernel(queue, (1,), (1,), *given, wait_for=list(wait)))
            queue.flush()
        return events

    def _range(self, step: KernelStep, rows: int) -> tuple[tuple[int, int], tuple[int, int] | None]:
        """Return numbers of work-items and of a work-group's, (along columns, along rows).

        None leaves the work-group to the driver.
        """
        if step.kernel == "softmax":
            return (1, rows), None
        if step.kernel != "dense":
            return (self._plan.tables[step.inputs[0]].features, rows), None
        if self._choices.kernel == "naive":
            return (self._memory.widths[step.output], rows), None
        tiling = self._memory.tiling(step)
        across, down = tiling.group
        columns = step.weights.shape[1]
        tiles = (-(-columns // tiling.tile_n), -(-rows // tiling.tile_m))
        return (tiles[0] * across, tiles[1] * down), (across, down)

    def _arguments(self, slot: Slot, step: KernelStep) -> list[Any]:
        """Return a kernel's arguments in the order of its signature in `kernels/*.cl`."""
        features = np.int32(self._plan.tables[step.inputs[0]].features)
        widths = [np.int32(self._memory.widths[name]) for name in (*step.inputs, step.output)]
        placed = [*widths, np.int32(step.column)]
        kind = np.int32(ACTIVATIONS.get(step.activation, 0))
        scales = self._memory.scales
        read = [part for n in step.inputs for part in (self._memory.at(slot, n), scales[n][0])]
        written = [self._memory.at(slot, step.output), scales[step.output][1]]
        lists = [slot.inputs.get(f"{step.index} {name}") for name in LISTS]
        nodes = np.int32(slot.event.rows["nodes"])
        weights = self._memory.weights.get(step.output, ())
        found: dict[str, list[Any]] = {
            "dense": [features, *widths, read[0], *weights, *written, kind],
            "gather": [nodes, *placed, *read, lists[0], *written],
            "segment_sum": [*placed, *read, *lists[1:], *written],
            "copy": [*placed, *read, *written],
            "add": [*widths, *read, *written],
            "activate": [*widths, *read, *written, kind],
            "softmax": [features, *widths, *read, *written],
        }
        return found[step.kernel]


def _check_streams(device: Device, choices: Choices) -> None:
    """Raise EvaluationError, invalid_point, where the stream kernels cannot run."""
    if "cl_intel_channels" not in device.handle.extensions.split():
        hint = "set kernel: tiled, or use Intel's FPGA emulation device"
        message = f"{device.name} has no channels (extension cl_intel_channels)"
        raise EvaluationError(FailureKind.INVALID_POINT, message, hint=hint)
    if choices.bits != 32:
        message = "the kernels with channels compute in float"
        raise EvaluationError(FailureKind.INVALID_POINT, message, hint="set precision_bits: 32")
