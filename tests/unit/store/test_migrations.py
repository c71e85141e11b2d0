"""Databases of every earlier version open, keep what they hold, and get the current schema."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import dse.store
from dse.store.migrate import HEAD
from dse.store.queries import Results
from dse.store.schema import Base
from dse.store.store import Store

MIGRATIONS = Path(dse.store.__file__).parent / "migrations"
DATABASES = sorted((Path(__file__).parent / "databases").glob("*.sql"))


def test_the_newest_migration_is_the_one_the_code_expects() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))
    assert scripts.get_heads() == [HEAD]
    assert {path.stem for path in DATABASES} == {s.revision for s in scripts.walk_revisions()}


def test_the_migrations_make_the_tables_the_code_uses(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "new.db"))
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    store.close()


@pytest.mark.parametrize("dump", DATABASES, ids=lambda path: path.stem)
def test_an_old_database_opens_and_keeps_everything(tmp_path: Path, dump: Path) -> None:
    file = tmp_path / "old.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(dump.read_text())
    store = Store(str(file))
    store.refresh_views()
    assert store.known(["k"])["k"].failure is None
    store.close()
    results = Results(str(file))
    done, failed = results.points("s", replicas=True)
    assert [(m.name, m.value, m.tool) for m in done.metrics] == [("lut", 7.0, "tool 2.0")]
    assert failed.metrics == ()
    (evaluation,) = results.evaluations("s", 1)
    assert evaluation.failure["kind"] == "licence"
    with closing(sqlite3.connect(file)) as connection:
        rows = connection.execute("SELECT point, bits, b_lut FROM v_points").fetchall()
    assert rows == [(0, 8, 7.0), (1, 9, None)]
