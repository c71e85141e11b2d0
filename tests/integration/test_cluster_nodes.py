"""Nodes of a Ray cluster that join and vanish while evaluations wait for them."""

import time
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import ray_nodes

from dse.contracts.errors import NoNodeError
from dse.engine.cluster_executor import ClusterExecutor
from dse.engine.executor import Executor
from dse.store.records import Evaluation
from dse.testing.executors import task

pytestmark = pytest.mark.skipif(bool(ray_nodes.missing()), reason=ray_nodes.missing() or "none")


def add_node(cluster: ray_nodes.Cluster) -> int:
    return cluster.start("--num-cpus=1", DSE_CACHE=str(cluster.hidden[0] / "cache-of-node"))


def next_of(executor: Executor) -> list[Evaluation]:
    """The next evaluations."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if found := executor.wait(0.5):
            return found
    raise AssertionError("nothing in two minutes: it hangs")


def take_all(executor: Executor, found: list[Evaluation]) -> None:
    while executor.outstanding:
        found += next_of(executor)


def overlapping(found: Sequence[Evaluation]) -> bool:
    """Whether any two ran at the same time."""
    spans = sorted(
        (one.started_at, one.started_at + timedelta(seconds=one.duration_s or 0.0))
        for one in (each.provenance for each in found)
    )
    return any(after[0] < before[1] for before, after in pairwise(spans))


def test_nodes_that_join_are_used_and_where_all_have_gone_the_wait_ends(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    notices: list[str] = []
    with ray_nodes.cluster(tmp_path_factory.getbasetemp()) as cluster:
        nodes = [add_node(cluster)]
        with ClusterExecutor(cluster.address, notice=notices.append, patience_s=4) as executor:
            executor.submit([task(tmp_path, value, sleep_s=0.5) for value in range(600)])
            found = next_of(executor)
            nodes.append(add_node(cluster))
            while not overlapping(found):  # one core runs one at a time
                found += next_of(executor)
            for number in nodes:
                cluster.kill(number)
            with pytest.raises(NoNodeError, match="backend noop") as caught:
                take_all(executor, found)
    values = [one.job.parameters["value"] for one in found]
    assert len(values) == len(set(values)) < 600
    assert not [one.outcome.failure for one in found if one.outcome.failure]
    (said,) = [text for text in notices if text.startswith("no node")]
    assert "can run backend noop now: its work waits" in said
    assert "4 s" in said
    assert "run the same command again" in caught.value.hint
