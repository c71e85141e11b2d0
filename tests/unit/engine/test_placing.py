"""Which nodes can take a task, and what is noticed that none can. No Ray is needed."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from dse.contracts.backend import Probe, Resources
from dse.contracts.errors import NoNodeError
from dse.engine import stranded
from dse.engine.nodes import Node
from dse.engine.placing import able, demand, fits
from dse.engine.stranded import Held, Waiting
from dse.engine.worker import Task
from dse.testing.executors import task


def node(
    name: str, cpus: float = 4, memory: float = 8e9, tool: str = "noop 1", **tokens: float
) -> Node:
    return Node(name, name, cpus, memory, {"noop": Probe(bool(tool), tool)}, tokens)


def offers(*nodes: Node) -> dict[str, Mapping[str, float]]:
    return {one.id: {"CPU": one.cpus, "memory": one.memory, **one.tokens} for one in nodes}


def wanting(folder: Path, **needs: object) -> Task:
    return replace(task(folder, 1), resources=Resources(**needs))  # type: ignore[arg-type]


def test_a_task_goes_to_nodes_with_its_tools_and_tokens(tmp_path: Path) -> None:
    nodes = [node("old", tool="noop 0"), node("none", tool=""), node("a"), node("b", vivado=2)]
    assert [one.id for one in able(task(tmp_path, 1), nodes)] == ["a", "b"]
    for count, names in ((1, ["b"]), (2, ["b"]), (3, [])):
        licensed = wanting(tmp_path, licences={"vivado": count})
        assert [one.id for one in able(licensed, nodes)] == names
    undeclared = wanting(tmp_path, licences={"vitis": 9})
    assert [one.id for one in able(undeclared, nodes)] == ["a", "b"]
    limited = [node("a"), node("b", dse_noop=3)]
    assert [one.id for one in able(task(tmp_path, 1), limited)] == ["b"]


@pytest.mark.parametrize(
    ("cpus", "memory_gb", "deaths", "expected"),
    [
        (2, 1, 0, (2, 1e9)),
        (2, 1, 2, (2, 4e9)),
        (99, 1, 0, (8, 1e9)),
        (8, 30, 0, (2, 30e9)),  # no node has both: a quarter of the cores, or 0.13 of the memory
        (2, 60, 0, (2, 60e9)),
    ],
)
def test_a_task_asks_for_no_more_than_one_node_has(
    tmp_path: Path, cpus: float, memory_gb: float, deaths: int, expected: tuple[float, float]
) -> None:
    nodes = [node("wide", 8, 4e9), node("large", 2, 64e9)]
    one = wanting(tmp_path, cpus=cpus, memory_gb=memory_gb)
    wanted = demand(one, nodes, nodes, 2**deaths)
    assert fits(wanted, offers(*nodes))
    assert (wanted.cpus, wanted.memory) == expected


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(stranded.time, "monotonic", made)
    return made


def test_what_ray_holds_for_nodes_that_are_gone_is_found_after_a_while(
    tmp_path: Path, clock: Clock
) -> None:
    a, b, c = node("a", vivado=1), node("b"), node("c", vivado=1)
    held = {
        "anywhere": demand(task(tmp_path, 1), [a, b], [a, b], 1),
        "licensed": demand(wanting(tmp_path, licences={"vivado": 1}), [a, b], [a], 1),
    }
    look = Held()
    assert look.stranded(held, offers(a, b)) == []
    clock.now += 100
    assert look.stranded(held, offers(b, c)) == []  # Ray may yet report that it ran and died
    clock.now += 9
    assert look.stranded(held, offers(b, c)) == []
    clock.now += 2
    assert look.stranded(held, offers(b, c)) == ["licensed"]  # which Ray keeps to node a
    del held["licensed"]
    assert look.stranded(held, offers(b, c)) == []


def test_a_wait_is_said_once_and_ends_in_time(clock: Clock) -> None:
    said: list[str] = []
    wait, kind = Waiting(said.append, 600.0), ("open", "yosys 0.23")
    for _ in range(3):
        wait.look(kind, can_run=False)
        wait.check([kind])
        clock.now += 199
    assert len(said) == 1
    assert "backend open" in said[0]
    assert "10 min" in said[0]
    wait.look(kind, can_run=True)
    wait.look(kind, can_run=False)
    clock.now += 599
    wait.check([kind])
    assert len(said) == 2
    clock.now += 1
    wait.check([("vitis", "2023.2")])
    with pytest.raises(NoNodeError, match="backend open for 10 min"):
        wait.check([("vitis", "2023.2"), kind])
