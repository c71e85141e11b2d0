"""Databases that are missing, damaged, of something else, or oddly named."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

READING = [
    ["status"],
    ["pareto", "--metric", "latency_ns"],
    ["show", "0"],
    ["export", "out.csv"],
]
WORKING = [["plan", "s.yaml"], ["run", "s.yaml", "--executor", "serial"]]


def names(commands: list[list[str]]) -> list[str]:
    return [command[0] for command in commands]


@pytest.fixture
def refused(dse: Any, write: Any) -> Any:
    """Call a command that must refuse its database; what it said."""
    write()

    def call(command: list[str], database: object) -> str:
        answer = dse(*command, "--db", database)
        assert (answer.code, answer.out) == (5, "")
        assert answer.err.startswith("dse: error: ")
        assert Path(str(database)).name in answer.err
        said: str = answer.err
        return said

    return call


def sql(file: Path, statement: str) -> list[Any]:
    with closing(sqlite3.connect(file)) as connection:
        rows = connection.execute(statement).fetchall()
        connection.commit()
    return rows


@pytest.mark.parametrize("command", READING, ids=names(READING))
@pytest.mark.parametrize("database", ["missing.db", "nowhere/missing.db"])
def test_reading_a_missing_database(
    refused: Any, tmp_path: Path, command: list[str], database: str
) -> None:
    said = refused(command, database)
    assert "there is no such database" in said
    assert "dse run" in said
    assert not (tmp_path / database).exists()


@pytest.mark.parametrize("command", READING + WORKING, ids=names(READING + WORKING))
def test_a_file_that_is_no_database(refused: Any, tmp_path: Path, command: list[str]) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("milk, bread, ten lookup tables\n" * 100)
    said = refused(command, "notes.txt")
    assert "not a database" in said
    assert "name the file that dse run wrote" in said
    assert file.read_text().startswith("milk")


@pytest.mark.parametrize("command", READING, ids=names(READING))
def test_a_database_that_was_cut_off(
    refused: Any, run: Any, tmp_path: Path, command: list[str]
) -> None:
    run()
    file = tmp_path / "results.db"
    sql(file, "PRAGMA wal_checkpoint(TRUNCATE)")
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 3])
    said = refused(command, "results.db")
    assert "malformed" in said
    assert ".recover" in said


@pytest.mark.parametrize("command", READING + WORKING, ids=names(READING + WORKING))
def test_a_database_of_something_else_is_refused_and_left_alone(
    refused: Any, tmp_path: Path, command: list[str]
) -> None:
    file = tmp_path / "photos.db"
    sql(file, "CREATE TABLE album (title TEXT)")
    before = file.read_bytes()
    said = refused(command, "photos.db")
    assert "this is not a results database" in said
    assert "album" in said
    assert "--db" in said
    assert file.read_bytes() == before


@pytest.mark.parametrize("command", READING + WORKING, ids=names(READING + WORKING))
def test_a_folder_is_no_database(refused: Any, tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "results").mkdir()
    said = refused(command, "results")
    assert "no such" not in said  # it is there, but it is a folder


@pytest.mark.parametrize("database", ["/proc/results.db", "nowhere/results.db"])
def test_a_run_that_cannot_write_its_database_says_so(refused: Any, database: str) -> None:
    refused(WORKING[1], database)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_write_protected_database(run: Any, refused: Any, tmp_path: Path) -> None:
    run()
    (tmp_path / "results.db").chmod(0o444)
    refused([*WORKING[1], "--rerun", "all"], "results.db")


@pytest.mark.parametrize("command", READING, ids=names(READING))
def test_an_empty_file_has_nothing_to_read(
    refused: Any, tmp_path: Path, command: list[str]
) -> None:
    (tmp_path / "new.db").touch()
    said = refused(command, "new.db")
    assert "is empty" in said
    assert "dse run" in said


def test_a_folder_that_is_not_there_is_named(refused: Any, tmp_path: Path) -> None:
    said = refused(WORKING[1], "nowhere/results.db")
    assert "its folder does not exist" in said
    assert f"mkdir -p {tmp_path / 'nowhere'}" in said


@pytest.mark.parametrize("command", [READING[0], WORKING[1]])
@pytest.mark.parametrize("database", ["mysql://me:secret@host/results", "foo://results"])
def test_a_database_of_another_kind(refused: Any, command: list[str], database: str) -> None:
    said = refused(command, database)
    assert "SQLite file" in said
    assert "postgresql+psycopg://" in said
    assert "secret" not in said


def test_an_empty_file_becomes_a_database(run: Any, dse: Any, tmp_path: Path) -> None:
    (tmp_path / "new.db").touch()
    assert run(None, "--db", "new.db").code == 0
    assert dse("status", "--db", "new.db", "--json").json[0]["points"] == 3


@pytest.mark.parametrize("command", READING + WORKING, ids=names(READING + WORKING))
def test_a_database_of_a_newer_dse(
    run: Any, refused: Any, tmp_path: Path, command: list[str]
) -> None:
    run()
    sql(tmp_path / "results.db", "UPDATE alembic_version SET version_num = '9999'")
    said = refused(command, "results.db")
    assert "9999" in said
    assert "newer dse" in said


def test_a_truncated_database(run: Any, refused: Any, tmp_path: Path) -> None:
    run()
    content = (tmp_path / "results.db").read_bytes()
    (tmp_path / "half.db").write_bytes(content[: len(content) // 2])
    for command in READING + WORKING:
        refused(command, "half.db")


@pytest.mark.parametrize("command", READING[1:] + WORKING[1:], ids=names(READING[1:] + WORKING[1:]))
def test_a_database_that_lost_a_table(
    run: Any, refused: Any, tmp_path: Path, command: list[str]
) -> None:
    run()
    file = tmp_path / "results.db"
    for (view,) in sql(file, "SELECT name FROM sqlite_master WHERE type = 'view'"):
        sql(file, f"DROP VIEW {view}")
    sql(file, "DROP TABLE metric")
    more = ["--rerun", "all"] if command[0] == "run" else []
    assert "metric" in refused([*command, *more], "results.db")


def test_errors_show_the_file_not_the_inner_url(refused: Any, tmp_path: Path) -> None:
    sql(tmp_path / "photos.db", "CREATE TABLE album (title TEXT)")
    assert "sqlite:" not in refused(["status"], "photos.db")


@pytest.mark.parametrize("url", ["nonsense://x", "://"])
def test_a_wrong_url(dse: Any, url: str) -> None:
    answer = dse("status", "--db", url)
    assert (answer.code, answer.out) == (5, "")
    assert answer.err.startswith(f"dse: error: {url}")


def test_a_password_is_not_printed(dse: Any) -> None:
    answer = dse("status", "--db", "nonsense://me:hunter2@host/results")
    assert answer.code == 5
    assert "hunter2" not in answer.err


def test_a_url_works_like_a_file(run: Any, dse: Any) -> None:
    assert run(None, "--db", "sqlite:///url.db").code == 0
    by_url = dse("pareto", "--db", "sqlite:///url.db", "--format", "csv").out
    assert by_url == dse("pareto", "--db", "url.db", "--format", "csv").out


@pytest.mark.parametrize("command", READING, ids=names(READING))
def test_reading_by_url_creates_nothing(dse: Any, tmp_path: Path, command: list[str]) -> None:
    assert dse(*command, "--db", "sqlite:///new.db").code == 5
    assert not (tmp_path / "new.db").exists()


def test_a_plan_by_url_of_a_new_database(dse: Any, write: Any, tmp_path: Path) -> None:
    answer = dse("plan", write(), "--json", "--db", "sqlite:///new.db")
    assert answer.code == 0
    assert answer.json["backends"][0]["to_do"] == 3
    assert not (tmp_path / "new.db").exists()


@pytest.mark.parametrize("name", ["a b.db", "a%20b.db", "a#b.db", "a?b.db", "a&b=c.db", "é.db"])
def test_any_file_name_will_do(run: Any, dse: Any, tmp_path: Path, name: str) -> None:
    assert run(None, "--db", name).code == 0
    found = {file.name for file in tmp_path.iterdir() if not file.name.endswith(("-wal", "-shm"))}
    assert found == {"s.yaml", name}
    assert dse("status", "--db", name, "--json").json[0]["points"] == 3


def test_the_name_of_the_database_is_shown_as_it_is(run: Any) -> None:
    assert "results in a[b].db" in run(None, "--db", "a[b].db").err


def test_the_home_folder_is_meant_by_a_tilde(
    run: Any, dse: Any, write: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert run(write(), "--db", "~/mine.db").code == 0
    assert (tmp_path / "mine.db").is_file()
    (row,) = dse("plan", "s.yaml", "--json", "--db", "~/mine.db").json["backends"]
    assert (row["stored"], row["to_do"]) == (3, 0)


def test_the_database_can_come_from_the_environment(
    run: Any, dse: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DSE_DB", "mine.db")
    assert run().code == 0
    assert (tmp_path / "mine.db").is_file()
    assert not (tmp_path / "results.db").exists()
    assert dse("status", "--json").json[0]["points"] == 3
