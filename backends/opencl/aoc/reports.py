"""Reports of aoc: area, loops and the results of Quartus' fit (`report_data.js`, JSON, text).

Source: Intel FPGA SDK for OpenCL Pro Edition, Best Practices Guide, versions 16.1 to 20.4.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backends.opencl.aoc.javascript import loads, variables
from dse.runtime.report_files import ReportError, read_text

_COUNTS = {"alut": "ALUTs", "register": "FFs", "ram_block": "RAMs", "dsp_block": "DSPs"}


@dataclass(frozen=True)
class Usage:
    """Resource counts; None where the report does not give them.

    Args:
        alut: adaptive look-up tables.
        register: flip-flops.
        ram_block: RAM blocks (M20K on Arria 10, M10K on Cyclone V).
        dsp_block: DSP blocks.
        mlab: memory logic array blocks.
    """

    alut: float | None = None
    register: float | None = None
    ram_block: float | None = None
    dsp_block: float | None = None
    mlab: float | None = None


ARRIA_10_GX_1150 = Usage(854_400, 1_708_800, 2_713, 1_518, 42_720)
"""Capacity of the paper's device, 10AX115, by the Intel Arria 10 Device Overview."""


@dataclass(frozen=True)
class Area:
    """aoc's own estimate, before Quartus.

    Args:
        total: resources of kernels, interconnect and board.
        available: capacity by the report; from version 17 on without the board's share.
        kernels: resources by kernel.
    """

    total: Usage
    available: Usage
    kernels: Mapping[str, Usage]


@dataclass(frozen=True)
class Loop:
    """A loop of a kernel.

    Args:
        name: name in the report.
        pipelined: whether iterations overlap.
        ii: initiation interval in cycles; None where the report gives none.
        approximate: whether the report calls the interval approximate (``~``).
    """

    name: str
    pipelined: bool
    ii: int | None
    approximate: bool


@dataclass(frozen=True)
class Info:
    """A run of aoc.

    Args:
        version: version of aoc, such as ``17.1.1 Build 273``.
        target: family, device and board; since version 20 the family alone.
        command: command line; empty where the report does not give it.
    """

    version: str
    target: str
    command: str


@dataclass(frozen=True)
class Fit:
    """Results of Quartus' fit.

    Args:
        used: resources of the whole design.
        kernel_fmax_mhz: highest clock frequency of the kernels.
    """

    used: Usage
    kernel_fmax_mhz: float


