"""`dse emit`: write a farm folder, whose jobs run without dse, by hand or in a batch system.

A farm folder holds `dse-farm.json` (study, points and jobs), one folder per job with the files
that its tool needs and a `run.sh`, and beside these `jobs.txt`, a `run.sh` that runs all jobs
on one machine, and `array.sbatch`, which runs them as a SLURM job array.
"""

import contextlib
import json
import math
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from dse.contracts.backend import Context, Job, Resources
from dse.contracts.errors import DataError, UsageError
from dse.contracts.offline import SCRIPT, OfflineBackend
from dse.contracts.parameters import Assignment
from dse.engine.keys import evaluation_key
from dse.engine.plan import Plan
from dse.engine.worker import Folders, load_backend, prepared, workload_of
from dse.formatting import read_problem
from dse.runtime.cache import digest
from dse.runtime.isolated import call
from dse.store.records import StudyRecord

MANIFEST = "dse-farm.json"
RUN = SCRIPT
_FORMAT = 1
_BATCH = 8  # projects per process, which loads hls4ml (1 s) or TensorFlow (10 s) once


@dataclass(frozen=True)
class FarmJob:
    """One job of a farm folder.

    Args:
        folder: name of its folder: backend and a digest of all that determines the result but
            the tool's version, which is known only where the job runs.
        backend: registered name.
        version: version of the adapter.
        parameters: every parameter that the backend reads.
        workload: registered name.
        workload_parameters: every parameter that the workload reads.
        fingerprint: fingerprint of the workload.
        points: indices in the manifest's list of points that the result belongs to.
    """

    folder: str
    backend: str
    version: int
    parameters: Assignment
    workload: str
    workload_parameters: Assignment
    fingerprint: str
    points: tuple[int, ...]

    def run_with(self, tool: str) -> Job:
        """Return the job with its evaluation key for the tool that ran it.

        Args:
            tool: name and version of the tool, as its report says.
        """
        key = evaluation_key(
            self.backend, self.version, tool, self.fingerprint, dict(self.parameters)
        )
        return Job(
            key=key,
            backend=self.backend,
            parameters=self.parameters,
            workload=self.workload,
            workload_parameters=self.workload_parameters,
            fingerprint=self.fingerprint,
            base=Path(),
        )


@dataclass(frozen=True)
class Farm:
    """The contents of `dse-farm.json`: study, points and jobs."""

    study: StudyRecord
    points: Sequence[Assignment]
    jobs: Sequence[FarmJob]


def farm_of(study: StudyRecord, plan: Plan, backend: OfflineBackend) -> Farm:
    """Return the farm of a plan that was made for one backend alone."""
    points: dict[str, list[int]] = {}
    for request in plan.requests:
        points.setdefault(request.key, []).append(request.point)
    jobs = [_farm_job(plan.jobs[key], backend, numbers) for key, numbers in points.items()]
    return Farm(study, plan.points, jobs)


def _farm_job(job: Job, backend: OfflineBackend, points: Sequence[int]) -> FarmJob:
    parameters = dict(job.parameters)
    name = digest(job.backend, backend.version, job.fingerprint, parameters)[:12]
    return FarmJob(
        folder=f"{job.backend}-{name}",
        backend=job.backend,
        version=backend.version,
        parameters=parameters,
        workload=job.workload,
        workload_parameters=dict(job.workload_parameters),
        fingerprint=job.fingerprint,
        points=tuple(points),
    )


def save(farm: Farm, out: Path) -> None:
    """Write the manifest `dse-farm.json`."""
    tree = {
        "format": _FORMAT,
        "study": asdict(farm.study),
        "points": [dict(point) for point in farm.points],
        "jobs": [asdict(job) for job in farm.jobs],
    }
    (out / MANIFEST).write_text(json.dumps(tree, indent=1) + "\n")


