"""Ports of a design, from the mapped netlist to the routed one.

A routed netlist does not say which constant an output bit is: nextpnr has written anything there.
"""

import json
from collections.abc import Mapping
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


def routed_ports(ports: Ports, design: Mapping[str, Any]) -> Ports:
    """Return ports with the bits that they have in a routed design, and the constants of before.

    Args:
        ports: those of the mapped design.
        design: top module of nextpnr's netlist.
    """
    return {
        name: Port(
            direction=port["direction"],
            bits=[
                bit if isinstance(bit, str) else design["ports"][name]["bits"][n]
                for n, bit in enumerate(port["bits"])
            ],
        )
        for name, port in ports.items()
    }
