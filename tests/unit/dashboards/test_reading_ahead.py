"""What is read before anybody asks."""

import pytest

from dashboards import reading_ahead as module
from dashboards.reading_ahead import read_ahead
from dashboards.source import Source
from dse.analysis.points import Points
from dse.contracts.errors import StoreError


def _columns_read(source: Source, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    read, plain = list[object](), Points.numbers

    def numbers(table: Points, column: object) -> object:
        read.append(column)
        return plain(table, column)  # type: ignore[arg-type]

    monkeypatch.setattr(Points, "numbers", numbers)
    read_ahead(source).join(60)
    return read


def test_the_first_front_is_ready_before_it_is_asked_for(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _columns_read(source, monkeypatch)
    monkeypatch.setattr(Points, "_numbers", lambda *_: pytest.fail("read again"))
    table = source.table("bits")
    assert [len(table.numbers(table.column(name))) for name in table.objectives] == [5, 5]


def test_pages_do_not_wait_for_a_very_large_study(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_POINTS", 1)
    assert not _columns_read(source, monkeypatch)


def test_a_store_that_cannot_be_read_is_the_pages_to_report(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    def studies(_: Source) -> None:
        raise StoreError("gone")

    monkeypatch.setattr(Source, "studies", studies)
    read_ahead(source).join(60)
