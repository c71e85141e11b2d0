"""The command that is printed to go on does the same thing when it is pasted."""

import shlex

import pytest

from dse.cli.results import _run_line
from dse.cli.study_options import run_command
from dse.engine.heartbeat import LiveRun


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"--db": "results.db", "--cache": ".dse/cache", "--trust": False}, []),
        ({"--ray-address": None, "--trust": True}, ["--trust"]),
        ({"--ray-address": "10.0.0.1:6379"}, ["--ray-address", "10.0.0.1:6379"]),
        ({"--db": "a b.db"}, ["--db", "a b.db"]),
    ],
)
def test_options_that_change_the_run_are_kept(options: dict[str, str], words: list[str]) -> None:
    given = run_command("my study.yaml", ["space.value=[4, 5]"], options)
    first = ["dse", "run", "my study.yaml", "--set", "space.value=[4, 5]"]
    assert shlex.split(given) == first + words


@pytest.mark.parametrize(
    ("database", "command"),
    [("results.db", "dse run e.yaml"), ("team.db", "dse run e.yaml --db team.db")],
)
def test_a_killed_run_goes_on_in_its_database(database: str, command: str) -> None:
    killed = LiveRun(study="e", host="node1", pid=1, since=0.0, seen=0.0, lost=True)
    assert _run_line(killed, "e.yaml", database).endswith(f"; to go on: {command}")
