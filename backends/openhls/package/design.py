"""What a package is made of: a circuit, its vectors, and where both come from."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from numpy.typing import NDArray

from backends.modelgraph.rtl.circuit import Circuit
from backends.modelgraph.rtl.stream.circuit import StreamCircuit
from backends.modelgraph.settings import DEFAULT_PART
from backends.openhls.package.interface import Interface
from backends.openhls.pnr.families import named_target, target_of
from backends.openhls.pnr.family import Target
from dse.contracts.parameters import Assignment

_LARGE_ECP5 = "LFE5U-85F-8BG381C"


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
        seed: of place and route by the package's make, where none is named.
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
    seed: int = 1

    @cached_property
    def interface(self) -> Interface:
        """Its AXI streams."""
        return Interface.of(self.circuit, self.output)

    @property
    def samples(self) -> int:
        """Inferences in the vectors."""
        return len(self.outputs)

    @property
    def vivado_part(self) -> str:
        """Part that Vivado builds it for: the point's, or the default where it is not AMD's."""
        return self.part if self.part.lower().startswith("xc") else DEFAULT_PART

    @cached_property
    def target(self) -> Target:
        """What nextpnr builds it for: the point's part, or a large ECP5 where it has none such."""
        return target_of(self.part) or named_target(_LARGE_ECP5)

    @property
    def megahertz(self) -> str:
        """Clock frequency that the point asks for, as text."""
        return f"{1000 / self.period_ns:g}"

    @property
    def part(self) -> str:
        """Part that the point was made for."""
        return str(self.parameters["part"])

    @property
    def period_ns(self) -> float:
        """Clock period that the point asks for."""
        return float(str(self.parameters["clock_period_ns"]))
