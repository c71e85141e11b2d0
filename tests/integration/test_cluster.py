"""Ray clusters whose nodes see neither the folders of the run nor its code."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import ray_nodes

from dse.engine.cluster_executor import ClusterExecutor
from dse.engine.executor import Executor
from dse.testing.executors import ExecutorSuite, task

pytestmark = pytest.mark.skipif(bool(ray_nodes.missing()), reason=ray_nodes.missing() or "none")

INIT = Path(__file__).parents[2] / "dse" / "__init__.py"
JETS = Path(__file__).parents[2] / "studies" / "jets"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ray_nodes.Cluster]:
    """Two nodes of one core each."""
    hidden = tmp_path_factory.getbasetemp()
    with ray_nodes.cluster(hidden) as made:
        for _ in range(2):
            made.start("--num-cpus=1", DSE_CACHE=str(hidden / "cache-of-node"))
        yield made


class TestCluster(ExecutorSuite):
    @pytest.fixture(autouse=True)
    def _address(self, cluster: ray_nodes.Cluster) -> None:
        self.address = cluster.address

    def make(self) -> Executor:
        return ClusterExecutor(self.address)


def test_nodes_run_the_code_of_the_run(cluster: ray_nodes.Cluster) -> None:
    def seen() -> tuple[bool, str]:
        import dse

        return INIT.is_file(), str(dse.__file__)

    with ClusterExecutor(cluster.address):
        import ray

        sees_ours, file = ray.get(ray.remote(seen).remote())
    assert not sees_ours
    assert "py_modules_files" in file


def test_artifacts_and_statuses_come_back(cluster: ray_nodes.Cluster, tmp_path: Path) -> None:
    tasks = [task(tmp_path, value, behaviour="keep", sleep_s=1.5) for value in range(4)]
    seen, found = set(), []
    with ClusterExecutor(cluster.address) as executor:
        executor.submit(tasks)
        while executor.outstanding:
            found += executor.wait(0.3)
            seen |= {
                file.read_text().count("sleeping") for file in tasks[0].folders.statuses.glob("*")
            }
    assert len(found) == 4
    assert 1 in seen
    assert not list(tasks[0].folders.statuses.glob("*"))
    for one in found:
        (artifact,) = one.outcome.artifacts
        assert (
            f'"value": {one.job.parameters["value"]}'
            in (tmp_path / "artifacts" / artifact.path).read_text()
        )
        assert one.job.base == tmp_path


STUDY = """
name: s
workload:
  name: keras
  model: jets/model.keras
  test_set: jets/test.npz
  max_samples: 100
  score: mine:share
space: {total_bits: 8}
backends: [bittrue]
objectives: [share]
"""
SCORE = """
def share(targets, outputs):
    return float((outputs.argmax(1) == targets.argmax(1)).mean())
"""


def rows(database: Path) -> list[tuple[Any, ...]]:
    query = """
        SELECT point.number, evaluation.key, metric.name, metric.value
        FROM point JOIN point_evaluation ON point_evaluation.point_id = point.id
        JOIN evaluation ON evaluation.id = point_evaluation.evaluation_id
        JOIN metric ON metric.evaluation_id = evaluation.id ORDER BY 1, 3
    """
    with sqlite3.connect(database) as connection:
        return connection.execute(query).fetchall()


def dse(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dse.cli.main", "run", "s.yaml", *options]
    return subprocess.run(
        command, cwd=folder, env=os.environ, capture_output=True, text=True, check=True
    )


def test_a_study_gives_what_it_gives_here(cluster: ray_nodes.Cluster, tmp_path: Path) -> None:
    for name in ("here", "there"):
        shutil.copytree(JETS, tmp_path / name / "jets")
        (tmp_path / name / "s.yaml").write_text(STUDY)
        (tmp_path / name / "mine.py").write_text(SCORE)
    dse(tmp_path / "here", "--executor", "serial")
    done = dse(tmp_path / "there", "--ray-address", cluster.address)
    assert "backend bittrue: 2 of 2 nodes can run it (2 cores)" in done.stderr
    assert "1 evaluations done, 0 were stored, 0 failed" in done.stderr
    assert rows(tmp_path / "there" / "results.db") == rows(tmp_path / "here" / "results.db")
    assert len(rows(tmp_path / "here" / "results.db")) >= 1
