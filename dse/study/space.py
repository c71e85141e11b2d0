"""The design space: legal values of each parameter, and the points they make."""

import itertools
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from math import isfinite, prod
from typing import TYPE_CHECKING, Annotated, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    WithJsonSchema,
    model_validator,
)

from dse.contracts.errors import StudyError, nearest
from dse.contracts.parameters import Assignment, Value
from dse.study.expressions import Expression
from dse.study.source import raise_mistakes

if TYPE_CHECKING:
    from dse.study.models import Study

MOST_VALUES = 100_000
"""Values one parameter can have; more is a mistake in a step, not a plan."""


class Section(BaseModel):
    """A piece of the study file: strict types, no unknown keys, read-only."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


def _number(value: JsonValue) -> JsonValue:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
        raise ValueError(f"{value!r} should be a number")
    return value


def _positive(value: JsonValue) -> JsonValue:
    number = _number(value)
    if not (isinstance(number, (int, float)) and number > 0):
        raise ValueError(f"{value!r} should be above zero")
    return number


def _expression(text: str) -> str:
    return Expression.parse(text).text


Number = Annotated[int | float, BeforeValidator(_number), WithJsonSchema({"type": "number"})]
Positive = Annotated[
    int | float,
    BeforeValidator(_positive),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0}),
]
ExpressionText = Annotated[str, AfterValidator(_expression)]


class Range(Section):
    """Equal steps from start up to and including stop."""

    start: Number
    stop: Number
    step: Positive = 1

    @model_validator(mode="after")
    def _in_order(self) -> "Range":
        if self.stop < self.start:
            raise ValueError(f"stop {self.stop} is below start {self.start}")
        if self._last >= MOST_VALUES:
            raise ValueError(f"this range has {self._last + 1} values, more than {MOST_VALUES}")
        return self

    @property
    def _exact(self) -> tuple[Fraction, Fraction, Fraction]:
        """As decimal fractions, so that steps of 0.1 hit 0.3 as a person expects."""
        return Fraction(str(self.start)), Fraction(str(self.stop)), Fraction(str(self.step))

    @property
    def _last(self) -> int:
        start, stop, step = self._exact
        return (stop - start) // step

    def expand(self) -> tuple[Value, ...]:
        """All values in order."""
        start, _, step = self._exact
        whole = isinstance(self.start, int) and isinstance(self.step, int)
        exact = (start + index * step for index in range(self._last + 1))
        return tuple(int(value) if whole else float(value) for value in exact)


class Log2(Section):
    """Doubling from start up to and including stop."""

    start: Positive
    stop: Positive

    @model_validator(mode="after")
    def _in_order(self) -> "Log2":
        if self.stop < self.start:
            raise ValueError(f"stop {self.stop} is below start {self.start}")
        return self

    def expand(self) -> tuple[Value, ...]:
        """All values in order."""
        values = [self.start]
        while values[-1] * 2 <= self.stop:
            values.append(values[-1] * 2)
        return tuple(values)


class Domain(Section):
    """How one parameter gets its values: exactly one of the four ways."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    values: tuple[JsonValue, ...] | None = Field(
        None, min_length=1, max_length=MOST_VALUES, strict=False
    )
    range: Range | None = None
    log2: Log2 | None = None
    coupled: ExpressionText | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "Domain":
        given = [way for way in type(self).model_fields if getattr(self, way) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            raise ValueError(f"give exactly one of values, range, log2, coupled; found {found}")
        return self

    def expand(self) -> tuple[Value, ...]:
        """The legal values in order; empty where the value is computed."""
        if self.coupled is not None:
            return ()
        ways = self.range or self.log2
        return ways.expand() if ways else tuple(self.values or ())


def _domain(given: JsonValue) -> JsonValue:
    """A bare list means values, a bare scalar a fixed value."""
    if isinstance(given, dict):
        return given
    return {"values": given if isinstance(given, list) else [given]}


_Scalar: TypeAlias = str | int | float | bool | None
_BareList: TypeAlias = Annotated[list[JsonValue], Field(min_length=1)]
DomainField = Annotated[
    Domain, BeforeValidator(_domain, json_schema_input_type=_Scalar | _BareList | Domain)
]


@dataclass(frozen=True)
class Axis:
    """Parameters that advance together, usually one; rows are distinct and in order."""

    names: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]

    def find(self, row: Sequence[Value]) -> int | None:
        """Index of a row; None where the axis has no such row."""
        return self._indices.get(row_key(row))

    @cached_property
    def _indices(self) -> Mapping[str, int]:
        return {row_key(row): index for index, row in enumerate(self.rows)}


