"""Submit the jobs of a farm folder to SLURM, see how they fare, and cancel them.

Only SLURM's own commands are used: the jobs are shell scripts, which need no Python where they
run. The folder keeps the numbers of its submissions in `slurm.json`.
"""

import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from pathlib import Path

from dse.contracts.errors import (
    DataError,
    EvaluationError,
    FailureKind,
    ToolMissingError,
    UsageError,
)
from dse.contracts.offline import read_json, run_note
from dse.engine.emitting import Farm

ARRAY = "array.sbatch"
_RECORD = "slurm.json"
_OFFSET = "FARM_OFFSET"
"""Variable of `array.sbatch`: added to the number of the task gives the line of `jobs.txt`."""


class JobState(StrEnum):
    """How far a job is."""

    DONE = "done"
    FAILED = "failed"
    RUNNING = "running"
    PENDING = "pending"
    ENDED = "ended without a result"
    WAITING = "not submitted"


@dataclass(frozen=True)
class Submission:
    """One array of SLURM.

    Args:
        number: SLURM's number of the job.
        offset: line of `jobs.txt` before that of task 1.
    """

    number: int
    offset: int


@dataclass(frozen=True)
class JobStatus:
    """State of one job.

    Args:
        folder: name of its folder.
        state: how far it is.
        detail: why it has failed or ended without a result; empty if unknown.
    """

    folder: str
    state: JobState
    detail: str = ""


def submit(farm: Farm, out: Path, options: Sequence[str]) -> list[int]:
    """Submit the jobs that have neither succeeded nor are in SLURM's hands.

    Args:
        farm: manifest of the folder.
        out: the farm folder, which the machines of the cluster must see under the same path.
        options: further options of ``sbatch``, such as ``--partition=long``.

    Returns:
        Lines of `jobs.txt`, from 1, that were submitted; jobs that failed are among them.

    Raises:
        ToolMissingError: this machine has no SLURM.
        EvaluationError: sbatch refuses the array.
    """
    busy = {JobState.DONE, JobState.RUNNING, JobState.PENDING}
    lines = [n for n, one in enumerate(status(farm, out), 1) if one.state not in busy]
    size = _largest_array()
    submissions = _submissions(out)
    for offset, group in groupby(lines, lambda line: (line - 1) // size * size):
        tasks = array_of(line - offset for line in group)
        command = ["sbatch", "--parsable", f"--array={tasks}", *options, ARRAY]
        number = int(_ask(command, out, {_OFFSET: str(offset)}).partition(";")[0])
        submissions.append(Submission(number, offset))
        _save(out, submissions)
    return lines


def status(farm: Farm, out: Path) -> list[JobStatus]:
    """Return the state of every job, in the order of `jobs.txt`.

    Raises:
        ToolMissingError: jobs were submitted, and this machine has no SLURM to ask.
    """
    queued = _queued(out)
    return [
        _status(line, job.folder, out, queued.get(line)) for line, job in enumerate(farm.jobs, 1)
    ]


def cancel(out: Path) -> int:
    """Cancel what SLURM has of a farm folder and return how many jobs that were."""
    queued = _queued(out)
    if queued:
        _ask(["scancel", *(str(one.number) for one in _submissions(out))], out)
    return len(queued)


def array_of(tasks: Iterable[int]) -> str:
    """Return numbers as sbatch's ``--array`` takes them: ``1-3,7``."""
    runs = groupby(enumerate(sorted(tasks)), lambda pair: pair[1] - pair[0])
    ends = [[task for _, task in run] for _, run in runs]
    return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in ends)


def _status(line: int, folder: str, out: Path, queued: str | None) -> JobStatus:
    if queued is not None:
        state = JobState.PENDING if queued == "PENDING" else JobState.RUNNING
        return JobStatus(folder, state, "" if queued in {"PENDING", "RUNNING"} else queued.lower())
    try:
        note = run_note(out / folder)
    except DataError as error:
        return JobStatus(folder, JobState.ENDED, error.message)
    if note:
        return _ended(folder, note["exit_code"])
    log = _last_log(line, out)
    if log is None:
        return JobStatus(folder, JobState.WAITING)
    return JobStatus(folder, JobState.ENDED, _reason(log))


