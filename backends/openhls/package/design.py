"""What a package is made of: a circuit, its vectors, and where both come from."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from numpy.typing import NDArray

from backends.modelgraph.rtl.circuit import Circuit
from backends.modelgraph.rtl.stream.circuit import StreamCircuit
from backends.openhls.package.interface import Interface
from dse.contracts.parameters import Assignment


@dataclass(frozen=True)
class Design:
    """A point's circuit with its vectors.

    Args:
        title: such as ``point 3 of study jet_mlp``.
        circuit: the finished circuit.
        text: its Verilog.
        output: name of the network's output.
        layers: class of every layer of the network by its name, in their order.
        inputs: inputs by name, first axis inferences.
        outputs: what `bittrue` gives for them.
        parameters: of the backend, which determine the circuit.
        made_by: versions of what writes the circuit, by name.
        fingerprint: of the workload.
    """

    title: str
    circuit: Circuit | StreamCircuit
    text: str
    output: str
    layers: Mapping[str, str]
    inputs: Mapping[str, NDArray[Any]]
    outputs: NDArray[Any]
    parameters: Assignment
    made_by: Mapping[str, str]
    fingerprint: str

    @cached_property
    def interface(self) -> Interface:
        """Its AXI streams."""
        return Interface.of(self.circuit, self.output)

    @property
    def samples(self) -> int:
        """Inferences in the vectors."""
        return len(self.outputs)

    @property
    def part(self) -> str:
        """Part that the point was made for."""
        return str(self.parameters["part"])

    @property
    def period_ns(self) -> float:
        """Clock period that the point asks for."""
        return float(str(self.parameters["clock_period_ns"]))
