"""Place and route a mapped design with nextpnr, and read its report."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from backends.openhls import toolchain
from backends.openhls.pnr.family import Target, taken
from backends.openhls.pnr.fit import HINT, does_not_fit
from backends.openhls.pnr.stall import rule, stall
from backends.openhls.toolchain import Tool
from dse.contracts.errors import EvaluationError, FailureKind
from dse.runtime.cache import cached_directory, digest
from dse.runtime.checksums import file_digest
from dse.runtime.tools import log_tail, run_tool

_FORMAT = 1
"""Part of the cache key: raise it when the command changes the result, or `stall` other than by
`ROUTERS`. Those are in the key themselves (`rule`), because the folder of a seed that was given up
has no report, and must not be found where another rule is in force, or none.
"""

REPORT, ROUTED, LOG = "report.json", "routed.json", "nextpnr.log"
_NETLIST = "netlist.json"


class SeedStalledError(EvaluationError):
    """The routing of one seed was given up (`stall`); another seed may be routed."""


@dataclass(frozen=True)
class Routed:
    """A design that was placed and routed with one seed.

    Args:
        seed: the seed.
        fmax_mhz: highest clock frequency after routing.
        counts: resources after packing, by metric.
        levels: cells between the registers of the critical path.
        path: delays along the critical path in ns, by what causes them: ``logic``, ``routing``,
            ``clk-to-q``, ``setup``.
        folder: folder of report, log and routed netlist.
    """

    seed: int
    fmax_mhz: float
    counts: dict[str, int]
    levels: int
    path: dict[str, float]
    folder: Path


def install(target: Target) -> str:
    """Return how to install the nextpnr of a target."""
    name = target.family.program
    return f"pip install {toolchain.NEXTPNR[name]}, or put nextpnr-{name} on PATH"


def program(target: Target) -> Tool:
    """Return the nextpnr of a target.

    Raises:
        EvaluationError: it is not installed.
    """
    tool = toolchain.nextpnr(target.family.program)
    if tool is None:
        message = f"nextpnr-{target.family.program} is not installed"
        raise EvaluationError(FailureKind.TOOL_MISSING, message, hint=install(target))
    return tool


def route(
    netlist: Path,
    target: Target,
    clock_period_ns: float,
    seed: int,
    cache: Path,
) -> Routed:
    """Return a design placed and routed, from the cache or by a run of nextpnr.

    Args:
        netlist: mapped design.
        target: device, speed grade and package.
        clock_period_ns: period that nextpnr aims at.
        seed: seed of the placement.
        cache: shared cache folder.

    Raises:
        SeedStalledError: the router made no progress with this seed.
        EvaluationError: nextpnr is not installed, failed, or the design does not fit.
    """
    tool = program(target)
    arguments = [*target.arguments, "--freq", f"{1000 / clock_period_ns:.3f}"]
    arguments += ["--out-of-context"] if target.family.open_ports else []
    arguments += ["--seed", str(seed), "--timing-allow-fail"]
    key = digest("route", _FORMAT, rule(), str(tool), arguments, file_digest(netlist))
    build = partial(_run, tool, arguments, netlist)
    folder = cached_directory(cache / "routed", key, build)
    check_progress(folder / LOG)
    return _read(folder, target, seed)


def check_progress(log: Path) -> None:
    """Check nextpnr's log, while it runs or later; a log that is not there yet tells nothing.

    Raises:
        SeedStalledError: the router made no progress.
    """
    if log.is_file() and (why := stall(log.read_text(errors="replace"))):
        kind = FailureKind.DOES_NOT_FIT
        raise SeedStalledError(kind, f"given up: {why}", hint=HINT, log=log_tail(log))


def _run(tool: Tool, arguments: Sequence[str], netlist: Path, folder: Path) -> None:
    """Run nextpnr; where its router stalls, end it, and leave the log that says so."""
    log = folder / LOG
    # nextpnr as WebAssembly sees its working directory and not every other place
    (folder / _NETLIST).write_bytes(netlist.read_bytes())
    files = ["--json", _NETLIST, "--report", REPORT, "--write", ROUTED]
    try:
        run_tool(
            [*tool.command, *arguments, *files],
            directory=folder,
            log=log,
            environment=tool.environment,
            watch=partial(check_progress, log),
            name=tool.name,
        )
    except EvaluationError as error:
        said = log.read_text(errors="replace")
        if not stall(said):
            raise failure_of(error, said) from error
    finally:
        (folder / _NETLIST).unlink()


_UTILISATION = re.compile(r"Info:\s+(\w+):\s+(\d+)/\s*(\d+)\s+\d+%")
_NO_PLACE = re.compile(
    r"ERROR: .*(no B[Ee][Ll]s? remaining|legal placement|placement location|place cell).*"
)
_NO_ROUTE = re.compile(r"ERROR: .*([Rr]out).*")


def failure_of(error: EvaluationError, log: str) -> EvaluationError:
    """Return a failure of nextpnr, as one of the part's size where the log says so."""
    if error.kind is not FailureKind.TOOL_FAILED:
        return error
    used = [(kind, int(n), int(most)) for kind, n, most in _UTILISATION.findall(log)]
    over = [
        f"{n:,} {kind} of {most:,} ({n - most:,} too many)" for kind, n, most in used if n > most
    ]
    if over:
        return does_not_fit(f"the packed design needs {' and '.join(over)}", error.log)
    for pattern, what in ((_NO_PLACE, "placed"), (_NO_ROUTE, "routed")):
        if found := pattern.search(log):
            fullest = max(used, key=lambda one: one[1] / max(one[2], 1), default=None)
            share = f"; fullest: {fullest[1]:,} {fullest[0]} of {fullest[2]:,}" if fullest else ""
            said = found.group().removeprefix("ERROR: ")
            return does_not_fit(f"the design cannot be {what} ({said}){share}", error.log)
    return error


def _read(folder: Path, target: Target, seed: int) -> Routed:
    """Read the report of a run.

    Raises:
        EvaluationError: the report has no clock.
    """
    report: dict[str, Any] = json.loads((folder / REPORT).read_text())
    clocks = [float(clock["achieved"]) for clock in report["fmax"].values()]
    if not clocks:
        message = "nextpnr reports no clock: no path of the design begins and ends at a register"
        raise EvaluationError(FailureKind.REPORT_MISSING, message)
    used = {kind: int(one["used"]) for kind, one in report["utilization"].items()}
    path = _critical(report)
    return Routed(
        seed,
        min(clocks),
        taken(target.family.bels, used),
        sum(step["type"] == "logic" and step["delay"] > 0 for step in path),
        _delays(path),
        folder,
    )


def _critical(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the steps of the longest path between two registers."""
    paths = [
        one["path"]
        for one in report["critical_paths"]
        if one["from"].startswith("posedge") and one["to"].startswith("posedge")
    ]
    return max(paths, key=lambda steps: sum(step["delay"] for step in steps), default=[])


def _delays(path: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    delays: dict[str, float] = {}
    for step in path:
        delays[step["type"]] = round(delays.get(step["type"], 0.0) + step["delay"], 3)
    return delays
