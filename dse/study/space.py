"""The design space: legal values of each parameter, and the points that they span."""

import itertools
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter
from math import prod

from dse.contracts.errors import StudyError
from dse.contracts.parameters import Assignment, Value
from dse.study.expressions import Expression
from dse.study.models import Study


@dataclass(frozen=True)
class Axis:
    """One dimension of the space: a parameter, or a zip group of parameters, with its values.

    Args:
        names: names of the parameters; usually one.
        rows: values of these parameters, in the order of the study file and without duplicates.
    """

    names: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]

    def find(self, row: Sequence[Value]) -> int | None:
        """Return the index of a row; None if the axis has no such row."""
        return self._indices.get(row_key(row))

    @cached_property
    def _indices(self) -> Mapping[str, int]:
        return {row_key(row): index for index, row in enumerate(self.rows)}


def _narrowed(axis: Axis, values: Assignment) -> Axis:
    wanted = {index: values[name] for index, name in enumerate(axis.names) if name in values}
    rows = (row for row in axis.rows if all(row[i] == value for i, value in wanted.items()))
    return Axis(axis.names, tuple(rows)) if wanted else axis


class Space:
    """All points of a study.

    Points are the Cartesian product of the axes in the order of the file; the last axis varies
    fastest, and a zip group has the place of its first parameter. Points are generated lazily and
    without duplicates.

    Args:
        study: a study whose space has been checked by `dse.study.validate`.

    Raises:
        StudyError: couplings, constraints or zip groups are wrong.
    """

    def __init__(self, study: Study) -> None:
        self._source = study.source
        self.names = tuple(study.space)
        self.axes = _axes(study)
        coupled = couplings_of(study)
        # a coupling may read another coupled parameter, which is then computed first
        order = TopologicalSorter({n: e.names & coupled.keys() for n, e in coupled.items()})
        self.couplings: Mapping[str, Expression] = {n: coupled[n] for n in order.static_order()}
        self.constraints = tuple(map(Expression.parse, study.constraints))

    @property
    def raw_size(self) -> int:
        """Number of points before constraints; computed without generating them."""
        return prod(len(axis.rows) for axis in self.axes)

    @cached_property
    def size(self) -> int:
        """Number of points that satisfy the constraints; if there are any, generates all points."""
        return sum(1 for _ in self.points()) if self.constraints else self.raw_size

    def points(self) -> Iterator[dict[str, Value]]:
        """Yield every point that satisfies the constraints, in order.

        Raises:
            StudyError: there is none; the message counts the points each constraint rejects.
        """
        rejected: Counter[str] = Counter()
        empty = True
        for rows in itertools.product(*(axis.rows for axis in self.axes)):
            point = self._point(rows)
            broken = self.violations(point)
            if broken:
                rejected.update(broken)
            else:
                empty = False
                yield point
        if empty:
            raise self._nothing_left(rejected)

    def narrowed(self, values: Assignment) -> "Space":
        """Return the part of the space in which some parameters have one value each."""
        found = copy(self)
        found.__dict__.pop("size", None)  # that of the whole space, if it was asked for
        found.axes = tuple(_narrowed(axis, values) for axis in self.axes)
        return found

    def at(self, indices: Sequence[int]) -> dict[str, Value]:
        """Return the point with these row indices, one per axis; constraints are not checked."""
        pairs = zip(self.axes, indices, strict=True)
        return self._point([axis.rows[index] for axis, index in pairs])

    def violations(self, point: Assignment) -> tuple[str, ...]:
        """Return the texts of the constraints that a point breaks."""
        checked = enumerate(self.constraints)
        return tuple(expr.text for index, expr in checked if not self._holds(index, point))

    def _point(self, rows: Iterable[Sequence[Value]]) -> dict[str, Value]:
        values: dict[str, Value] = {}
        for axis, row in zip(self.axes, rows, strict=True):
            values.update(zip(axis.names, row, strict=True))
        for name, expression in self.couplings.items():
            values[name] = self._evaluate(expression, values, ("space", name, "coupled"))
        return {name: values[name] for name in self.names}

    def _holds(self, index: int, point: Assignment) -> bool:
        place = ("constraints", index)
        expression = self.constraints[index]
        holds = self._evaluate(expression, point, place)
        if not isinstance(holds, bool):
            message = f"the constraint '{expression.text}' gives {holds!r}, not true or false"
            raise self._source.mistake(place, message, "compare, such as integer_bits <= 8")
        return holds

    def _evaluate(
        self, expression: Expression, values: Assignment, place: tuple[str | int, ...]
    ) -> Value:
        try:
            return expression.evaluate(values)
        except ValueError as error:
            raise self._source.mistake(place, f"{error} at the point {dict(values)}") from None

    def _nothing_left(self, rejected: Counter[str]) -> StudyError:
        counts = (f"'{text}' rejects {count}" for text, count in rejected.most_common())
        message = f"no point is left: of {self.raw_size} points, {', '.join(counts)}"
        return self._source.mistake(("constraints",), message, "widen the space or a constraint")


def couplings_of(study: Study) -> dict[str, Expression]:
    """Return the expressions of all coupled parameters, by name."""
    texts = {name: domain.coupled for name, domain in study.space.items()}
    return {name: Expression.parse(text) for name, text in texts.items() if text is not None}


def _axes(study: Study) -> tuple[Axis, ...]:
    """Return an axis for each zip group and for each other parameter that is not coupled."""
    groups = {name: group for group in study.zipped for name in group}
    free = (name for name, domain in study.space.items() if domain.coupled is None)
    axes = dict.fromkeys(groups.get(name, (name,)) for name in free)
    return tuple(Axis(names, _rows(study, names)) for names in axes)


def _rows(study: Study, names: Sequence[str]) -> tuple[tuple[Value, ...], ...]:
    columns = (study.space[name].expand() for name in names)
    distinct: dict[str, tuple[Value, ...]] = {}
    for row in zip(*columns, strict=True):
        distinct.setdefault(row_key(row), row)
    return tuple(distinct.values())


def row_key(row: Iterable[Value]) -> str:
    """Return a key that is equal for equal rows.

    8 and 8.0 are equal, and so are mappings with their keys in another order; 1 and true are not.
    """
    return json.dumps([_normalised(value) for value in row], sort_keys=True)


def _normalised(value: Value) -> Value:
    return int(value) if isinstance(value, float) and value.is_integer() else value