def load(out: Path) -> Farm:
    """Read the manifest of a farm folder.

    Raises:
        DataError: the manifest is damaged, or of another version of dse.
    """
    path = out / MANIFEST
    try:
        tree = json.loads(path.read_text())
        jobs = [FarmJob(**{**job, "points": tuple(job["points"])}) for job in tree["jobs"]]
        farm = Farm(StudyRecord(**tree["study"]), tree["points"], jobs)
        problem = "" if tree["format"] == _FORMAT else f"has format {tree['format']}"
        problem = problem or _problem(farm)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        is_text = isinstance(error, (OSError, UnicodeDecodeError))
        problem = f"cannot be read: {read_problem(error)}" if is_text else "is damaged or cut off"
    if problem:
        command = f"dse emit STUDY --backend NAME --out {shlex.quote(str(out))}"
        hint = f"write it again; jobs that have run are kept: {command}"
        raise DataError(problem, where=str(path), hint=hint)
    return farm


def _problem(farm: Farm) -> str:
    """Return the first inconsistency of a manifest; empty if there is none."""
    if not all(isinstance(point, dict) for point in farm.points):
        return "a point is not a mapping"
    for job in farm.jobs:
        if not re.fullmatch(r"[a-z0-9_]+-[0-9a-f]{12}", job.folder):
            return f"'{job.folder}' is not the name of a job's folder"
        if not all(isinstance(n, int) and 0 <= n < len(farm.points) for n in job.points):
            return f"job {job.folder} refers to a point that is not in the manifest"
    if not re.fullmatch(r"[a-z0-9_-]+", str(farm.study.name)):
        return f"'{farm.study.name}' is not a legal name of a study"
    return ""


def open_folder(out: Path, new: Farm) -> Farm:
    """Create a farm folder, or open one of the same study to add jobs to it.

    Returns:
        The jobs that were there and the new ones. A point that is in both keeps the new job
        only.

    Raises:
        UsageError: the folder cannot be made, or holds other files or another study.
    """
    if (out / MANIFEST).is_file():
        with contextlib.suppress(DataError):  # a damaged manifest is written again
            before = load(out)
            if before.study.name != new.study.name:
                message = f"the folder holds jobs of study '{before.study.name}'"
                raise UsageError(message, where=str(out), hint="choose another folder")
            return _merged(before, new)
        return new
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        message = "is not a farm folder and is not empty"
        raise UsageError(message, where=str(out), hint="choose another folder")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot be made: {error.strerror}", where=str(out)) from error
    return new


def _merged(before: Farm, new: Farm) -> Farm:
    points = [dict(point) for point in before.points]
    points += [dict(point) for point in new.points if dict(point) not in points]
    taken = {points.index(dict(new.points[n])) for job in new.jobs for n in job.points}
    jobs = {}
    for job in before.jobs:
        jobs[job.folder] = replace(job, points=tuple(n for n in job.points if n not in taken))
    for job in new.jobs:
        kept = jobs[job.folder].points if job.folder in jobs else ()
        numbers = {*kept, *(points.index(dict(new.points[n])) for n in job.points)}
        jobs[job.folder] = replace(job, points=tuple(sorted(numbers)))
    return Farm(new.study, points, [job for job in jobs.values() if job.points])


def write(farm: Farm, plan: Plan, out: Path, folders: Folders) -> Iterator[int]:
    """Write the folders of the jobs; folders with a `run.sh` are complete and are kept.

    Yields:
        Number of jobs written so far, after every batch.

    Raises:
        DseError: the workload cannot be prepared, or a job cannot be written.
    """
    jobs = dict(zip((job.folder for job in farm.jobs), _in_order(farm, plan), strict=True))
    missing = [name for name in jobs if not (out / name / RUN).is_file()]
    yield len(jobs) - len(missing)
    for start in range(0, len(missing), _BATCH):
        batch = [(jobs[name], str(out / name)) for name in missing[start : start + _BATCH]]
        for job, _ in batch:
            prepared(job, folders)
        call("dse.engine.emitting:write_projects", batch, folders, log=folders.prepare_log)
        yield len(jobs) - len(missing) + min(start + _BATCH, len(missing))


def _in_order(farm: Farm, plan: Plan) -> list[Job]:
    """Return the jobs of the plan in the order of the farm's jobs."""
    keys = dict.fromkeys(request.key for request in plan.requests)
    assert len(keys) == len(farm.jobs)  # noqa: S101  (made from the same plan)
    return [plan.jobs[key] for key in keys]


