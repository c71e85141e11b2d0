"""The command that is printed to go on does the same thing when it is pasted."""

import shlex
from pathlib import Path

import pytest

from dse.cli.results import _run_line
from dse.cli.study_options import run_command
from dse.engine.heartbeat import LiveRun, heartbeat, live_runs
from dse.store.queries import Results
from dse.store.store import Store


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"--cache": ".dse/cache", "--trust": False}, []),
        ({"--ray-address": None, "--trust": True}, ["--trust"]),
        ({"--ray-address": "10.0.0.1:6379"}, ["--ray-address", "10.0.0.1:6379"]),
        ({"--cache": "a b"}, ["--cache", "a b"]),
        ({"--executor": "serial", "--workers": 1}, ["--executor", "serial", "--workers", "1"]),
        ({"--licence": ["v=2", "w=1"]}, ["--licence", "v=2", "--licence", "w=1"]),
        ({"--licence": None, "--workers": None}, []),
    ],
)
def test_options_that_change_the_run_are_kept(options: dict[str, str], words: list[str]) -> None:
    given = run_command("my study.yaml", ["space.value=[4, 5]"], "results.db", options)
    first = ["dse", "run", "my study.yaml", "--set", "space.value=[4, 5]"]
    assert shlex.split(given) == first + words


@pytest.mark.parametrize(
    ("database", "words"),
    [
        ("results.db", ["--db", "results.db"]),  # not where the environment says
        ("team.db", []),
        ("a b.db", ["--db", "a b.db"]),
        ("postgresql+psycopg://me:secret@h/r", ["--db", "postgresql+psycopg://me:***@h/r"]),
    ],
)
def test_the_database_is_named_where_it_has_to_be(
    database: str, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DSE_DB", "team.db")
    assert shlex.split(run_command("e.yaml", (), database)) == ["dse", "run", "e.yaml", *words]


@pytest.mark.parametrize(
    ("database", "command"),
    [("results.db", "dse run e.yaml"), ("team.db", "dse run e.yaml --db team.db")],
)
def test_a_killed_run_goes_on_in_its_database(database: str, command: str) -> None:
    killed = LiveRun(study="e", host="node1", pid=1, since=0.0, seen=0.0, lost=True)
    assert _run_line(killed, "e.yaml", database).endswith(f"; to go on: {command}")


def test_a_killed_run_goes_on_with_its_own_options() -> None:
    """The options decide which points there are."""
    command = "dse run e.yaml --set 'space.bits.values=[3,4]' --ray-address 10.0.0.1:6379"
    killed = LiveRun("e", "node1", 1, since=0.0, seen=0.0, lost=True, command=command)
    assert _run_line(killed, "e.yaml", "results.db").endswith(f"; to go on: {command}")


def test_the_heartbeat_tells_the_command(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "r.db"))
    with heartbeat(store, "e", tmp_path, "dse run e.yaml --set a=1"):
        (run,) = live_runs(Results(str(tmp_path / "r.db")))
        assert run.command == "dse run e.yaml --set a=1"
    store.close()
