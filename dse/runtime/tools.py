"""Run a tool in its own process group, with a log file, a time limit and a memory limit.

The limits end the whole group. psutil alone could not: it finds children by their parent, and so
misses a tool's helper process whose parent has ended.
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

_GRACE_S = 3.0  # from SIGTERM to SIGKILL, for tools that remove their lock and scratch files
_TAIL_BYTES = 4000  # stored with every failure in the results database
_POLL_S = 0.5  # period of `watch` and of memory checks


_PR_SET_PDEATHSIG = 1  # from <linux/prctl.h>
_LIBC = ctypes.CDLL(None)


def die_with_parent() -> None:
    """Ask Linux to send SIGTERM to this process when its parent ends, even by kill -9.

    See prctl(2), PR_SET_PDEATHSIG. Other systems have no such call, and nothing happens there.
    """
    with contextlib.suppress(OSError, AttributeError):
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def log_tail(log: Path) -> str:
    """Return the last 4,000 bytes of a log as text; empty if there is no such file."""
    if not log.is_file():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _TAIL_BYTES))
        return file.read().decode("utf-8", "replace").strip()


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process and its group, by SIGTERM and then by SIGKILL."""
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, signal_number)
        except ProcessLookupError:
            break
        deadline = time.monotonic() + _GRACE_S
        while _is_running(process) and time.monotonic() < deadline:
            time.sleep(0.02)
    process.wait()


def _is_running(process: subprocess.Popen[bytes]) -> bool:
    """Whether the process or another member of its group still runs; zombies do not count."""
    import psutil  # imported only when a process has to be ended

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
    """Run `command` in `directory`, with its output appended to `log`.

    When this function ends, no process of the command's group runs any more.

    Args:
        command: program and arguments.
        directory: working directory.
        log: file that standard output and standard error are appended to.
        time_limit_s: the group is ended after this time; None for no limit.
        memory_limit_gb: the group is ended when it holds more resident memory; None for no limit.
        environment: variables added to this process's environment.
        watch: called twice a second while the program runs.
        name: name of the tool in error messages; by default the program's.

    Raises:
        EvaluationError: of kind tool_missing, time_limit, out_of_memory (above the limit, or ended
            by a SIGKILL from outside), crashed (ended by another signal) or tool_failed (exit
            code other than 0).
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
                start_new_session=True,  # its own process group, and no terminal that ^C reaches
                preexec_fn=die_with_parent,  # noqa: PLW1509  (calls one system function)
            )
        except FileNotFoundError as error:
            if os.sep in str(command[0]):  # not a tool, but a program that dse compiled
                raise EvaluationError(
                    FailureKind.TOOL_FAILED, f"{name} was not built", log=log_tail(log)
                ) from error
            raise EvaluationError(
                FailureKind.TOOL_MISSING, f"{name} is not on PATH", hint=f"install {name}"
            ) from error
    checks = [watch] if watch else []
    if memory_limit_gb is not None:
        checks.append(_memory_check(name, process.pid, memory_limit_gb, log))
    try:
        code = _wait(process, time_limit_s, checks)
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
    checks: Sequence[Callable[[], None]],
) -> int:
    """Wait for the process and return its exit code; run the checks every `_POLL_S` seconds.

    Raises:
        subprocess.TimeoutExpired: the time limit is exceeded.
    """
    if not checks:
        return process.wait(time_limit_s)
    deadline = time.monotonic() + (math.inf if time_limit_s is None else time_limit_s)
    while True:
        for check in checks:
            check()
        left_s = deadline - time.monotonic()
        try:
            return process.wait(max(0.0, min(_POLL_S, left_s)))
        except subprocess.TimeoutExpired:
            if left_s <= _POLL_S:
                raise


def _memory_check(name: str, pid: int, limit_gb: float, log: Path) -> Callable[[], None]:
    def check() -> None:
        held_gb = resident_bytes(pid) / 1e9
        if held_gb > limit_gb:
            raise EvaluationError(
                FailureKind.OUT_OF_MEMORY,
                f"{name} used {held_gb:.1f} GB of memory, more than its limit of {limit_gb:g} GB",
                hint="raise memory_limit_gb of this backend in the study file",
                log=log_tail(log),
            )

    return check


def resident_bytes(pid: int) -> int:
    """Return the resident memory of a process and its descendants, in bytes.

    Memory that several of them share is counted once for each.
    """
    import psutil  # imported only when a limit is set

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
    if code == -signal.SIGKILL:  # the kernel's out-of-memory killer sends it, and leaves no message
        kind, text = FailureKind.OUT_OF_MEMORY, "was killed, most likely for lack of memory"
    elif code < 0:
        kind, text = FailureKind.CRASHED, f"ended by {signal.Signals(-code).name}"
    else:
        kind, text = FailureKind.TOOL_FAILED, f"failed with exit code {code}"
    raise EvaluationError(kind, f"{name} {text}", log=log_tail(log))