class AocReports:
    """Reports in one folder of aoc.

    Args:
        folder: has ``reports/lib``, ``report/lib`` or ``lib``, or ``acl_quartus_report.txt``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        roots = [folder / name for name in ("reports", "report", "")]
        self._lib = next((root / "lib" for root in roots if (root / "lib").is_dir()), None)
        self._text = first_file(folder, *(root for root in roots), name="acl_quartus_report.txt")

    def _load(self, name: str) -> tuple[Path, Any] | None:
        """Return a report's path and JSON, of its own file or else of `report_data.js`.

        Returns None where both are missing.

        Raises:
            ReportError: the file is damaged.
        """
        if self._lib is None:
            return None
        path = first_file(self._lib / "json", name=f"{name}.json")
        if path is not None:
            value = loads(read_text(path))
            if value is None:
                raise ReportError(path, "is not JSON")
            return path, value
        path = first_file(self._lib, name="report_data.js")
        if path is None:
            return None
        value = variables(path, read_text(path)).get(name)
        return None if value is None else (path, value)

    def area(self) -> Area | None:
        """Return aoc's estimate; None where there is none.

        Raises:
            ReportError: it is damaged; the message names the field.
        """
        found = self._load("area")
        if found is None:
            return None
        path, tree = found
        columns = [str(name).strip() for name in _list(path, tree, "columns")]
        names = [name for name in columns if name and name != "Details"]
        total = usage_of(path, "total", names, _list(path, tree, "total"))
        available = usage_of(path, "max_resources", names, _list(path, tree, "max_resources"))
        return Area(total, available, dict(_kernels(path, tree, names)))

    def loops(self) -> list[Loop]:
        """Return the loops of all kernels; [] where there is no report of them.

        Raises:
            ReportError: it is damaged.
        """
        found = self._load("loops")
        if found is None:
            return []
        path, tree = found
        if not isinstance(tree, dict):
            raise ReportError(path, "loops is not a JSON object")
        columns = [str(name).strip() for name in _list(path, tree, "columns") if name]
        return list(_loops(path, tree, columns))

    def info(self) -> Info | None:
        """Return version, target and command; None where the report has none (version 16).

        Raises:
            ReportError: it is damaged.
        """
        found = self._load("info")
        if found is None:
            return None
        path, tree = found
        if isinstance(tree, dict) and "compileInfo" in tree:  # version 20 and newer
            node = _first_node(path, tree["compileInfo"])
            return Info(*(str(node.get(name, "")) for name in ("version", "family", "command")))
        rows = {
            str(row.get("name")): " ".join(map(str, _list(path, row, "data")))
            for row in _list(path, tree, "rows")
            if isinstance(row, dict)
        }
        names = ("AOC Version", "Target Family, Device, Board", "Command")
        return Info(*(rows.get(name, "") for name in names))

    def fit(self) -> Fit | None:
        """Return the results of Quartus' fit; None before a fit.

        Raises:
            ReportError: the report is damaged.
        """
        if self._text is not None:
            return _text_fit(self._text)
        found = self._load("quartus")
        return None if found is None else json_fit(*found)


def first_file(*folders: Path, name: str) -> Path | None:
    """Return the first file of this name in the folders, gzipped or not; None without one."""
    found = (folder / f"{name}{end}" for folder in folders for end in ("", ".gz"))
    return next((path for path in found if path.is_file()), None)


def _list(path: Path, tree: Any, name: str) -> Sequence[Any]:
    """Return a field that must be a list; raise ReportError where it is not."""
    value = tree.get(name) if isinstance(tree, dict) else None
    if not isinstance(value, list):
        raise ReportError(path, f"{name} is missing")
    return value


def _number(path: Path, name: str, value: Any) -> float:
    """Return a count, which may be fractional from version 20 on; raise ReportError if it is none.

    At most 15 digits, which a float holds exactly; more are damage.
    """
    text = str(value).strip().replace(",", "")
    if isinstance(value, bool) or not re.fullmatch(r"\d{1,15}(\.\d+)?", text):
        raise ReportError(path, f"{name} is {value!r}, not a count")
    return float(text)


def usage_of(path: Path, place: str, names: Sequence[str], values: Sequence[Any]) -> Usage:
    """Return the resources of a row of counts, whose columns are found by name.

    Args:
        path: the report, for the error.
        place: name of the row, for the error.
        names: names of the columns.
        values: the row.

    Raises:
        ReportError: a count is missing or is not a number.
    """
    cells = dict(zip(names, values, strict=False))
    for column in _COUNTS.values():
        if column not in cells:
            raise ReportError(path, f"{place} has no {column}")
    counts = {n: _number(path, f"{place} {c}", cells[c]) for n, c in _COUNTS.items()}
    mlab = _number(path, f"{place} MLABs", cells["MLABs"]) if "MLABs" in cells else None
    return Usage(**counts, mlab=mlab)


def _kernels(path: Path, tree: Any, names: Sequence[str]) -> Iterator[tuple[str, Usage]]:
    """Yield the name and summed resources of every kernel."""
    # "functions" in version 16, "children" from 17 on, which also hold the board's partition.
    for node in [*_children(tree, "functions"), *_children(tree, "children")]:
        if node.get("type", "function") == "function":
            name = str(node.get("name"))
            rows = [usage_of(path, name, names, row) for row in _rows(node)]
            if rows:
                yield name, _sum(rows)


def _rows(node: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
    """Yield the counts below a node; a part with counts of its own stands for all below it."""
    for name in ("resources", "children", "basicblocks"):
        for part in _children(node, name):
            data = part.get("data")
            if isinstance(data, list) and data:
                yield data
            else:
                yield from _rows(part)


def _sum(usages: Sequence[Usage]) -> Usage:
    """Return sums by resource; None where one of the usages does not give it."""
    totals = {}
    for name in vars(usages[0]):
        values = [getattr(usage, name) for usage in usages]
        totals[name] = None if None in values else sum(values)
    return Usage(**totals)


def _loops(path: Path, node: Any, columns: Sequence[str]) -> Iterator[Loop]:
    """Yield the loops below a node; rows without Yes or No under Pipelined are kernels."""
    for child in [*_children(node, "children"), *_children(node, "functions")]:
        data = child.get("data")
        cells = dict(zip(columns, data, strict=False)) if isinstance(data, list) else {}
        pipelined = str(cells.get("Pipelined", "")).strip()
        if pipelined in {"Yes", "No"}:
            interval = str(cells.get("II", "")).strip()
            found = re.fullmatch(r"(~?)\s*(\d{1,15})", interval)
            name = str(child.get("name", ""))
            ii = int(found.group(2)) if found else None
            yield Loop(name, pipelined == "Yes", ii, bool(found and found.group(1)))
        yield from _loops(path, child, columns)


def _children(node: Any, name: str) -> list[dict[str, Any]]:
    """Return the objects in a list of a node; [] where there is no such list."""
    listed = node.get(name, []) if isinstance(node, dict) else []
    return [c for c in listed if isinstance(c, dict)] if isinstance(listed, list) else []


def _first_node(path: Path, tree: Any) -> dict[str, Any]:
    """Return the first of a section's nodes; raise ReportError where there is none."""
    nodes = _list(path, tree, "nodes")
    if not nodes or not isinstance(nodes[0], dict):
        raise ReportError(path, "nodes is empty")
    return nodes[0]


