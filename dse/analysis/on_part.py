"""Designs of one device seen on another: shares computed from stored counts."""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from dse.analysis.select import Column
from dse.analysis.table import Extent, StudyTable, order_of
from dse.analysis.what_if import COUNTS, capacity_of
from dse.contracts.metrics import CATALOGUE
from dse.store.queries import Results


class OnPart(StudyTable):
    """The same points with every share computed for another part, from stored counts.

    Args:
        results: the database.
        study: its name.
        part: device or full part name.

    Raises:
        UsageError: the capacity of the part is not known.
    """

    def __init__(self, results: Results, study: str, part: str) -> None:
        super().__init__(results, study)
        self._holds = capacity_of(part)

    def _extents(self) -> Mapping[Column, Extent]:
        """Shares of what the part has are those of the counts, others are left out."""
        own = super()._extents()
        found = {c: e for c, e in own.items() if not _is_share(c)}
        for column, extent in own.items():
            if column.metric in COUNTS and getattr(self._holds, column.metric):
                share = replace(column, metric=f"{column.metric}_pct", unit="%")
                found[share] = extent.scaled(self._share_of_one(column.metric))
        return {column: found[column] for column in sorted(found, key=order_of)}

    def _share_of_one(self, count: str) -> float:
        """Per cent of the part."""
        return 100 / float(getattr(self._holds, count))

    def _numbers(self, column: Column) -> pd.DataFrame:
        if not _is_share(column):
            return super()._numbers(column)
        count = column.metric.removesuffix("_pct")
        counted = self.numbers(replace(column, metric=count, unit=CATALOGUE[count].unit))
        return counted.mul(self._share_of_one(count))


def _is_share(column: Column) -> bool:
    return column.unit == "%" and column.metric.removesuffix("_pct") in COUNTS
