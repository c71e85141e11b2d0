"""A database on a file system that cannot be written to."""

from pathlib import Path

import pytest

from dse.store import connect
from dse.store.queries import Results
from dse.store.store import Store
from dse.testing.stores import STUDY


def test_it_is_read_without_a_write_ahead_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "results.db"
    store = Store(str(file))
    store.save_study(STUDY)
    store.close()
    assert not (tmp_path / "results.db-wal").exists()
    monkeypatch.setattr(connect.os, "access", lambda *_: False)
    assert connect.sqlite_uri(file, read_only=True).endswith("immutable=1")
    assert [study.name for study in Results(str(file)).studies()] == ["s"]
    assert [path.name for path in tmp_path.iterdir()] == ["results.db"]


def test_a_log_that_is_there_is_not_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "results.db-wal").touch()
    monkeypatch.setattr(connect.os, "access", lambda *_: False)
    assert connect.sqlite_uri(tmp_path / "results.db", read_only=True).endswith("mode=ro")
