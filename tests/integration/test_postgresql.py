"""Results in PostgreSQL, against the one contract of stores."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from postgres import postgres_databases

from dse.testing import StoreSuite


@pytest.fixture(scope="module")
def new_database() -> Iterator[Callable[[], str]]:
    with postgres_databases() as new:
        yield new


class TestPostgresql(StoreSuite):
    @pytest.fixture(autouse=True)
    def _server(self, new_database: Callable[[], str]) -> None:
        self._new = new_database
        self._made: dict[Path, str] = {}

    def database(self, folder: Path) -> str:
        if folder not in self._made:
            self._made[folder] = self._new()
        return self._made[folder]
