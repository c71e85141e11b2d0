"""Map a whole network to the cells of a family with Yosys."""

import json
from collections import Counter
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path

from backends.openhls import toolchain
from backends.openhls.pnr.constants import drive_constants, drive_near, settle_constants
from backends.openhls.pnr.family import Family, taken
from backends.openhls.pnr.pack import pack
from backends.openhls.pnr.ports import Ports, ports_of, take_ports_away
from backends.openhls.run_yosys import run_script
from backends.openhls.yosys import INSTALL
from dse.contracts.errors import EvaluationError, FailureKind
from dse.runtime.cache import cached_directory, digest

_FORMAT = 6
"""Part of the cache key: raise it when script or packing change the netlist."""

NETLIST = "netlist.json"
_SOURCE, _SCRIPT, _CELLS, _PORTS = "design.v", "synthesis.ys", "cells.json", "ports.json"


@dataclass(frozen=True)
class Mapped:
    """A network in a family's cells.

    Args:
        netlist: file that nextpnr reads.
        counts: what it takes of each resource before packing, by metric.
        ports: its ports.
    """

    netlist: Path
    counts: dict[str, int]
    ports: Ports


def map_to(family: Family, text: str, top: str, cache: Path) -> Mapped:
    """Return a design in the cells of a family, from the cache or by a run of Yosys.

    The whole design is flattened: unlike counts, a placement needs every instance.

    Args:
        family: the family.
        text: Verilog of the design.
        top: name of its top module.
        cache: shared cache folder.

    Raises:
        EvaluationError: Yosys failed or is not installed.
    """
    key = digest("map", _FORMAT, str(toolchain.yosys()), family.name, family.synthesis, text)
    folder = cached_directory(cache / "mapped", key, partial(_run, family, text, top))
    cells, ports = (json.loads((folder / name).read_text()) for name in (_CELLS, _PORTS))
    return Mapped(folder / NETLIST, taken(family.cells, cells), ports)


def _run(family: Family, text: str, top: str, folder: Path) -> None:
    program = toolchain.yosys()
    if program is None:
        raise EvaluationError(FailureKind.TOOL_MISSING, "Yosys is not installed", hint=INSTALL)
    (folder / _SOURCE).write_text(text)
    if family.mapping:
        rules = files("backends.openhls.pnr").joinpath("models", family.mapping)
        (folder / family.mapping).write_text(rules.read_text())
    script = f"read_verilog {_SOURCE}\n{family.synthesis.format(top=top)}\nwrite_json {NETLIST}\n"
    run_script(program, script, folder, _SCRIPT)
    _prepare(family, top, folder)


def _prepare(family: Family, top: str, folder: Path) -> None:
    """Make of what Yosys wrote what nextpnr takes; keep counts and ports beside it."""
    netlist = folder / NETLIST
    settle_constants(netlist, top, family.carry)
    if family.block and family.flip_flop:
        pack(netlist, family.block, family.flip_flop)
    (folder / _CELLS).write_text(json.dumps(count_cells(netlist)))
    (folder / _PORTS).write_text(json.dumps(ports_of(netlist, top)))
    if family.block and family.block.ties:
        drive_near(netlist, top, family.block.kinds, family.block.ties)
    if not family.open_ports:
        take_ports_away(netlist, top)
    if family.constants:
        drive_constants(netlist, top, family.constants)


def count_cells(netlist: Path) -> Counter[str]:
    """Return the number of cells by kind in a netlist of one module."""
    modules = json.loads(netlist.read_text())["modules"].values()
    return Counter(
        cell["type"]
        for module in modules
        for cell in module["cells"].values()
        if not int(str(module["attributes"].get("blackbox", "0")), 2)
    )