def json_fit(path: Path, tree: Any) -> Fit | None:
    """Return clock and resources of Quartus' report; None before a fit.

    Raises:
        ReportError: a value is missing or is not a number.
    """
    if not isinstance(tree, dict):
        raise ReportError(path, "quartus is not a JSON object")
    clock = _first_node(path, tree.get("quartusFitClockSummary"))
    # Names of the clock differ between versions; "TBD" stands for every value before a fit.
    fmax = clock.get("kernel clock fmax", clock.get("clock fmax", clock.get("kernel clock")))
    if fmax == "TBD":
        return None
    nodes = _list(path, tree.get("quartusFitResourceUsageSummary"), "nodes")
    # The row "aclsystem", where the report has one, else the first, "system".
    rows = [n for n in nodes if isinstance(n, dict) and str(n.get("type")).startswith("acl")]
    row = (rows or [_first_node(path, tree.get("quartusFitResourceUsageSummary"))])[0]
    names = {"register": "reg", "ram_block": "ram", "dsp_block": "dsp"}
    counts = {name: _number(path, key, row.get(key)) for name, key in names.items()}
    given = {name: row[name] for name in ("alut", "mlab") if name in row}
    more = {name: _number(path, name, value) for name, value in given.items()}
    return Fit(Usage(**counts, **more), _number(path, "kernel clock fmax", fmax))


_LINES = {"alut": "ALUTs", "register": "Registers", "ram_block": "RAM blocks"}
_LINES |= {"dsp_block": "DSP blocks"}


def _text_fit(path: Path) -> Fit:
    """Read `acl_quartus_report.txt`: lines ``name: used / available ( percent )``."""
    lines = re.findall(r"^([^:\n]+):[ \t]*([^\n]*)$", read_text(path), re.MULTILINE)
    fields = {name.strip(): value.partition("/")[0].strip() for name, value in lines}
    for name in (*_LINES.values(), "Kernel fmax"):
        if name not in fields:
            raise ReportError(path, f"{name} is missing")
    counts = {name: _number(path, line, fields[line]) for name, line in _LINES.items()}
    return Fit(Usage(**counts), _number(path, "Kernel fmax", fields["Kernel fmax"]))


def estimated_percent(path: Path) -> dict[str, int]:
    """Return the summary that aoc prints before Quartus: per cent of the device by resource.

    Raises:
        ReportError: the log has no such table.
    """
    rows = re.findall(r"^; ([A-Z][\w ]+?) +; +(\d{1,4})% +;", read_text(path), re.MULTILINE)
    if not rows:
        raise ReportError(path, "there is no Estimated Resource Usage Summary")
    return {name: int(value) for name, value in rows}
