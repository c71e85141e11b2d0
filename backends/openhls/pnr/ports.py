"""Ports of a design, from the mapped netlist to the routed one.

A routed netlist does not say which constant an output bit is: nextpnr has written anything there.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypedDict


class Port(TypedDict):
    """A port; a bit is the number of a net, or ``"0"``, ``"1"`` or ``"x"`` where it is constant."""

    direction: str
    bits: list[int | str]


Ports = Mapping[str, Port]
"""Ports by name."""


def ports_of(netlist: Path, top: str) -> Ports:
    """Return the ports of the top module in a netlist of Yosys."""
    found = json.loads(netlist.read_text())["modules"][top]["ports"]
    return {name: Port(direction=p["direction"], bits=p["bits"]) for name, p in found.items()}


def take_ports_away(netlist: Path, top: str) -> None:
    """Remove the ports of the top module, for a nextpnr that wants a pin for each.

    Their nets stay, with names by which `routed_ports` finds them: without a driver where they
    were inputs, the clock too, and without a reader where they were outputs.
    """
    design = json.loads(netlist.read_text())
    module = design["modules"][top]
    bits = {bit for port in module["ports"].values() for bit in port["bits"]}
    module["netnames"] = {
        _name(bit): {"hide_name": 0, "bits": [bit], "attributes": {}}
        for bit in sorted(bit for bit in bits if isinstance(bit, int))
    }
    module["ports"] = {}
    netlist.write_text(json.dumps({**design, "modules": {top: module}}))


def routed_ports(ports: Ports, design: Mapping[str, Any]) -> Ports:
    """Return ports with the bits that they have in a routed design, and the constants of before.

    An input that nothing reads may have no net there.

    Args:
        ports: those of the mapped design.
        design: top module of nextpnr's netlist.
    """
    return {
        name: Port(direction=port["direction"], bits=list(_routed_bits(name, port, design)))
        for name, port in ports.items()
    }


def _routed_bits(name: str, port: Port, design: Mapping[str, Any]) -> Iterator[int | str]:
    there = design["ports"].get(name)
    for number, bit in enumerate(port["bits"]):
        if isinstance(bit, str):
            yield bit
        elif there:
            yield there["bits"][number]
        elif port["direction"] == "output":
            yield design["netnames"][_name(bit)]["bits"][0]
        else:
            yield design["netnames"].get(_name(bit), {"bits": ["x"]})["bits"][0]


def _name(bit: int | str) -> str:
    """Return the name of a port's net in a netlist without ports."""
    return f"port_{bit}"
