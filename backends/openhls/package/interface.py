"""The AXI streams of a circuit: what is in a beat, and how many beats make an inference."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.fixed_point import FixedType
from backends.modelgraph.rtl.circuit import Circuit, Signal
from backends.modelgraph.rtl.stream.circuit import Flow, StreamCircuit
from backends.openhls.testbench import quantised_bits
from dse.contracts.errors import EvaluationError, FailureKind


@dataclass(frozen=True)
class Field:
    """One tensor in a beat.

    Args:
        name: of the network's input or output.
        port: of the network's Verilog.
        elements: numbers in a beat, element 0 in the lowest bits.
        type: type of every number.
    """

    name: str
    port: str
    elements: int
    type: FixedType

    @property
    def bits(self) -> int:
        """Wires of the tensor in one beat."""
        return self.elements * self.type.width


@dataclass(frozen=True)
class AxiStream:
    """One AXI stream.

    Args:
        name: first part of its signals' names, such as ``s_axis``.
        fields: tensors in a beat, the first in the lowest bits.
        beats: beats of one inference.
    """

    name: str
    fields: tuple[Field, ...]
    beats: int = 1

    @property
    def bits(self) -> int:
        """Bits of a beat that carry data."""
        return sum(field.bits for field in self.fields)

    @property
    def data_bits(self) -> int:
        """Width of tdata: whole bytes, as AXI demands."""
        return 8 * self.bytes

    @property
    def bytes(self) -> int:
        """Bytes of a beat."""
        return -(-self.bits // 8)


@dataclass(frozen=True)
class Interface:
    """How a network is spoken to.

    Args:
        inputs: streams of its inputs; a network without streams has one for all inputs.
        output: stream of its output.
        latency: cycles from the beat of an input to the beat of its output, the wrapper's two
            among them; None for streams, where it depends on how positions come.
        interval: cycles from one inference to the next at full pace.
    """

    inputs: tuple[AxiStream, ...]
    output: AxiStream
    latency: int | None
    interval: int

    @classmethod
    def of(cls, circuit: Circuit | StreamCircuit, output: str) -> "Interface":
        """Return the interface of a finished circuit.

        Args:
            circuit: the circuit.
            output: name of the network's output.

        Raises:
            EvaluationError: the circuit has several outputs.
        """
        if len(circuit.outputs) > 1:
            message = f"the network has {len(circuit.outputs)} outputs; a package has one stream"
            hint = "set workload.built_outputs: scored"
            raise EvaluationError(FailureKind.INVALID_POINT, message, hint=hint)
        if isinstance(circuit, StreamCircuit):
            alone = len(circuit.inputs) == 1
            inputs = [
                _flowing("s_axis" if alone else f"s_axis_{flow.source}", flow, flow.source)
                for flow in circuit.inputs
            ]
            given = _flowing("m_axis", circuit.outputs[0], output)
            return cls(tuple(inputs), given, None, circuit.interval)
        fields = tuple(_field(signal, signal.bus.removeprefix("in_")) for signal in circuit.inputs)
        given = AxiStream("m_axis", (_field(circuit.outputs[0], output, "out"),))
        latency = circuit.latency + WRAPPER_CYCLES
        return cls((AxiStream("s_axis", fields),), given, latency, circuit.interval)

    @cached_property
    def slots(self) -> int:
        """Slots of the FIFO behind a network without streams: with fewer it would wait."""
        assert self.latency is not None  # noqa: S101
        return -(-(self.latency + 1) // self.interval)


WRAPPER_CYCLES = 2
"""Cycles that the wrapper adds: the register of the input, and the FIFO of the output."""


def _field(signal: Signal, name: str, port: str = "") -> Field:
    return Field(name, port or signal.bus, signal.rows * signal.features, signal.type)


def _flowing(stream: str, flow: Flow, name: str) -> AxiStream:
    port = "out" if stream == "m_axis" else f"in_{flow.source}"
    return AxiStream(stream, (Field(name, port, flow.features, flow.type),), flow.positions)


def input_beats(stream: AxiStream, inputs: Mapping[str, NDArray[Any]]) -> NDArray[np.uint8]:
    """Return the beats (inferences · beats, bits) of a stream, lowest bit first.

    Args:
        stream: the stream.
        inputs: inputs by name, first axis inferences.
    """
    columns = [
        quantised_bits(inputs[field.name], field.type).reshape(-1, field.bits)
        for field in stream.fields
    ]
    return np.concatenate(columns, axis=1)


def output_beats(stream: AxiStream, outputs: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """Return the beats (inferences · beats, bits) of outputs that a network has computed."""
    (field,) = stream.fields
    raw = np.rint(np.ldexp(outputs.astype(np.float64), field.type.fractional)).astype(np.int64)
    bits = (raw.reshape(-1, 1) >> np.arange(field.type.width)) & 1
    return bits.astype(np.uint8).reshape(-1, field.bits)
