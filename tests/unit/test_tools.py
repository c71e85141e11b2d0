"""Running tools: limits on time and memory, and what a watcher sees."""

import os
import sys
import time
from pathlib import Path

import psutil
import pytest

from dse.contracts.errors import EvaluationError, FailureKind
from dse.runtime.tools import resident_bytes, run_tool

PARENT = """
import subprocess, sys, time
held = b"x" * {mb}_000_000
child = subprocess.Popen([sys.executable, "-c", "import time; x = b'y' * {mb}_000_000; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""  # noqa: E501


def python(code: str, folder: Path, **limits: float) -> None:
    run_tool([sys.executable, "-c", code], directory=folder, log=folder / "log", **limits)


def test_memory_of_a_tool_and_its_children_is_limited(tmp_path: Path) -> None:
    """Neither holds too much alone, both do together; and both are ended."""
    with pytest.raises(
        EvaluationError, match=r"python.* used .* more than its limit of 0\.25 GB"
    ) as caught:
        python(PARENT.format(mb=150), tmp_path, memory_limit_gb=0.25)
    assert caught.value.kind is FailureKind.OUT_OF_MEMORY
    assert "memory_limit_gb" in caught.value.hint
    child = int((tmp_path / "log").read_text())
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == "zombie"


def test_what_a_tool_started_has_time_to_tidy_up(tmp_path: Path) -> None:
    """The parent ends at once; the child of its group is still asked before it is killed."""
    child = (
        "import signal, sys, time; "
        "signal.signal(signal.SIGTERM, lambda *_: (time.sleep(0.5), print('tidy'), sys.exit()));"
        "print('ready', flush=True); time.sleep(60)"
    )
    parent = (
        "import subprocess, sys, time; "
        f"subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(60)"
    )
    with pytest.raises(EvaluationError):
        python(parent, tmp_path, time_limit_s=3)
    assert (tmp_path / "log").read_text() == "ready\ntidy\n"


def test_within_its_limits_a_tool_runs_to_the_end(tmp_path: Path) -> None:
    python("print('done')", tmp_path, memory_limit_gb=2.0, time_limit_s=60)
    assert (tmp_path / "log").read_text() == "done\n"


def test_time_is_limited_while_memory_is_looked_at(tmp_path: Path) -> None:
    started = time.monotonic()
    with pytest.raises(EvaluationError, match=r"still running after 0\.7 s") as caught:
        python("import time; time.sleep(60)", tmp_path, memory_limit_gb=2.0, time_limit_s=0.7)
    assert caught.value.kind is FailureKind.TIME_LIMIT
    assert time.monotonic() - started < 30


def test_a_watcher_is_called_while_the_tool_runs(tmp_path: Path) -> None:
    seen: list[str] = []

    def watch() -> None:
        seen.append((tmp_path / "log").read_text())

    code = "import time; print('one', flush=True); time.sleep(1.5)"
    run_tool([sys.executable, "-c", code], directory=tmp_path, log=tmp_path / "log", watch=watch)
    assert "one\n" in seen


def test_a_process_that_is_gone_holds_nothing() -> None:
    assert resident_bytes(2**22 + 1) == 0
    assert resident_bytes(os.getpid()) > 1_000_000