def write_projects(batch: Sequence[tuple[Job, str]], folders: Folders) -> None:
    """Write the folders of some jobs; called in a process of its own."""
    for job, name in batch:
        folder = Path(name)
        backend = load_backend(job.backend)
        assert isinstance(backend, OfflineBackend)  # noqa: S101  (checked by the caller)
        network = prepared(job, folders)
        workload = workload_of(job)
        commands = backend.write(job, Context(network, workload, folders.cache, folder))
        script = folder / RUN
        # Written last: a folder without it counts as not written.
        script.write_text(_JOB_SCRIPT.format(commands=commands))
        script.chmod(0o755)


# POSIX sh: the machine may have neither bash nor Python. `run.json` comes last, so it marks a job
# that has ended; `run_note` in dse/contracts/offline.py reads it. Tools that a signal has stopped
# (SIGHUP, SIGINT, SIGTERM: a job cancelled or out of time) have not failed: they leave none.
_JOB_SCRIPT = """#!/bin/sh
# Runs the tools on this folder, unless they have succeeded before.
cd "$(dirname "$0")" || exit 1
if grep -qs '"exit_code": 0' run.json; then exit 0; fi
rm -f run.json tool.log
start=$(date +%s)
(
{commands}) > tool.log 2>&1
code=$?
case $code in 129|130|143) exit "$code" ;; esac
printf '{{"host": "%s", "seconds": %d, "exit_code": %d}}\\n' \\
    "$(uname -n)" "$(($(date +%s) - start))" "$code" > run.json
exit "$code"
"""

_ALL_SCRIPT = """#!/bin/sh
# Runs every job of this folder: ./run.sh 4 runs four at a time. Run it again to continue.
# Then bring the folder back: dse import {name}
cd "$(dirname "$0")" || exit 1
xargs -P "${{1:-1}}" -I {{}} sh ./{{}}/run.sh < jobs.txt
"""

_SLURM_SCRIPT = """#!/bin/sh
#SBATCH --job-name=dse-{study}
#SBATCH --array=1-{count}
#SBATCH --cpus-per-task={cpus}
#SBATCH --mem={memory_mb}M
#SBATCH --time={minutes}
#SBATCH --output=slurm-%A_%a.log
#SBATCH --requeue
#SBATCH --open-mode=append
# Submit in this folder: dse farm submit, or sbatch array.sbatch.
# Licences the cluster counts: {licences} (such as --licenses={licences}).
# At most N at a time: --array=1-{count}%N.
# Load the tools here, such as: . /opt/Xilinx/Vitis/2023.2/settings64.sh
line=$((SLURM_ARRAY_TASK_ID + ${{FARM_OFFSET:-0}}))
folder=$(sed -n "${{line}}p" jobs.txt)
if [ -z "$folder" ]; then
    echo "jobs.txt has no line $line" >&2
    exit 1
fi
exec "./$folder/run.sh"
"""


def write_scripts(farm: Farm, out: Path, resources: Resources) -> None:
    """Write `jobs.txt`, `run.sh` and `array.sbatch` beside the folders of the jobs.

    Args:
        farm: its jobs.
        out: the farm folder.
        resources: what the most expensive job needs, for the SLURM header.
    """
    (out / "jobs.txt").write_text("".join(f"{job.folder}\n" for job in farm.jobs))
    script = out / RUN
    script.write_text(_ALL_SCRIPT.format(name=shlex.quote(out.name)))
    script.chmod(0o755)
    # Where the study sets no limits: SLURM ends jobs that overrun, so ask for more than expected.
    limit_s = resources.time_limit_s or 4 * resources.expected_s
    text = _SLURM_SCRIPT.format(
        study=farm.study.name,
        count=len(farm.jobs),
        cpus=int(max(1, resources.cpus)),
        memory_mb=math.ceil(1024 * (resources.memory_limit_gb or 2 * resources.memory_gb)),
        minutes=int(limit_s / 60) + 1,
        licences=",".join(f"{name}:{n}" for name, n in resources.licences.items()) or "none",
    )
    (out / "array.sbatch").write_text(text)