class Space:
    """All points of a study.

    Axes cross in the order of the file, the last one fastest; a zip group stands where its
    first parameter stands. Points come lazily, and no point comes twice.

    Args:
        study: a study without mistakes in its space.

    Raises:
        StudyError: couplings, constraints or zip groups are wrong.
    """

    def __init__(self, study: "Study") -> None:
        raise_mistakes(space_mistakes(study))
        self._source = study.source
        self.names = tuple(study.space)
        self.axes = _axes(study)
        coupled = _couplings(study)
        order = TopologicalSorter({n: e.names & coupled.keys() for n, e in coupled.items()})
        self.couplings: Mapping[str, Expression] = {n: coupled[n] for n in order.static_order()}
        self.constraints = tuple(map(Expression.parse, study.constraints))

    @property
    def raw_size(self) -> int:
        """Points before constraints; counted without making them."""
        return prod(len(axis.rows) for axis in self.axes)

    @cached_property
    def size(self) -> int:
        """Points that satisfy the constraints; walks the space once where there are any."""
        return sum(1 for _ in self.points()) if self.constraints else self.raw_size

    def points(self) -> Iterator[dict[str, Value]]:
        """Every point that satisfies the constraints, in order.

        Raises:
            StudyError: there is none; says which constraint rejects how many.
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

    def at(self, indices: Sequence[int]) -> dict[str, Value]:
        """The point at one row index per axis, whether or not constraints allow it."""
        pairs = zip(self.axes, indices, strict=True)
        return self._point([axis.rows[index] for axis, index in pairs])

    def violations(self, point: Assignment) -> tuple[str, ...]:
        """The constraints a point breaks."""
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


def space_mistakes(study: "Study") -> list[StudyError]:
    """What is wrong with couplings, constraints and zip groups of a study."""
    return [*_name_mistakes(study), *_cycles(study), *_zip_mistakes(study)]


def _couplings(study: "Study") -> dict[str, Expression]:
    texts = {name: domain.coupled for name, domain in study.space.items()}
    return {name: Expression.parse(text) for name, text in texts.items() if text is not None}


def _name_mistakes(study: "Study") -> Iterator[StudyError]:
    written: dict[tuple[str | int, ...], Expression] = {}
    written |= {("space", name, "coupled"): e for name, e in _couplings(study).items()}
    constraints = enumerate(map(Expression.parse, study.constraints))
    written |= {("constraints", index): expression for index, expression in constraints}
    for place, expression in written.items():
        for name in sorted(expression.names - study.space.keys()):
            message = f"'{expression.text}' reads '{name}', which is not in the space"
            yield study.source.mistake(place, message, nearest(name, study.space))


def _cycles(study: "Study") -> Iterator[StudyError]:
    graph = {name: expression.names for name, expression in _couplings(study).items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        cycle: list[str] = error.args[1]
        message = f"couplings go round in a circle: {' → '.join(cycle)}"
        yield study.source.mistake(("space", cycle[0], "coupled"), message)


def _zip_mistakes(study: "Study") -> Iterator[StudyError]:
    seen: Counter[str] = Counter()
    for index, group in enumerate(study.zipped):
        seen.update(group)
        for name in group:
            problem, hint = _member_problem(study, name, seen[name])
            if problem:
                yield study.source.mistake(("zip", index), f"'{name}' {problem}", hint)
        free = (n for n in group if n in study.space and study.space[n].coupled is None)
        lengths = {name: len(study.space[name].expand()) for name in free}
        if len(set(lengths.values())) > 1:
            counts = ", ".join(f"{name} has {count}" for name, count in lengths.items())
            message = f"parameters that advance together need equally many values: {counts}"
            yield study.source.mistake(("zip", index), message)


def _member_problem(study: "Study", name: str, count: int) -> tuple[str, str]:
    if name not in study.space:
        return "is not in the space", nearest(name, study.space)
    if study.space[name].coupled is not None:
        return "is coupled, so it cannot advance on its own", "take it out of the group"
    if count > 1:
        return "is in zip groups twice", "one group can hold more than two parameters"
    return "", ""


def _axes(study: "Study") -> tuple[Axis, ...]:
    groups = {name: group for group in study.zipped for name in group}
    free = (name for name, domain in study.space.items() if domain.coupled is None)
    axes = dict.fromkeys(groups.get(name, (name,)) for name in free)
    return tuple(Axis(names, _rows(study, names)) for names in axes)


def _rows(study: "Study", names: Sequence[str]) -> tuple[tuple[Value, ...], ...]:
    columns = (study.space[name].expand() for name in names)
    distinct: dict[str, tuple[Value, ...]] = {}
    for row in zip(*columns, strict=True):
        distinct.setdefault(row_key(row), row)
    return tuple(distinct.values())


def row_key(row: Iterable[Value]) -> str:
    """Equal for rows that are the same values of their parameters."""
    return json.dumps([_same(value) for value in row], sort_keys=True)


def _same(value: Value) -> Value:
    """8 and 8.0 are one value of a parameter; so are mappings in another order."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
