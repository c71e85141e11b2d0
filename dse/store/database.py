"""Name of the results database: a SQLite file by path or URL, or a server by URL."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from dse.contracts.errors import StoreError
from dse.runtime.paths import is_utf8

_KINDS = "name a SQLite file, or a PostgreSQL server: postgresql+psycopg://user@host/database"


@dataclass(frozen=True)
class Database:
    """The location of a results database; either `file` or `url` is set.

    Args:
        shown: name for messages, without the password.
        file: absolute path of the SQLite file; None for a server.
        url: SQLAlchemy URL of a server; None for a file.
    """

    shown: str
    file: Path | None = None
    url: URL | None = None

    @classmethod
    def of(cls, name: str) -> "Database":
        """Parse what a user typed: a file, `~` allowed, or a SQLAlchemy URL.

        Raises:
            StoreError: the text has ``://`` in it and is no URL of a supported database, or the
                path of the file is not UTF-8.
        """
        if "://" not in name:
            return cls(name, file=_sqlite_file(name))
        try:
            url = make_url(name)
        except ArgumentError as error:
            message = f"this is not a valid database URL: {error}"
            raise StoreError(message, where=name, hint=_KINDS) from error
        if url.get_backend_name() not in {"sqlite", "postgresql"}:
            shown = url.render_as_string(hide_password=True)
            message = f"databases of the kind '{url.get_backend_name()}' are not supported"
            raise StoreError(message, where=shown, hint=_KINDS)
        # without a path, sqlite:// is a database in memory and has no file
        if url.get_backend_name() == "sqlite" and url.database:
            return cls(url.database, file=_sqlite_file(url.database))
        return cls(url.render_as_string(hide_password=True), url=url)

    @property
    def exists(self) -> bool:
        """Whether the SQLite file exists; always true for a server, which is not contacted."""
        return self.file is None or self.file.exists()

    @property
    def artifacts(self) -> Path:
        """Folder of evaluations' files: beside the SQLite file, or in the working folder."""
        base = self.file.parent if self.file else Path.cwd()
        return base / ".dse" / "artifacts"

    def file_identity(self) -> tuple[int, int] | None:
        """Return device and inode of the SQLite file; None for a server, or without a file.

        They change when the file is replaced by another one of the same name.
        """
        try:
            found = self.file.stat() if self.file else None
        except OSError:
            return None
        return (found.st_dev, found.st_ino) if found else None


def _sqlite_file(name: str) -> Path:
    file = Path(name).expanduser().resolve()
    if not is_utf8(file):  # SQLite takes UTF-8 only, and stored paths are text
        hint = "work in another folder, or set a locale that is UTF-8 (LC_ALL=C.UTF-8)"
        raise StoreError("its path is not UTF-8", where=str(file), hint=hint)
    return file
