"""Constants of a mapped netlist: values instead of the outputs of cells."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

_NEAR = 8
"""DSP blocks that share the driver of a constant.

They are grouped in the order of the netlist and not by place, because nothing is placed yet.
"""

_CELLS = {"GND": "0", "VCC": "1", "VLO": "0", "VHI": "1"}


def settle_constants(netlist: Path, top: str, carry: str = "") -> None:
    """Write constants as values in a netlist of Yosys.

    So every family says them alike, and a port that is constant is known as such.

    Args:
        netlist: JSON, changed in place.
        top: name of its top module.
        carry: port of carry chains' cells that is left open where it is constant, because
            nextpnr knows only other carries there; their first cell does not read it.
    """
    design = json.loads(netlist.read_text())
    module = design["modules"][top]
    drivers = {name: cell for name, cell in module["cells"].items() if cell["type"] in _CELLS}
    values = {
        bit: _CELLS[cell["type"]]
        for cell in drivers.values()
        for bits in cell["connections"].values()
        for bit in bits
    }
    for name in drivers:
        del module["cells"][name]
    for connections in [cell["connections"] for cell in module["cells"].values()]:
        for port, bits in connections.items():
            connections[port] = [values.get(bit, bit) for bit in bits]
        if connections.get(carry, [0])[0] in ("0", "1", "x"):
            del connections[carry]
    for port in module["ports"].values():
        port["bits"] = [values.get(bit, bit) for bit in port["bits"]]
    netlist.write_text(json.dumps(design))


def drive_constants(netlist: Path, top: str, cells: Mapping[str, str]) -> None:
    """Drive the constants of a netlist by cells again, for a nextpnr that knows no values.

    Args:
        netlist: JSON, changed in place.
        top: name of its top module.
        cells: kind of the cell for ``"0"`` and for ``"1"``, whose output is ``Z``.
    """
    design = json.loads(netlist.read_text())
    module = design["modules"][top]
    nets = {value: _free_net(module) + n for n, value in enumerate(cells)}
    for connections in [cell["connections"] for cell in module["cells"].values()]:
        for port, bits in connections.items():
            connections[port] = [nets.get(bit, bit) for bit in bits]
    for value, kind in cells.items():
        module["cells"][f"constant_{value}"] = _driver(kind, {}, nets[value])
    netlist.write_text(json.dumps(design))


def drive_near(netlist: Path, top: str, kinds: Sequence[str], ports: Sequence[str]) -> None:
    """Drive constants of DSP blocks by look-up tables of their own, a table for eight blocks.

    nextpnr drives every constant of the chip by one table. Its router takes the wires from there to
    the blocks last, and then hundreds of times as long for one of them as for another wire.

    Args:
        netlist: JSON, changed in place.
        top: name of its top module.
        kinds: cells of DSP blocks.
        ports: ports whose constants nextpnr connects by wires.
    """
    design = json.loads(netlist.read_text())
    module = design["modules"][top]
    blocks = [cell for cell in module["cells"].values() if cell["type"] in kinds]
    free, nets = _free_net(module), dict[tuple[int, str], int]()
    for number, block in enumerate(blocks):
        for port in ports:
            if (value := "".join(map(str, block["connections"].get(port, [])))) in ("0", "1"):
                net = nets.setdefault((number // _NEAR, value), free + len(nets))
                block["connections"][port] = [net]
    for (group, value), net in nets.items():
        table = {"INIT": value * 16}
        module["cells"][f"constant_{value}_{group}"] = _driver("LUT4", table, net)
    netlist.write_text(json.dumps(design))


def _free_net(module: Mapping[str, Any]) -> int:
    """Return a number from which on no net of a module has one."""
    used = _bits(cell["connections"].values() for cell in module["cells"].values())
    return max([1, *used, *_bits([[port["bits"] for port in module["ports"].values()]])]) + 1


def _bits(connections: Iterable[Iterable[list[int | str]]]) -> list[int]:
    return [bit for one in connections for bits in one for bit in bits if isinstance(bit, int)]


def _driver(kind: str, parameters: Mapping[str, str], net: int) -> dict[str, Any]:
    return {
        "hide_name": 0,
        "type": kind,
        "parameters": dict(parameters),
        "attributes": {},
        "port_directions": {"Z": "output"},
        "connections": {"Z": [net]},
    }
