"""Run the tools in a project's folder, or bring the reports of the same firmware."""

import shutil
from collections.abc import Callable
from pathlib import Path

from backends.hls4ml.reports.log import parse_log
from backends.hls4ml.vendor import scripts
from backends.hls4ml.vendor.failures import classify
from backends.hls4ml.vendor.project import LOG
from backends.hls4ml.vendor.tools import Program, program
from backends.modelgraph.builder import PROJECT
from dse.contracts.errors import EvaluationError, FailureKind
from dse.runtime.tools import run_tool

_REPORTS = (f"{PROJECT}_prj/*/syn/report/*", f"{PROJECT}_prj/*/sim/report/*", "*.rpt", LOG)
_ORIGIN = "by.txt"
CSYNTH = f"{PROJECT}_prj/solution1/syn/report/{PROJECT}_csynth.xml"
"""Where a written project's report of C synthesis will be."""


def save_reports(project: Path, entry: Path, key: str) -> None:
    """Put the reports where evaluations of the same firmware find them.

    Args:
        project: folder the tools ran in.
        entry: folder of the cache.
        key: of the evaluation that ran them.
    """
    _copy(project, entry)
    (entry / _ORIGIN).write_text(key)


def restore_reports(entry: Path, project: Path, key: str) -> str:
    """Bring the reports of the same firmware; the key of the evaluation that made them."""
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
    """Run HLS, and Vivado for its stages.

    Args:
        kind: ``vitis`` or ``vivado``.
        stage: how far to go.
        project: folder of the written project.
        progress: gets the phase.

    Raises:
        EvaluationError: what the log says went wrong.
    """
    clear(project)
    hls = _require(kind, kind)
    _run(hls, scripts.arguments(hls.name, stage), project, progress)
    if not (project / CSYNTH).is_file():  # exit code 0 is no success
        raise classify(_log_text(project), f"the tool left no {Path(CSYNTH).name}")
    if stage in scripts.VIVADO_STAGES:
        _run(_require("synthesis", "vivado"), [scripts.SYNTHESIS], project, progress)


def _require(kind: str, name: str) -> Program:
    found = program(kind)
    if found is None:
        hint = "stage: csynth does without" if kind == "synthesis" else ""
        raise EvaluationError(FailureKind.TOOL_MISSING, f"{name} is not on PATH", hint=hint)
    return found


def clear(project: Path) -> None:
    """Leave nothing of an earlier try that could be read as this one's report."""
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
    """Say which stage has started, as far as the log has come."""
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
