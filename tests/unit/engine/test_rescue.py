"""Results of a run whose disk is full go to another folder."""

import errno
import pickle
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from dse.contracts.errors import StoreError
from dse.engine import rescue
from dse.engine.rescue import Finished, Journal, rescued
from dse.store.queries import Results
from dse.store.store import Store
from dse.testing.stores import STUDY, evaluation, lut


class OneFinished(Journal):
    """With one evaluation that no test reads."""

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Iterator[Finished]:
        return iter(())


@contextmanager
def full(folders: list[Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As on a full disk: a new database there stays empty."""

    def opened(database: str) -> Store:
        if Path(database).parent in folders:
            Path(database).touch()
            Path(f"{database}-wal").touch()
            raise StoreError("database or disk is full", where=database)
        return Store(database)

    with monkeypatch.context() as patched:
        patched.setattr(rescue, "Store", opened)
        yield


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Folder of the database, which is the current one, and the temporary folder."""
    made = [tmp_path / "disk", tmp_path / "temporary"]
    for folder in made:
        folder.mkdir()
    monkeypatch.chdir(made[0])
    monkeypatch.setattr(tempfile, "tempdir", str(made[1]))
    return made


def failed(folders: list[Path]) -> StoreError:
    """Return the error of a run whose database fails."""
    with (
        closing(Store(str(folders[0] / "results.db"))) as store,
        closing(OneFinished()) as journal,
        pytest.raises(StoreError) as caught,
        rescued(store, STUDY, journal),
    ):
        raise StoreError("database or disk is full", where="results.db")
    return caught.value


def leftovers(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir() if "rescued" in file.name]


def test_the_temporary_folder_is_next(folders: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    with full(folders[:1], monkeypatch):
        error = failed(folders)
    (file,) = folders[1].glob("results.rescued-*.db")
    assert error.where == "results.db"
    assert str(file) in error.message
    assert str(file) in (error.hint or "")
    assert leftovers(folders[0]) == []
    with closing(Results(str(file))) as results:
        assert [study.name for study in results.studies()] == [STUDY.name]


def test_where_no_folder_takes_them_the_first_error_stays(
    folders: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with full(folders, monkeypatch):
        error = failed(folders)
    assert (error.message, error.where) == ("database or disk is full", "results.db")
    assert leftovers(folders[0]) + leftovers(folders[1]) == []


class Crowded:
    """A file on a disk that is full from time to time."""

    def __init__(self) -> None:
        self.room, self._file = 0, tempfile.SpooledTemporaryFile()  # noqa: SIM115

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def write(self, data: bytes) -> int:
        written = self._file.write(data[: self.room])
        if not written:
            raise OSError(errno.ENOSPC, "No space left on device")
        return written


def test_a_journal_on_a_full_disk_keeps_what_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    evaluations = [Finished(evaluation(f"key{n}", lut(n)), ()) for n in range(6)]
    disk = Crowded()
    size = len(pickle.dumps(evaluations[0]))
    monkeypatch.setattr(rescue, "_IN_MEMORY", 2 * size)
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: disk)
    with closing(Journal()) as journal:
        for one, disk.room in zip(evaluations, (0, 0, 0, size, size // 2, size), strict=True):
            journal.add([one])
        kept = [one.evaluation.job.key for one in journal]
        assert kept == ["key0", "key1", "key3", "key5"]
        assert len(journal) == 4
