"""A farm folder on a real SLURM: submitted, watched, cancelled, resumed, collected."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import slurm
from stand_ins import install

pytestmark = pytest.mark.skipif(bool(slurm.missing()), reason=slurm.missing() or "none")

JETS = Path(__file__).parents[2] / "studies" / "jets"
STUDY = """
name: s
workload: {name: keras, model: jets/model.keras, test_set: jets/test.npz, max_samples: 60}
space: {total_bits: 8, integer_bits: 4, reuse_factor: [4, 8, 16, 32, 64]}
backends: [vitis]
objectives: [latency_ns, lut]
"""
Dse = Callable[..., str]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with slurm.running(tmp_path_factory.mktemp("slurm")) as found:
        yield found


@pytest.fixture(scope="module")
def emitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the study and its farm, written once."""
    folder = tmp_path_factory.mktemp("emitted")
    shutil.copytree(JETS, folder / "jets")
    (folder / "s.yaml").write_text(STUDY)
    command = [sys.executable, "-m", "dse.cli.main", "emit", "s.yaml"]
    subprocess.run([*command, "--backend", "vitis", "--out", "farm"], cwd=folder, check=True)
    return folder


@pytest.fixture
def dse(tmp_path: Path, emitted: Path, cluster: dict[str, str]) -> Dse:
    shutil.copytree(emitted, tmp_path, dirs_exist_ok=True)
    path = f"{install(tmp_path / 'bin')}{os.pathsep}{os.environ['PATH']}"

    def call(*arguments: str, **environment: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "dse.cli.main", *arguments], cwd=tmp_path, check=False,
            env={**os.environ, **cluster, "PATH": path, "COLUMNS": "160"} | environment,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        return " ".join(done.stdout.split())

    return call


def wait_until(dse: Dse, says: str) -> str:
    deadline = time.monotonic() + 120
    while (found := dse("farm", "status", "farm")) is not None:
        if says in found:
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.5)
    raise AssertionError


def test_a_farm_is_submitted_watched_and_collected(dse: Dse) -> None:
    """More jobs than this cluster's arrays may have tasks."""
    assert dse("farm", "status", "farm") == "5 not submitted"
    assert "5 jobs submitted" in dse("farm", "submit", "farm")
    assert "0 jobs submitted" in dse("farm", "submit", "farm")
    wait_until(dse, "5 done")
    assert "5 new" in dse("farm", "collect", "farm")
    assert "5 unchanged" in dse("farm", "collect", "farm")


def test_failures_and_partial_results_come_back_and_failed_jobs_run_again(dse: Dse) -> None:
    dse("farm", "submit", "farm", STAND_IN_FAILS="licence")
    found = wait_until(dse, "5 failed")
    assert found.count("failed") == 6
    dse("farm", "collect", "farm")
    assert "licence" in dse("failures", "--study", "s")
    assert "5 jobs submitted" in dse("farm", "submit", "farm")
    wait_until(dse, "5 done")
    dse("farm", "collect", "farm")
    assert "96" in dse("show", "0", "--study", "s")


def test_what_is_cancelled_or_out_of_time_says_so_and_is_submitted_again(dse: Dse) -> None:
    dse("farm", "submit", "farm", STAND_IN_SLEEPS="600")
    wait_until(dse, "2 running")
    assert "5 jobs cancelled" in dse("farm", "cancel", "farm")
    found = wait_until(dse, "2 ended without a result")
    assert "3 not submitted" in found
    assert "ended without a result: cancelled" in found
    assert "5 jobs submitted" in dse("farm", "submit", "farm")
    wait_until(dse, "5 done")


@pytest.mark.slow
def test_a_job_that_is_requeued_runs_again(
    dse: Dse, tmp_path: Path, cluster: dict[str, str]
) -> None:
    dse("farm", "submit", "farm", STAND_IN_SLEEPS="20")
    wait_until(dse, "2 running")
    number = json.loads((tmp_path / "farm" / "slurm.json").read_text())[0]["number"]
    scontrol(cluster, "requeue", f"{number}_1")
    wait_until(dse, "1 running")
    scontrol(cluster, "update", f"JobId={number}_1", "StartTime=now")
    wait_until(dse, "5 done")


def scontrol(cluster: dict[str, str], *arguments: str) -> None:
    subprocess.run(["scontrol", *arguments], env={**os.environ, **cluster}, check=True)


def test_without_slurm_the_folder_says_how_to_run_it(dse: Dse) -> None:
    said = dse("farm", "submit", "farm", PATH=str(Path(sys.executable).parent))
    assert "./run.sh" in said
