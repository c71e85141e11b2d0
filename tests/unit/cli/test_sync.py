"""`dse sync`: two databases come to their union, and nothing that they have is overwritten."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dse.contracts.metrics import Fidelity, Metric

from .conftest import Dse

Gives = Callable[..., list[int]]


def latency(factor: float) -> Callable[[int], list[Metric]]:
    return lambda value: [Metric.of("latency_ns", value * factor, Fidelity.ESTIMATE)]


@pytest.fixture
def two(dse: Dse, run: Dse, write: Any) -> None:
    """Two people's databases: one study with values 1 and 2, one with 2 and 3."""
    run(write("a.yaml", space={"value": [1, 2]}), "--db", "mine.db")
    run(write("b.yaml", name="t", space={"value": [2, 3]}), "--db", "team.db")


def values(dse: Dse, database: str, study: str) -> dict[str, str]:
    assert dse("export", "out.csv", "--study", study, "--db", database).code == 0
    with Path("out.csv").open() as file:
        return {row["value"]: row["noop_latency_ns"] for row in csv.DictReader(file)}


@pytest.mark.usefixtures("two")
def test_both_have_all(dse: Dse) -> None:
    said = dse("sync", "team.db", "--db", "mine.db")
    assert said.code == 0, said.err
    assert "team.db to mine.db: 1 new, 1 known" in said.said
    assert "mine.db to team.db: 1 new, 2 known" in said.said
    for database in ("mine.db", "team.db"):
        assert set(values(dse, database, "s")) == {"1", "2"}
        assert set(values(dse, database, "t")) == {"2", "3"}
    again = dse("sync", "team.db", "--db", "mine.db")
    assert "team.db to mine.db: 3 known mine.db to team.db: 3 known" in again.said


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(("option", "written"), [("--pull", "mine.db"), ("--push", "team.db")])
def test_one_direction(dse: Dse, option: str, written: str) -> None:
    before = {name: {row["name"] for row in status(dse, name)} for name in ("mine.db", "team.db")}
    assert dse("sync", "team.db", "--db", "mine.db", option).code == 0
    for name, studies in before.items():
        assert {row["name"] for row in status(dse, name)} == (
            {"s", "t"} if name == written else studies
        )


def status(dse: Dse, database: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = dse("status", "--json", "--db", database).json
    return rows


def test_other_numbers_are_shown_and_kept(dse: Dse, run: Dse, write: Any, gives: Gives) -> None:
    study = write(space={"value": [1, 2]})
    gives(latency(10))
    run(study, "--db", "mine.db")
    gives(lambda value: latency(10 if value == 1 else 11)(value))
    run(study, "--db", "team.db")
    for options, first in (((), "mine.db"), (("--push",), "team.db")):
        said = dse("sync", "team.db", "--db", "mine.db", "--list", "differ.csv", *options)
        assert said.code == 4
        assert "1 result with one key and other numbers" in said.said
        with Path("differ.csv").open() as file:
            (row,) = csv.DictReader(file)
        assert {name: row[name] for name in ("metric", "mine.db", "team.db")} == {
            "metric": "latency_ns",
            "mine.db": "20.0",
            "team.db": "22.0",
        }
        assert list(row)[3] == first
    assert values(dse, "mine.db", "s") == {"1": "10.0", "2": "20.0"}
    assert values(dse, "team.db", "s") == {"1": "10.0", "2": "22.0"}
    assert dse("import", "team.db", "--db", "mine.db").code == 4


def test_a_study_that_was_edited_is_named(dse: Dse, run: Dse, write: Any) -> None:
    run(write(space={"value": [1]}), "--db", "mine.db")
    run(write(space={"value": [1, 2]}), "--db", "team.db")
    said = dse("sync", "team.db", "--db", "mine.db")
    assert said.code == 0
    assert "s: its file differs in the two databases; each keeps its own" in said.said
    assert set(values(dse, "mine.db", "s")) == {"1", "2"}


@pytest.mark.usefixtures("two")
def test_mistakes(dse: Dse) -> None:
    assert "both are one database" in dse("sync", "./mine.db", "--db", "mine.db").said
    assert "exclude each other" in dse("sync", "team.db", "--pull", "--push").said
    said = dse("sync", "tema.db", "--db", "new.db")
    assert "there is no such database" in said.said
    assert not Path("new.db").exists()
