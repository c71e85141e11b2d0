"""Several `dse` commands as real processes, started close to each other."""

import multiprocessing
import os
import sys
import time
from collections.abc import Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path

# A server that has imported everything forks the processes: each then starts within a few
# milliseconds, so that their first steps overlap.
_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(
    [
        "alembic.command",
        "dse.analysis.effective",
        "dse.cli.main",
        "dse.cli.progress_bar",
        "dse.engine.search",
        "dse.engine.serial",
        "dse.store.queries",
        "dse.study.shipped",
        "dse.study.validate",
        "optuna",
        "psutil",
    ]
)


def _command(arguments: Sequence[str], folder: Path, log: Path, delay_s: float) -> None:
    from dse.cli.main import main

    os.chdir(folder)
    with log.open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.argv = ["dse", *arguments]
    time.sleep(delay_s)
    main()


def start(arguments: Sequence[str], folder: Path, log: Path, delay_s: float = 0.0) -> BaseProcess:
    """Start `dse` with these arguments in a folder; its output goes to `log`."""
    process = _SERVER.Process(target=_command, args=(arguments, folder, log, delay_s))
    process.start()
    return process


def finish(processes: Sequence[BaseProcess], timeout_s: float = 120.0) -> list[int | None]:
    """Wait for processes and return their exit codes; None for one that still runs."""
    deadline = time.monotonic() + timeout_s
    for process in processes:
        process.join(max(0.0, deadline - time.monotonic()))
    codes = [process.exitcode for process in processes]
    for process in processes:
        process.kill()
    return codes
