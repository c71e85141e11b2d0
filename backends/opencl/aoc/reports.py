"""Reports of aoc: area, loops and the results of Quartus' fit (`report_data.js`, JSON, text).

Source: Intel FPGA SDK for OpenCL Pro Edition, Best Practices Guide, versions 16.1 to 20.4.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from backends.opencl.aoc.javascript import loads, variables
from backends.opencl.aoc.places import files_of
from backends.opencl.aoc.quartus import fit_summary, text_fit, worst_setup_slack
from backends.opencl.aoc.recognise import IntelReport
from backends.opencl.aoc.usage import Area, Fit, Info, Loop, Usage, area_of_rows, number, usage_of
from dse.runtime.report_files import ReportError, read_text

_NAMES = {
    IntelReport.AREA: "area",
    IntelReport.SUMMARY: "summary",
    IntelReport.LOOPS: "loops",
    IntelReport.LOOP_ATTRIBUTES: "loop_attr",
    IntelReport.INFO: "info",
    IntelReport.QUARTUS: "quartus",
}
"""Names of the variables in `report_data.js`."""


class AocReports:
    """Reports of one design of aoc, or of Quartus alone.

    Args:
        folder: place of the design: its folder, or a single report.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files = files_of(folder)

    def _load(self, kind: IntelReport) -> tuple[Path, Any] | None:
        """Return a report's path and JSON, of its own file or else of `report_data.js`.

        Returns None where both are missing.

        Raises:
            ReportError: the file is damaged.
        """
        if (path := self._files.get(kind)) is not None:
            value = loads(read_text(path))
            if value is None:
                raise ReportError(path, "is not JSON")
            return path, value
        if (path := self._files.get(IntelReport.SCRIPT)) is None:
            return None
        value = variables(path, read_text(path)).get(_NAMES[kind])
        return None if value is None else (path, value)

    def area(self) -> Area | None:
        """Return aoc's estimate; None where there is none.

        Raises:
            ReportError: it is damaged; the message names the field.
        """
        found = self._load(IntelReport.AREA)
        if found is None:
            return self._summary()
        path, tree = found
        columns = [str(name).strip() for name in _list(path, tree, "columns")]
        names = [name for name in columns if name and name != "Details"]
        total = usage_of(path, "total", names, _list(path, tree, "total"))
        available = usage_of(path, "max_resources", names, _list(path, tree, "max_resources"))
        return Area(total, available, dict(_kernels(path, tree, names)))

    def _summary(self) -> Area | None:
        """Return the estimate of the summary report; None where there is none."""
        found = self._load(IntelReport.SUMMARY)
        if found is None:
            return None
        path, tree = found
        table = tree.get("estimatedResources") if isinstance(tree, dict) else None
        columns = _list(path, table, "columns")
        rows = {str(row.get("name")): row.get("data") for row in _children(table, "children")}
        return area_of_rows(path, columns, rows)

    def loops(self) -> list[Loop]:
        """Return the loops of all kernels; [] where there is no report of them.

        Raises:
            ReportError: it is damaged.
        """
        found = self._load(IntelReport.LOOPS)
        if found is None:
            attributes = self._load(IntelReport.LOOP_ATTRIBUTES)
            return [] if attributes is None else _attributed(*attributes)
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
        found = self._load(IntelReport.INFO)
        if found is None:
            return self._quartus_info()
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

    def _quartus_info(self) -> Info | None:
        path = self._files.get(IntelReport.FIT_SUMMARY)
        if path is None:
            return None
        found = fit_summary(path)
        return Info(found.version, found.device, "", "Quartus Prime")

    def fit(self) -> Fit | None:
        """Return the results of Quartus' fit; None before a fit.

        aoc's own report of them counts before Quartus' summary, which has no clock frequency.

        Raises:
            ReportError: the report is damaged.
        """
        if (path := self._files.get(IntelReport.FIT)) is not None:
            return text_fit(path)
        found = self._load(IntelReport.QUARTUS)
        fit = None if found is None else json_fit(*found)
        if fit is None and (path := self._files.get(IntelReport.FIT_SUMMARY)) is not None:
            return Fit(fit_summary(path).used, None)
        return fit

    def slack_ns(self) -> float | None:
        """Return the least setup slack of all clocks after the fit; None where no report gives it.

        Raises:
            ReportError: the report is damaged.
        """
        path = self._files.get(IntelReport.TIMING_SUMMARY)
        return None if path is None else worst_setup_slack(path)


def _list(path: Path, tree: Any, name: str) -> Sequence[Any]:
    """Return a field that must be a list; raise ReportError where it is not."""
    value = tree.get(name) if isinstance(tree, dict) else None
    if not isinstance(value, list):
        raise ReportError(path, f"{name} is missing")
    return value


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
            yield Loop.of(path, str(child.get("name", "")), pipelined, cells.get("II", ""))
        yield from _loops(path, child, columns)


def _attributed(path: Path, tree: Any) -> list[Loop]:
    """Return the loops of the report of attributes, whose blocks stand below their kernels."""
    blocks = [block for kernel in _list(path, tree, "nodes") for block in _below(kernel)]
    return [
        Loop.of(path, str(block.get("name", "")), str(block.get("pl")), block.get("ii", ""))
        for block in blocks
        if block.get("type") == "loop"
    ]


def _below(node: Any) -> Iterator[dict[str, Any]]:
    """Yield all objects in the lists `children` below a node."""
    for child in _children(node, "children"):
        yield child
        yield from _below(child)


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


_CLOCKS = ("kernel clock fmax", "clock fmax", "kernel clock", "clock")


def json_fit(path: Path, tree: Any) -> Fit | None:
    """Return clock and resources of Quartus' report; None before a fit.

    Raises:
        ReportError: a value is missing or is not a number.
    """
    if not isinstance(tree, dict):
        raise ReportError(path, "quartus is not a JSON object")
    clock = _first_node(path, tree.get("quartusFitClockSummary"))
    # Names of the clock differ between versions; "TBD" stands for every value before a fit.
    fmax = next((clock[name] for name in _CLOCKS if name in clock), None)
    if fmax == "TBD":
        return None
    nodes = _list(path, tree.get("quartusFitResourceUsageSummary"), "nodes")
    # The row "aclsystem", where the report has one, else the first, "system".
    rows = [n for n in nodes if isinstance(n, dict) and str(n.get("type")).startswith("acl")]
    row = (rows or [_first_node(path, tree.get("quartusFitResourceUsageSummary"))])[0]
    names = {"register": "reg", "ram_block": "ram", "dsp_block": "dsp"}
    counts = {name: number(path, key, row.get(key)) for name, key in names.items()}
    given = {name: row[name] for name in ("alut", "mlab") if name in row}
    more = {name: number(path, name, value) for name, value in given.items()}
    return Fit(Usage(**counts, **more), number(path, "kernel clock fmax", fmax))


def estimated_percent(path: Path) -> dict[str, int]:
    """Return the summary that aoc prints before Quartus: per cent of the device by resource.

    Raises:
        ReportError: the log has no such table.
    """
    rows = re.findall(r"^; ([A-Z][\w ]+?) +; +(\d{1,4})% +;", read_text(path), re.MULTILINE)
    if not rows:
        raise ReportError(path, "there is no Estimated Resource Usage Summary")
    return {name: int(value) for name, value in rows}
