"""SQLite, by path and by URL, against the one contract."""

from pathlib import Path

from dse.testing import StoreSuite


class TestSqliteFile(StoreSuite):
    def database(self, folder: Path) -> str:
        return str(folder / "results.db")


class TestSqliteUrl(StoreSuite):
    def database(self, folder: Path) -> str:
        return f"sqlite:///{folder}/other.db"
