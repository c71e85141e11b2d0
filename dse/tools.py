"""Run a tool: own process group, log in a file, time limit for the whole group."""

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from dse.errors import EvaluationError, FailureKind

_GRACE_S = 3.0
_TAIL_BYTES = 4000


_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


def die_with_parent() -> None:
    """Ask Linux to end this process when its parent dies, even by kill -9."""
    with contextlib.suppress(OSError, AttributeError):
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def log_tail(log: Path) -> str:
    """The last few kilobytes of a log, whatever its encoding."""
    if not log.is_file():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _TAIL_BYTES))
        return file.read().decode("utf-8", "replace").strip()


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process and everything it started: politely first, then for good."""
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, signal_number)
        except ProcessLookupError:
            break
        deadline = time.monotonic() + _GRACE_S
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
    process.wait()


def run_tool(
    command: Sequence[str | Path],
    *,
    directory: Path,
    log: Path,
    time_limit_s: float | None = None,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run `command` in `directory` with output appended to `log`.

    Raises:
        EvaluationError: tool_missing, time_limit, out_of_memory (ended by SIGKILL from
            outside), crashed (ended by another signal) or tool_failed (exit code).
    """
    name = Path(command[0]).name
    with log.open("ab") as output:
        try:
            process = subprocess.Popen(
                [str(part) for part in command],
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509  (calls one system function)
            )
        except FileNotFoundError as error:
            if os.sep in str(command[0]):
                raise EvaluationError(
                    FailureKind.TOOL_FAILED, f"{name} was not built", log=log_tail(log)
                ) from error
            raise EvaluationError(
                FailureKind.TOOL_MISSING, f"{name} is not on PATH", hint=f"install {name}"
            ) from error
    try:
        code = process.wait(time_limit_s)
    except subprocess.TimeoutExpired as error:
        raise EvaluationError(
            FailureKind.TIME_LIMIT,
            f"{name} was still running after {time_limit_s:g} s",
            hint="raise time_limit_s of this backend in the study file",
            log=log_tail(log),
        ) from error
    finally:
        end_group(process)
    _check_exit(name, code, log)


def _check_exit(name: str, code: int, log: Path) -> None:
    if code == 0:
        return
    if code == -signal.SIGKILL:
        kind, text = FailureKind.OUT_OF_MEMORY, "was killed, most likely for lack of memory"
    elif code < 0:
        kind, text = FailureKind.CRASHED, f"ended by {signal.Signals(-code).name}"
    else:
        kind, text = FailureKind.TOOL_FAILED, f"failed with exit code {code}"
    raise EvaluationError(kind, f"{name} {text}", log=log_tail(log))
