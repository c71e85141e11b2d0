"""Which database is meant: a SQLite file, named by path or URL, or a server by URL."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from dse.contracts.errors import StoreError


@dataclass(frozen=True)
class Database:
    """Where results are kept.

    Args:
        shown: how messages name it; never holds a password.
        file: the SQLite file, absolute; None for a server.
        url: of a server.
    """

    shown: str
    file: Path | None = None
    url: URL | None = None

    @classmethod
    def of(cls, name: str) -> "Database":
        """From what a user typed: a file, `~` allowed, or a SQLAlchemy URL.

        Raises:
            StoreError: it is no URL.
        """
        if "://" not in name:
            return cls(name, file=Path(name).expanduser().resolve())
        try:
            url = make_url(name)
        except ArgumentError as error:
            raise StoreError(f"this is no database URL: {error}", where=name) from error
        if url.get_backend_name() == "sqlite" and url.database:
            return cls(url.database, file=Path(url.database).expanduser().resolve())
        return cls(url.render_as_string(hide_password=True), url=url)

    @property
    def exists(self) -> bool:
        """Whether there is something to read; a server is taken to be there."""
        return self.file is None or self.file.exists()

    @property
    def artifacts(self) -> Path:
        """Folder of the files that evaluations leave: beside the SQLite file, else here."""
        base = self.file.parent if self.file else Path.cwd()
        return base / ".dse" / "artifacts"

    @property
    def running(self) -> Path:
        """Folder where runs give signs of life."""
        return self.artifacts.with_name("running")
