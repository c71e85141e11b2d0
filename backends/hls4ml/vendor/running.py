"""Run the tools in a project's folder, and share reports between equal firmware."""

import shutil
from collections.abc import Callable
from pathlib import Path

from backends.hls4ml.reports.log import parse_log
from backends.hls4ml.reports.recognise import LOG
from backends.hls4ml.vendor import scripts
from backends.hls4ml.vendor.failures import classify
from backends.hls4ml.vendor.tools import Program, program
from backends.modelgraph.builder import PROJECT
from dse.contracts.errors import EvaluationError, FailureKind
from dse.runtime.tools import run_tool

_REPORTS = (f"{PROJECT}_prj/*/syn/report/*", f"{PROJECT}_prj/*/sim/report/*", "*.rpt", LOG)
_ORIGIN = "by.txt"  # holds the key of the evaluation that ran the tools
CSYNTH = f"{PROJECT}_prj/solution1/syn/report/{PROJECT}_csynth.xml"
"""Path of the C synthesis report in a project's folder."""


def save_reports(project: Path, entry: Path, key: str) -> None:
    """Copy the reports into the cache, for evaluations of the same firmware.

    Args:
        project: folder the tools ran in.
        entry: folder of this firmware in the cache.
        key: key of the evaluation that ran the tools.
    """
    _copy(project, entry)
    (entry / _ORIGIN).write_text(key)


def restore_reports(entry: Path, project: Path, key: str) -> str:
    """Copy the cached reports of the same firmware into a project's folder.

    Nothing is copied for the evaluation that ran the tools, as long as its folder has the log.

    Returns:
        The key of the evaluation that ran the tools.
    """
    by = (entry / _ORIGIN).read_text()
    if by != key or not (project / LOG).is_file():
        _copy(entry, project)
    return by


def _copy(source: Path, target: Path) -> None:
    for pattern in _REPORTS:
        for path in source.glob(pattern):
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)


def run_tools(kind: str, stage: str, project: Path, progress: Callable[[str], None]) -> None:
    """Run the HLS tool and, for the stages that need it, Vivado.

    Args:
        kind: ``vitis`` or ``vivado``.
        stage: last step of the flow.
        project: folder of the written project.
        progress: called with the name of every step that starts.

    Raises:
        EvaluationError: a tool is missing, or failed; the kind is taken from the log.
    """
    clear(project)
    hls = _require(kind, kind)
    _run(hls, scripts.arguments(hls.name, stage), project, progress)
    if not (project / CSYNTH).is_file():  # the tools may exit with 0 after an error
        raise classify(_log_text(project), f"the tool left no {Path(CSYNTH).name}")
    if stage in scripts.VIVADO_STAGES:
        _run(_require("synthesis", "vivado"), [scripts.SYNTHESIS], project, progress)


def _require(kind: str, name: str) -> Program:
    """Return a kind's program; raise EvaluationError, tool_missing, where none is on PATH."""
    found = program(kind)
    if found is None:
        hint = "set stage: csynth, which does not need Vivado" if kind == "synthesis" else ""
        raise EvaluationError(FailureKind.TOOL_MISSING, f"{name} is not on PATH", hint=hint)
    return found


def clear(project: Path) -> None:
    """Remove reports and log of an earlier attempt, which would be read as those of this one."""
    shutil.rmtree(project / f"{PROJECT}_prj", ignore_errors=True)
    for file in (*project.glob("*.rpt"), project / LOG):
        file.unlink(missing_ok=True)


def _run(
    tool: Program, arguments: list[str], project: Path, progress: Callable[[str], None]
) -> None:
    log = project / LOG
    progress(tool.name)
    try:
        run_tool(
            [tool.name, *tool.script, *arguments],
            directory=project,
            log=log,
            watch=_phases(log, progress),
        )
    except EvaluationError as error:
        if error.kind is FailureKind.TOOL_FAILED:
            raise classify(_log_text(project), error.message) from error
        raise


def _log_text(project: Path) -> str:
    log = project / LOG
    return log.read_text(errors="replace") if log.is_file() else ""


def _phases(log: Path, progress: Callable[[str], None]) -> Callable[[], None]:
    """Return a function that reports the running step whenever the log names a new one.

    It reads only what was appended since its last call. A last line without its end stays for the
    next call.
    """
    read, said = log.stat().st_size if log.is_file() else 0, ""

    def look() -> None:
        nonlocal read, said
        if not log.is_file():
            return
        with log.open("rb") as file:
            file.seek(read)
            new = file.read()
        whole = new[: new.rfind(b"\n") + 1]
        read += len(whole)
        running = parse_log(whole.decode("utf-8", "replace")).running
        if running and running != said:
            said = running
            progress(running)

    return look
