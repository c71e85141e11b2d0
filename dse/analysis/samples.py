"""The points of a study that a claim is tested on, with the values of its metric."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dse.analysis.columns import Column
from dse.analysis.points import Points
from dse.analysis.stored_columns import Replicas
from dse.formatting import value_text

Key = tuple[str, ...]


@dataclass(frozen=True)
class Sample:
    """Points that have a value in a column.

    Args:
        points: the study.
        column: the metric.
        numbers: `value`, `low` and `high` of each point, indexed by its number.
    """

    points: Points
    column: Column
    numbers: pd.DataFrame

    @classmethod
    def of(cls, points: Points, column: Column, where: str | None) -> "Sample":
        """Return the points that meet a condition and have a value.

        Raises:
            UsageError: the condition names a parameter or metric that the study does not have.
        """
        chosen = points.select([where] if where else [])
        numbers = points.numbers(column)[chosen.mask]
        return cls(points, column, numbers[numbers["value"].notna()])

    @property
    def values(self) -> dict[int, float]:
        """Value of each point, by its number."""
        numbers = self.numbers["value"]
        return dict(zip(numbers.index.tolist(), numbers.tolist(), strict=True))

    @property
    def index(self) -> list[int]:
        """Numbers of the points."""
        return list(self.values)

    @property
    def parameters(self) -> pd.DataFrame:
        """Parameters of each point."""
        return self.points.parameters.loc[self.numbers.index]

    @property
    def replicas(self) -> Mapping[int, Replicas]:
        """Bootstrap replicas of the points that have them."""
        return self.points.stored.replicas(self.column, self.index)

    def parameter(self, name: str) -> dict[int, float]:
        """Return a parameter of each point that has a number for it."""
        column = pd.to_numeric(self.parameters[name], errors="coerce").dropna()
        return dict(zip(column.index.tolist(), column.astype(float).tolist(), strict=True))

    def interval(self, point: int) -> tuple[float, float, float]:
        """Return value, low and high of a point; NaN for ends that are not known."""
        value, low, high = self.numbers.loc[[point]].to_numpy(dtype=np.float64)[0].tolist()
        return value, low, high

    def in_column(self, name: str) -> "Sample":
        """Return these points in another metric; raises as `Points.column` does."""
        column = self.points.column(name)
        numbers = self.points.numbers(column).loc[self.numbers.index]
        return Sample(self.points, column, numbers[numbers["value"].notna()])

    def keys(self, without: Sequence[str] = ()) -> dict[int, Key]:
        """Return the texts of the parameters of each point, but for the named ones.

        Parameters that follow from the named ones, as coupled parameters do, are left out too.
        """
        texts = _texts(self.points)
        named = [name for name in without if name in texts]
        rest = [name for name in map(str, texts) if name not in named]
        kept = [name for name in rest if not _follows(texts, name, named)]
        rows = texts.loc[self.numbers.index, kept].to_numpy().tolist()
        return dict(zip(self.index, map(tuple, rows), strict=True))

    def label(self, number: int) -> str:
        """Return what tells a point from the others, such as ``total_bits 12``."""
        texts = _texts(self.points)
        mine = texts.loc[self.numbers.index]
        varying = [name for name in map(str, mine) if mine[name].nunique() > 1]
        values = mine.loc[[number], varying].to_numpy().tolist()[0]
        named = [f"{name} {value}" for name, value in zip(varying, values, strict=True)]
        return ", ".join(named) or f"point {number}"


def _texts(points: Points) -> pd.DataFrame:
    """Return the text of every parameter of every point."""

    def made() -> pd.DataFrame:
        rows = [
            {name: value_text(value) for name, value in one.items()} for one in points.assignments
        ]
        return pd.DataFrame(rows, index=points.parameters.index).fillna("")

    return points.once("texts of parameters", made)


def _follows(texts: pd.DataFrame, name: str, named: list[str]) -> bool:
    """Whether a varying parameter has one value per combination of the named parameters."""
    varies = bool(named) and texts[name].nunique() > 1
    return varies and bool(texts.groupby(named)[name].nunique().max() == 1)
