"""A routed netlist as Verilog, so that it can be simulated.

nextpnr writes the cells that it placed, packed and with their constants folded in. They are
written as instances of the models in `models/FAMILY.v`, which are made of the registers in
`models/common.v` and have no delays: timing is in the report, and a simulation shows that the
placed cells still compute the network.
"""

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from backends.modelgraph.rtl.circuit import TOP
from backends.openhls.pnr.family import Family, Model
from backends.openhls.pnr.ports import Ports, routed_ports
from dse.contracts.errors import EvaluationError, FailureKind


def routed_verilog(routed: Path, ports: Ports, family: Family) -> str:
    """Return a routed netlist with the models of its cells; the top is called `network`.

    Args:
        routed: JSON that nextpnr wrote.
        ports: those of the mapped design.
        family: its family.

    Raises:
        EvaluationError: there is no model of a cell.
    """
    (design,) = json.loads(routed.read_text())["modules"].values()
    writer = _Writer(routed_ports(ports, design), design["cells"], family.models)
    return writer.text() + models(family.name)


def models(family: str) -> str:
    """Return the Verilog of a family's cells, and of the registers that they share."""
    folder = files("backends.openhls.pnr").joinpath("models")
    return "".join(folder.joinpath(f"{name}.v").read_text() for name in ("common", family))


class _Writer:
    """Writer of one module; bit number i of the netlist becomes the wire ``n<i>``."""

    def __init__(self, ports: Ports, cells: Mapping[str, Any], known: Mapping[str, Model]) -> None:
        self.ports, self.cells, self.known = ports, cells, known

    def text(self) -> str:
        """Return the module."""
        lines = [*self._wires(), *self._port_bits()]
        for number, (name, cell) in enumerate(self.cells.items()):
            lines += self._cell(f"u{number}", name, cell)
        ports = ", ".join(
            f"{port['direction']} wire [{len(port['bits']) - 1}:0] {name}"
            for name, port in self.ports.items()
        )
        return f"module {TOP} ({ports});\n  " + "\n  ".join(lines) + "\nendmodule\n"

    def _wires(self) -> Iterator[str]:
        """Yield the declaration of every bit, each a wire of its own: one of them is the clock."""
        groups = [port["bits"] for port in self.ports.values()]
        groups += [bits for cell in self.cells.values() for bits in cell["connections"].values()]
        bits = {bit for group in groups for bit in group if isinstance(bit, int)}
        yield from (f"wire n{bit};" for bit in sorted(bits))

    def _port_bits(self) -> Iterator[str]:
        """Yield the way of every bit to or from its port.

        Inputs that are unknown between two samples become 0: an unknown input makes the output of
        a table unknown in simulators of four values, even where it does not matter.
        """
        for name, port in self.ports.items():
            for i, bit in enumerate(port["bits"]):
                if port["direction"] == "output":
                    yield f"assign {name}[{i}] = {_wire(bit)};"
                elif isinstance(bit, int):
                    yield f"assign n{bit} = {name}[{i}] === 1'b1;"

    def _cell(self, instance: str, name: str, cell: Mapping[str, Any]) -> Iterator[str]:
        """Yield the instance of a cell and what its outputs drive."""
        model = self.known.get(cell["type"])
        if model is None:
            message = f"there is no model of the cell {cell['type']} ({name}) to simulate"
            hint = "this is a defect of dse: please report it"
            raise EvaluationError(FailureKind.TOOL_FAILED, message, hint=hint)
        given = {key: value for key, value in cell["parameters"].items() if key in model.parameters}
        parameters = [f".{key}({_value(value)})" for key, value in given.items()]
        if cell["connections"].get("FXA"):  # nextpnr tells the two multiplexers by their place
            parameters.append(".WIDE(1)")
        ports = [*self._inputs(cell, model)]
        driven = []
        for port, width in model.outputs.items():
            wire, bits = f"{instance}_{port}", max(width, 1)
            ports.append(f".{port}({wire})")
            yield f"wire [{bits - 1}:0] {wire};"
            for i, one in enumerate(_names(port, width)):
                if bit := cell["connections"].get(one):
                    driven.append(f"assign {_wire(bit[0])} = {wire}[{i}];")
        yield f"{cell['type']} #({', '.join(parameters)}) {instance} ({', '.join(ports)});"
        yield from driven

    def _inputs(self, cell: Mapping[str, Any], model: Model) -> Iterator[str]:
        for port, width in model.inputs.items():
            bits = [self._input(cell, name, model) for name in _names(port, width)]
            yield f".{port}({{{', '.join(reversed(bits))}}})"

    def _input(self, cell: Mapping[str, Any], name: str, model: Model) -> str:
        """Return what drives an input; nextpnr keeps constants as ``A3MUX``: "0" or "1"."""
        connected = cell["connections"].get(name)
        if connected:
            return _wire(connected[0])
        constant = str(cell["parameters"].get(f"{name}MUX", "")).strip()
        high = constant == "1" or (constant != "0" and name in model.high)
        return f"1'b{int(high)}"


def _names(port: str, width: int) -> list[str]:
    """Return the names of a bus's bits in a netlist, lowest first; its own where it is no bus."""
    return [f"{port}{i}" for i in range(width)] or [port]


def _wire(bit: int | str) -> str:
    """Return a bit of the netlist: a wire, or a constant that nextpnr has left."""
    return f"n{bit}" if isinstance(bit, int) else f"1'b{bit if bit in '01' else 0}"


def _value(parameter: str) -> str:
    """Return a parameter: Yosys' JSON has numbers as bits, and texts of bits with a space."""
    if parameter and set(parameter) <= {"0", "1", "x"}:
        return f"{len(parameter)}'b{parameter.replace('x', '0')}"
    return f'"{parameter.strip()}"'