_MEANINGS = {126: ", the tool cannot be executed", 127: ", the tool was not found"}
"""What a shell says by these exit codes (POSIX, "Exit Status for Commands")."""


def _ended(folder: str, code: int) -> JobStatus:
    if code == 0:
        return JobStatus(folder, JobState.DONE)
    return JobStatus(folder, JobState.FAILED, f"exit code {code}{_MEANINGS.get(code, '')}")


def _last_log(line: int, out: Path) -> Path | None:
    """Return SLURM's log of the last attempt at a job; None if there was none."""
    for one in reversed(_submissions(out)):
        log = out / f"slurm-{one.number}_{line - one.offset}.log"
        if log.is_file():
            return log
    return None


def _reason(log: Path) -> str:
    """Return what SLURM says about the end of a task, such as ``DUE TO TIME LIMIT``."""
    text = log.read_text(errors="replace")
    found = re.findall(r"error: \*\*\* .*?(DUE TO .+?|CANCELLED)(?: AT \S+)? \*\*\*", text)
    oom = "oom" in text.lower() and "kill" in text.lower()
    return str(found[-1]).lower() if found else "out of memory" if oom else ""


def _queued(out: Path) -> dict[int, str]:
    """Return SLURM's state of the jobs that it holds, by line of `jobs.txt`."""
    found: dict[int, str] = {}
    for one in _submissions(out):
        # a number that SLURM has forgotten is no mistake: its tasks have ended long ago
        text = _ask(["squeue", "--noheader", "--array", f"--job={one.number}",
                     "--format=%K %T"], out, forgotten="Invalid job id")  # fmt: skip
        for task, state in (line.split() for line in text.splitlines()):
            if task.isdecimal() and state != "COMPLETING":
                found[int(task) + one.offset] = state
    return found


def counts(found: Iterable[JobStatus]) -> dict[JobState, int]:
    """Return how many jobs are in each state, in the order of `JobState`."""
    numbers = Counter(one.state for one in found)
    return {state: numbers[state] for state in JobState if numbers[state]}


def _submissions(out: Path) -> list[Submission]:
    found = read_json(out / _RECORD)
    return [Submission(**one) for one in found] if isinstance(found, list) else []


def _save(out: Path, submissions: Iterable[Submission]) -> None:
    (out / _RECORD).write_text(json.dumps([vars(one) for one in submissions], indent=1) + "\n")


def _largest_array() -> int:
    """Return how many tasks an array may have: below `MaxArraySize`, 1,001 by default."""
    found = re.search(r"MaxArraySize\s*=\s*(\d+)", _ask(["scontrol", "show", "config"], Path()))
    return int(found.group(1)) - 1 if found else 1000


def _ask(
    command: list[str], out: Path, variables: dict[str, str] | None = None, forgotten: str = ""
) -> str:
    """Return what a command of SLURM prints; nothing if it fails with the text `forgotten`."""
    if shutil.which(command[0]) is None:
        raise ToolMissingError(
            f"there is no {command[0]} on this machine",
            hint="run this where jobs are submitted; without SLURM: ./run.sh in the folder",
        )
    assignments = [f"{name}={value}" for name, value in (variables or {}).items()]
    done = subprocess.run(
        ["env", *assignments, *command], cwd=out, capture_output=True, text=True, check=False
    )
    if done.returncode == 0 or (forgotten and forgotten in done.stderr):
        return done.stdout
    text = " ".join(done.stderr.split())
    hint = "what SLURM says; where it does not answer, ./run.sh in the folder runs the jobs here"
    raise EvaluationError(FailureKind.TOOL_FAILED, f"{command[0]}: {text}", hint=hint)


def check_folder(out: Path) -> None:
    """Refuse a folder that an older dse wrote.

    Raises:
        UsageError: its `array.sbatch` cannot be submitted in parts.
    """
    script = out / ARRAY
    if not script.is_file() or _OFFSET not in script.read_text(errors="replace"):
        raise UsageError(
            f"has no {ARRAY} of this version of dse", where=str(out), hint="run dse emit again"
        )
