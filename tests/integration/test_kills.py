"""Drivers, workers, raylets and heads killed at random moments, and a network that is cut.

Every kill comes after the first result that its run has stored. At the end the database has every
point once, and no run has done again what was stored at a kill before it.
"""

import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
import ray_nodes
from counted import TURN, Counted, command

pytestmark = pytest.mark.slow

needs_nodes = pytest.mark.skipif(bool(ray_nodes.missing()), reason=ray_nodes.missing() or "none")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that nodes see: those of the tests are hidden from them."""
    with tempfile.TemporaryDirectory(prefix="dse-kills-", dir="/tmp") as name:
        yield Path(name)


@contextmanager
def running(study: Counted, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    with (study.folder / "log").open("ab") as log:
        run = subprocess.Popen(
            command(sys.executable, *options), cwd=study.folder, env=study.environment,
            stdout=log, stderr=log,
        )  # fmt: skip
        try:
            yield run
        finally:
            run.kill()
            run.wait()


def finish(study: Counted, *options: str) -> None:
    with running(study, *options) as run:
        assert run.wait(600) == 0, (study.folder / "log").read_text()[-3000:]


def await_more(study: Counted, run: subprocess.Popen[bytes], count: int = 1) -> None:
    """Wait until a run has stored some more results."""
    before, deadline = len(study.stored()), time.monotonic() + 300
    while len(study.stored()) < before + count:
        assert time.monotonic() < deadline, (study.folder / "log").read_text()[-3000:]
        assert run.poll() is None, (study.folder / "log").read_text()[-3000:]
        time.sleep(0.05)


def workers_of(run: subprocess.Popen[bytes], *names: str) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        found = psutil.Process(run.pid).children(recursive=True)
        return [one for one in found if any(name in _line(one) for name in names)]
    return []


def _line(process: psutil.Process) -> str:
    with suppress(psutil.NoSuchProcess):
        return " ".join(process.cmdline())
    return ""


@pytest.mark.parametrize(("executor", "kills"), [("ray", 14), ("processes", 14)])
def test_drivers(folder: Path, executor: str, kills: int) -> None:
    study, dice = Counted(folder, 1000, 0.1), random.Random(11)
    options = ("--executor", executor, "--workers", "2")
    for _ in range(kills):
        study.turn += 1
        with running(study, *options) as run:
            await_more(study, run)
            time.sleep(dice.uniform(0.0, 1.0))
            assert run.poll() is None, "all was done before the kill"
            study.mark(ends_run=True)
            run.send_signal(signal.SIGKILL)
            run.wait()
    study.turn += 1
    finish(study, *options)
    report(executor, "drivers", kills, study)


@pytest.mark.parametrize(
    ("executor", "names", "kills"),
    [("ray", ("ray::_run_batch",), 12), ("processes", ("spawn_main",), 12)],
)
def test_workers(folder: Path, executor: str, names: Sequence[str], kills: int) -> None:
    study, dice = Counted(folder, 400, 0.2), random.Random(12)
    options = ("--executor", executor, "--workers", "2")
    with running(study, *options) as run:
        for _ in range(kills):
            await_more(study, run, 2)
            time.sleep(dice.uniform(0.0, 0.5))
            while not (found := workers_of(run, *names)):
                assert run.poll() is None, "all was done before the kill"
                time.sleep(0.05)
            study.mark()
            with suppress(psutil.NoSuchProcess):
                dice.choice(found).kill()
        run.wait(600)
    finish(study, *options)  # a task that is killed twice waits for the next run
    report(executor, "workers", kills, study)


def add_node(
    cluster: ray_nodes.Cluster, study: Counted, network: ray_nodes.Network | None = None
) -> int:
    variables = {"DSE_CACHE": str(cluster.hidden[0] / "cache-of-node"), TURN: str(study.turn)}
    return cluster.start("--num-cpus=1", network=network, **variables)


def kill_one(cluster: ray_nodes.Cluster, number: int, name: str) -> bool:
    """Kill a process of a node whose command contains a name; return whether there was one."""
    found = [one for one in cluster.processes(number) if name in _line(one)]
    for one in found[:1]:
        one.kill()
    return bool(found)


@needs_nodes
def test_workers_raylets_and_nodes_of_a_cluster(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """In turn a worker, a raylet alone, and all processes of a node; then another node joins."""
    kills, study, dice = 12, Counted(folder, 900, 0.2), random.Random(13)
    with ray_nodes.cluster(tmp_path_factory.getbasetemp()) as cluster:
        nodes = [add_node(cluster, study), add_node(cluster, study)]
        with running(study, "--ray-address", cluster.address) as run:
            for turn in range(kills):
                await_more(study, run, 3)
                time.sleep(dice.uniform(0.0, 1.0))
                study.mark()
                if turn % 3 == 0:
                    while not kill_one(cluster, dice.choice(nodes), "ray::_run_on_node"):
                        assert run.poll() is None, "all was done before the kill"
                        time.sleep(0.05)
                    continue
                number = nodes.pop(dice.randrange(2))
                if turn % 3 == 1:
                    assert kill_one(cluster, number, "raylet/raylet")
                else:
                    cluster.kill(number)
                nodes.append(add_node(cluster, study))
            assert run.wait(900) == 0, (folder / "log").read_text()[-3000:]
    report("cluster", "workers, raylets and nodes", kills, study)


@needs_nodes
def test_heads_of_a_cluster(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The head dies with the driver's raylet, and so the driver; both start again."""
    kills, study, dice = 2, Counted(folder, 150, 0.1), random.Random(14)
    for study.turn in range(kills + 1):
        with ray_nodes.cluster(tmp_path_factory.getbasetemp()) as cluster:
            add_node(cluster, study)
            with running(study, "--ray-address", cluster.address) as run:
                if study.turn < kills:
                    await_more(study, run, 2)
                    time.sleep(dice.uniform(0.0, 1.0))
                    study.mark(ends_run=True)
                    cluster.kill(0)
                    assert run.wait(180) != 0
                else:
                    assert run.wait(600) == 0, (folder / "log").read_text()[-3000:]
    report("cluster", "heads", kills, study)


@needs_nodes
@pytest.mark.skipif(not shutil.which("ip"), reason="ip is not installed")
def test_a_network_that_is_cut_for_half_a_minute(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    study = Counted(folder, 150, 0.2)
    with (
        ray_nodes.network() as network,
        ray_nodes.cluster(tmp_path_factory.getbasetemp(), network.here) as cluster,
    ):
        add_node(cluster, study, network)
        with running(study, "--ray-address", cluster.address) as run:
            await_more(study, run, 3)
            study.mark()
            network.cut()
            time.sleep(30)
            network.mend()
            cluster.kill(1)  # Ray has given it up, and it ends for that reason
            add_node(cluster, study, network)
            assert run.wait(600) == 0, (folder / "log").read_text()[-3000:]
    report("cluster", "networks", 1, study)


def report(where: str, what: str, kills: int, study: Counted) -> None:
    """Check a study at its end; `pytest -s` shows the figures."""
    repeated = study.check()
    sys.stderr.write(f"\n{where}: {kills} {what}, {repeated} of {study.points} repeated\n")
