"""Map a whole network to the cells of a family with Yosys."""

import json
import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from backends.openhls import toolchain
from backends.openhls.pnr.families import Family, taken
from backends.openhls.yosys import INSTALL
from dse.contracts.errors import EvaluationError, FailureKind
from dse.runtime.cache import cached_directory, digest
from dse.runtime.tools import run_tool

_FORMAT = 1
"""Part of the cache key: raise it when the script changes the netlist."""

NETLIST, LOG = "netlist.json", "yosys.log"
_SOURCE, _SCRIPT, _STAT = "design.v", "synthesis.ys", "stat.json"


@dataclass(frozen=True)
class Mapped:
    """A network in a family's cells.

    Args:
        netlist: file that nextpnr reads.
        counts: what it takes of each resource before packing, by metric.
    """

    netlist: Path
    counts: dict[str, int]


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
    return Mapped(folder / NETLIST, taken(family.cells, _cells(folder / _STAT)))


def _run(family: Family, text: str, top: str, folder: Path) -> None:
    program = toolchain.yosys()
    if program is None:
        raise EvaluationError(FailureKind.TOOL_MISSING, "Yosys is not installed", hint=INSTALL)
    (folder / _SOURCE).write_text(text)
    (folder / _SCRIPT).write_text(
        f"read_verilog {_SOURCE}\n"
        f"{family.synthesis} -top {top} -json {NETLIST}\n"
        f"tee -q -o {_STAT} stat -json\n"
    )
    run_tool(
        [*program.command, "-q", "-s", _SCRIPT],
        directory=folder,
        log=folder / LOG,
        environment=program.environment,
        name=program.name,
    )


def _cells(report: Path) -> dict[str, int]:
    """Return the number of cells by kind."""
    # Yosys 0.23 prints stray text into the JSON of some designs: take the one object needed
    found = re.search(r'"num_cells_by_type": *(\{[^}]*\})', report.read_text())
    cells: dict[str, int] = json.loads(found.group(1)) if found else {}
    return cells
