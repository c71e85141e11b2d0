"""Buffers of a network on a device: weights, tables between layers, inputs and outputs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.kernel_plan import KernelPlan, KernelStep, Kind
from backends.opencl.events import DeviceEvent
from backends.opencl.precision import Formats, grouped, stored_weights
from backends.opencl.tiling import Tiling, round_up

_INTEGER = np.dtype(np.int32).itemsize
_ALIGNED = 4
"""Rows of integers begin at multiples of this many numbers."""

LISTS = ("index", "order", "starts")
"""Arrays that are sent for an index input; names of the fields of `DeviceEvent`."""


@dataclass(frozen=True)
class Choices:
    """Options of the program.

    Args:
        bits: width of stored numbers: 32, 16 or 8.
        tiling: sizes of the matrix kernel.
        kernel: ``tiled``, ``naive`` or ``stream`` (single work-items and channels).
    """

    bits: int
    tiling: Tiling
    kernel: str = "tiled"


@dataclass
class Slot:
    """Buffers of one batch in progress, and its OpenCL events.

    Args:
        inputs: device buffers by input; for an index input by ``<name> index``, ``<name> order``
            and ``<name> starts``.
        output: device buffer of the output table.
        host: host array that the output is copied to, (rows, width), in the stored format.
        event: the batch.
        sent: events of the transfers to the device.
        ran: by step: name of the kernel, its first and its last event.
        back: event of the transfer from the device; empty where the output has no rows.
    """

    inputs: dict[str, Any]
    output: Any
    host: NDArray[Any]
    event: DeviceEvent
    sent: list[Any] = field(default_factory=list)
    ran: list[tuple[str, Any, Any]] = field(default_factory=list)
    back: list[Any] = field(default_factory=list)


class Memory:
    """All buffers of a network on a device.

    Tables are padded to whole tiles, rows to `tile_m` and columns to `tile_n`, so that the
    matrix kernels need no bounds checks for either. The padding starts as zeros.

    Args:
        context: pyopencl's context.
        plan: the network.
        choices: number format and tiles.
        formats: how every table is stored, by name.
        most: rows of the largest batch, by kind.
    """

    def __init__(
        self,
        context: Any,
        plan: KernelPlan,
        choices: Choices,
        formats: Formats,
        most: Mapping[Kind, int],
    ) -> None:
        import pyopencl as cl

        self._flags, self._buffer_class, self._context = cl.mem_flags, cl.Buffer, context
        self._plan, self._choices, self.formats, self._most = plan, choices, formats, most
        self.widths = self._make_widths()
        self.scales = {name: self._uploaded_scales(name) for name in plan.tables}
        self.weights = {step.output: self._upload(step) for step in plan.steps if step.weights.size}
        # Every slot has inputs and outputs of its own; tables between layers exist once.
        outside = {*plan.inputs, plan.output}
        self._tables = {name: self._zeros(name) for name in plan.tables if name not in outside}

    def tiling(self, step: KernelStep) -> Tiling:
        """Return the tiling of a step: for a dense layer by its columns, else the base tiling."""
        columns = step.weights.shape[1]
        return self._choices.tiling.for_columns(columns) if columns else self._choices.tiling

    def rows(self, name: str, event: DeviceEvent) -> int:
        """Return the number of rows of a table for a batch."""
        table = self._plan.tables[name]
        return event.rows[table.kind] * table.per_sample

    def at(self, slot: Slot, name: str) -> Any:
        """Return a table's buffer for the batch in a slot."""
        if name == self._plan.output:
            return slot.output
        return slot.inputs.get(name) or self._tables[name]

    def laid_out(self, name: str, table: NDArray[Any]) -> NDArray[Any]:
        """Return a stored table with its rows padded to the width of its buffer."""
        missing = self.widths[name] - table.shape[1]
        return np.pad(table, ((0, 0), (0, missing))) if missing else table

    def slot(self, event: DeviceEvent) -> Slot:
        """Return new buffers for one batch, large enough for the largest."""
        inputs: dict[str, Any] = {}
        edges, nodes = self._most["edges"], self._most["nodes"]
        lengths = dict(zip(LISTS, (edges, edges, nodes + 1), strict=True))
        for name in self._plan.inputs:
            if name in self._plan.indices:
                for kind, length in lengths.items():
                    inputs[f"{name} {kind}"] = self._empty(length * _INTEGER)
            else:
                inputs[name] = self._zeros(name)
        output = self._plan.output
        kind = self.formats[output].format.type
        host = np.empty((self._rows(output), self.widths[output]), kind)
        return Slot(inputs, self._zeros(output), host, event)

    def _make_widths(self) -> dict[str, int]:
        """Return the padded number of columns of every table."""
        widths = {name: table.features for name, table in self._plan.tables.items()}
        for step in self._plan.steps:
            if step.weights.size:
                widths[step.output] = round_up(step.weights.shape[1], self.tiling(step).tile_n)
        # integers are read in groups, as ints: rows begin where an int may begin
        return {
            n: round_up(w, _ALIGNED) if self.formats[n].largest else w for n, w in widths.items()
        }

    def _rows(self, name: str) -> int:
        """Return the rows to allocate for a table, padded to whole tiles."""
        table = self._plan.tables[name]
        return round_up(self._most[table.kind] * table.per_sample, self._choices.tiling.tile_m)

    def _empty(self, size: int) -> Any:
        size = max(size, 1)  # OpenCL has no empty buffers
        return self._buffer_class(self._context, self._flags.READ_WRITE, size)

    def _filled(self, array: NDArray[Any]) -> Any:
        flags = self._flags.READ_WRITE | self._flags.COPY_HOST_PTR
        return self._buffer_class(self._context, flags, hostbuf=array)

    def _zeros(self, name: str) -> Any:
        return self._filled(self._no_rows(name))

    def _no_rows(self, name: str) -> NDArray[Any]:
        return np.zeros((self._rows(name), self.widths[name]), self.formats[name].format.type)

    def _uploaded_scales(self, name: str) -> tuple[Any, Any]:
        """Return buffers of the scales of a table's columns, and of their inverses."""
        scales = np.ones(self.widths[name], np.float32)
        given = self.formats[name].scales
        scales[: len(given)] = given
        return self._filled(scales), self._filled(1 / scales)

    def _upload(self, step: KernelStep) -> tuple[Any, ...]:
        """Return buffers of a dense layer's weights, factors and bias, padded like its tables."""
        given = self.formats[step.inputs[0]]
        kept, factors = stored_weights(step.weights, given)
        shape = (self.widths[step.inputs[0]], self.widths[step.output])
        weights = np.zeros(shape, kept.dtype)
        weights[: kept.shape[0], : kept.shape[1]] = kept
        vectors = np.zeros((2, shape[1]), np.float32)
        vectors[0, : len(factors)], vectors[1, : len(step.bias)] = factors, step.bias
        placed = grouped(weights, given.format.group)
        return self._filled(placed), *(self._filled(vector) for vector in vectors)
