"""Run a tool: own process group, log in a file, time limit for the whole group.

The group is what psutil cannot give: it finds children by their parent, and a tool's helper whose
parent has ended has none.
"""

import contextlib
import ctypes
import math
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from dse.contracts.errors import EvaluationError, FailureKind

_GRACE_S = 3.0
_TAIL_BYTES = 4000
_LOOK_S = 0.5


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
        while _runs(process) and time.monotonic() < deadline:
            time.sleep(0.02)
    process.wait()


def _runs(process: subprocess.Popen[bytes]) -> bool:
    """Whether it or anything else of its group still runs; a zombie does not."""
    import psutil  # only where something has to be ended

    if process.poll() is None:
        return True
    for member in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
            if os.getpgid(member.pid) == process.pid and member.status() != psutil.STATUS_ZOMBIE:
                return True
    return False


def run_tool(  # noqa: PLR0913  (named options)
    command: Sequence[str | Path],
    *,
    directory: Path,
    log: Path,
    time_limit_s: float | None = None,
    memory_limit_gb: float | None = None,
    environment: Mapping[str, str] | None = None,
    watch: Callable[[], None] | None = None,
    name: str = "",
) -> None:
    """Run `command` in `directory` with output appended to `log`.

    Args:
        command: program and arguments.
        directory: to run in.
        log: gets what the program prints.
        time_limit_s: the program and all it started are ended after this time.
        memory_limit_gb: the same where their resident memory together is more.
        environment: added to this process's environment.
        watch: called twice a second while the program runs.
        name: what messages call it; the program's name without it.

    Raises:
        EvaluationError: tool_missing, time_limit, out_of_memory (beyond the limit, or ended
            by SIGKILL from outside), crashed (ended by another signal) or tool_failed (exit
            code).
    """
    name = name or Path(command[0]).name
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
    looks = [watch] if watch else []
    if memory_limit_gb is not None:
        looks.append(_memory_check(name, process.pid, memory_limit_gb, log))
    try:
        code = _wait(process, time_limit_s, looks)
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


def _wait(
    process: subprocess.Popen[bytes],
    time_limit_s: float | None,
    looks: Sequence[Callable[[], None]],
) -> int:
    """Exit code; looks after the process now and then if there is something to look at."""
    if not looks:
        return process.wait(time_limit_s)
    deadline = time.monotonic() + (math.inf if time_limit_s is None else time_limit_s)
    while True:
        for look in looks:
            look()
        left_s = deadline - time.monotonic()
        try:
            return process.wait(max(0.0, min(_LOOK_S, left_s)))
        except subprocess.TimeoutExpired:
            if left_s <= _LOOK_S:
                raise


def _memory_check(name: str, pid: int, limit_gb: float, log: Path) -> Callable[[], None]:
    def check() -> None:
        held_gb = resident_bytes(pid) / 1e9
        if held_gb > limit_gb:
            raise EvaluationError(
                FailureKind.OUT_OF_MEMORY,
                f"{name} and what it started held {held_gb:.1f} GB, more than {limit_gb:g} GB",
                hint="raise memory_limit_gb of this backend in the study file",
                log=log_tail(log),
            )

    return check


def resident_bytes(pid: int) -> int:
    """Resident memory of a process and all it started; memory they share counts each time."""
    import psutil  # only where a limit is set

    total = 0
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for member in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                total += member.memory_info().rss
    return total


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
