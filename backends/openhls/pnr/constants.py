"""Constants of a mapped netlist: values instead of the outputs of cells."""

import json
from collections.abc import Mapping
from pathlib import Path

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
    every = [cell["connections"] for cell in module["cells"].values()]
    used = {bit for one in every for bits in one.values() for bit in bits if isinstance(bit, int)}
    nets = {value: max(used, default=1) + 1 + n for n, value in enumerate(cells)}
    for connections in every:
        for port, bits in connections.items():
            connections[port] = [nets.get(bit, bit) for bit in bits]
    for value, kind in cells.items():
        module["cells"][f"constant_{value}"] = {
            "hide_name": 0,
            "type": kind,
            "parameters": {},
            "attributes": {},
            "port_directions": {"Z": "output"},
            "connections": {"Z": [nets[value]]},
        }
    netlist.write_text(json.dumps(design))
