"""Results of a run whose disk is full go to another folder."""

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from dse.contracts.errors import StoreError
from dse.engine import rescue
from dse.engine.rescue import Finished, Journal, rescued
from dse.store.queries import Results
from dse.store.store import Store
from dse.testing.stores import STUDY


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
