"""All sections of a study file: their keys, types and defaults.

The descriptions under ``Args:`` are also those of the JSON schema; see `dse.study.schema`.
Sequences have ``strict=False``, because YAML gives lists where the models have tuples.
"""

from collections.abc import Iterable
from fractions import Fraction
from math import isfinite
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    PrivateAttr,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from dse.contracts.parameters import Assignment, Value
from dse.study.expressions import Expression
from dse.study.source import StudySource

MOST_VALUES = 100_000
"""Limit on the values of one parameter; more result from a wrong step."""


StudyName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]+$")]
ParameterName = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\..+\.[A-Za-z_][A-Za-z0-9_]*)?$"),
]
"""A parameter, or an item of one whose value is a mapping; see `dse.study.items`."""


class Section(BaseModel):
    """Base class of all sections: strict types, no unknown keys, read-only."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


def _number(value: JsonValue) -> JsonValue:
    # pydantic's own union of int and float would report a mistake twice, once for each
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
    """Numbers in equal steps from start to stop, both included.

    Args:
        start: first value.
        stop: upper end; it is a value if a step meets it.
        step: difference between neighbouring values.
    """

    start: Number
    stop: Number
    step: Positive = 1

    @model_validator(mode="after")
    def _in_order(self) -> "Range":
        if self.stop < self.start:
            raise ValueError(f"stop {self.stop} is below start {self.start}")
        if self._last >= MOST_VALUES:
            raise ValueError(f"this range has more than {MOST_VALUES} values; take a larger step")
        return self

    @property
    def _exact(self) -> tuple[Fraction, Fraction, Fraction]:
        """Start, stop and step as exact fractions: three steps of 0.1 are 0.3, unlike in binary."""
        return Fraction(str(self.start)), Fraction(str(self.stop)), Fraction(str(self.step))

    @property
    def _last(self) -> int:
        start, stop, step = self._exact
        return (stop - start) // step

    def expand(self) -> tuple[Value, ...]:
        """Return all values in order."""
        start, _, step = self._exact
        # `8` and `2` give integers, `8.0` or a step of `0.5` gives floats throughout
        whole = isinstance(self.start, int) and isinstance(self.step, int)
        exact = (start + index * step for index in range(self._last + 1))
        return tuple(int(value) if whole else float(value) for value in exact)


class Log2(Section):
    """Numbers that double from start to stop, both included.

    Args:
        start: first value.
        stop: upper end; it is a value if a doubling meets it.
    """

    start: Positive
    stop: Positive

    @model_validator(mode="after")
    def _in_order(self) -> "Log2":
        if self.stop < self.start:
            raise ValueError(f"stop {self.stop} is below start {self.start}")
        return self

    def expand(self) -> tuple[Value, ...]:
        """Return all values in order."""
        values = [self.start]
        while values[-1] * 2 <= self.stop:
            values.append(values[-1] * 2)
        return tuple(values)


class Domain(Section):
    """Values of one parameter, given in exactly one of four ways.

    Args:
        values: a list of values; its order is that of the axis.
        range: numbers in equal steps.
        log2: numbers that double.
        coupled: an expression over other parameters, such as ``total_bits / 2``.
    """

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
        """Return the legal values in order; empty for a coupled parameter."""
        if self.coupled is not None:
            return ()
        ways = self.range or self.log2
        return ways.expand() if ways else tuple(self.values or ())


def _domain(given: JsonValue) -> JsonValue:
    """Return the mapping that a bare list of values, or a bare single value, stands for."""
    if isinstance(given, dict):
        return given
    return {"values": given if isinstance(given, list) else [given]}


_Scalar: TypeAlias = str | int | float | bool | None
_BareList: TypeAlias = Annotated[list[JsonValue], Field(min_length=1)]
# `json_schema_input_type` makes the JSON schema accept the shorthands that the validator expands
DomainField = Annotated[
    Domain, BeforeValidator(_domain, json_schema_input_type=_Scalar | _BareList | Domain)
]


class PluginSection(Section):
    """Section of a plug-in; keys that it does not declare are parameters of the plug-in."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, JsonValue] = Field(init=False)

    name: str

    @property
    def settings(self) -> dict[str, Value]:
        """Values of the plug-in's parameters that the section fixes."""
        return dict(self.__pydantic_extra__)


class WorkloadSection(PluginSection):
    """The workload and its settings; every other key is one of its parameters.

    Args:
        name: registered name of the workload, such as ``tracking`` or ``keras``.
    """


class BackendSection(PluginSection):
    """A backend and its settings; every other key is one of its parameters.

    Args:
        name: registered name of the backend, such as ``bittrue`` or ``vitis``.
        time_limit_s: time after which an evaluation is ended, as a failure ``time_limit``.
        memory_limit_gb: resident memory above which an evaluation is ended, as a failure
            ``out_of_memory``.
    """

    time_limit_s: Positive | None = None
    memory_limit_gb: Positive | None = None


class Objective(Section):
    """A metric to optimise.

    Args:
        metric: name of the metric, or ``<backend>.<metric>`` where several backends give it.
        direction: ``minimise`` or ``maximise``; by default that of the metric's definition, and
            required for a metric without one.
        enough: value beyond which a search takes better ones for equal, such as the accuracy of
            the network before it was quantised: what exceeds it is chance of the test set.
    """

    metric: str
    direction: Literal["minimise", "maximise"] | None = None
    enough: Number | None = None


def _plugin(given: JsonValue) -> JsonValue:
    return {"name": given} if isinstance(given, str) else given


def _objective(given: JsonValue) -> JsonValue:
    return {"metric": given} if isinstance(given, str) else given


BackendField = Annotated[
    BackendSection, BeforeValidator(_plugin, json_schema_input_type=str | BackendSection)
]
WorkloadField = Annotated[
    WorkloadSection, BeforeValidator(_plugin, json_schema_input_type=str | WorkloadSection)
]
ObjectiveField = Annotated[
    Objective, BeforeValidator(_objective, json_schema_input_type=str | Objective)
]
ZipGroup = Annotated[tuple[ParameterName, ...], Field(min_length=2, strict=False)]


Method = Literal["grid", "random", "qmc", "tpe", "nsga2", "nsga3", "gp", "layerwise"]

GUIDED = frozenset({"tpe", "nsga2", "nsga3", "gp", "layerwise"})
"""Methods that choose points by the objectives of earlier ones."""

MostPoints = Annotated[int, Field(ge=1)]
Share = Annotated[Positive, Field(le=1)]


class Budget(Section):
    """Budget of a search, which ends as soon as one of these is spent.

    Args:
        points: new points; those known before the search began do not count.
        hours: wall-clock hours of one run.
        licence_hours: hours of evaluations by tools that need a licence; an hour with two
            licence tokens counts as two.
    """

    points: MostPoints | None = None
    hours: Positive | None = None
    licence_hours: Positive | None = None


class Limit(Section):
    """Range of acceptable values of a metric; a guided search learns how far others violate it.

    Args:
        min: smallest acceptable value.
        max: largest acceptable value.
    """

    min: Number | None = None
    max: Number | None = None

    @model_validator(mode="after")
    def _some(self) -> "Limit":
        if self.min is None and self.max is None:
            raise ValueError("give min or max, such as {max: 100}")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        return self

    def violation(self, value: float) -> float:
        """Return by how much a value violates the limit, relative to the limit; 0 if it does not.

        A violation of a limit of zero is absolute.
        """
        return max(self.margin(value), 0.0)

    def margin(self, value: float) -> float:
        """Return the violation, or below zero by how much a value keeps the limit."""
        below = [] if self.min is None else [(self.min - value) / abs(self.min or 1)]
        above = [] if self.max is None else [(value - self.max) / abs(self.max or 1)]
        return max(below + above)


class LadderStep(Section):
    """One step of a ladder: backends that run on the best points of the previous step.

    Args:
        backends: names of the backends that run in this step.
        keep: share of the previous step's points that this step evaluates, the best ones.
        at: values of parameters in this step, such as ``{finetune_epochs: 5}``: its points are
            those of the previous step with these values, and points of their own.
        limits: limits by metric name that its results are chosen by, instead of the limits that
            the search has for these names, min and max together; fronts have those of the search.
    """

    backends: Annotated[tuple[str, ...], Field(min_length=1, strict=False)]
    keep: Share = 1.0
    at: dict[ParameterName, Any] = Field(default_factory=dict)
    limits: dict[str, Limit] = Field(default_factory=dict)

    def has(self, point: Assignment) -> bool:
        """Whether a point has the values of this step."""
        return all(point.get(name) == value for name, value in self.at.items())


class SearchConfig(Section):
    """The section ``search``: how points are chosen.

    Args:
        method: ``grid`` for all points; ``random``, ``qmc`` (Sobol points), one of Optuna's
            samplers, or ``layerwise`` for some.
        seed: seed of all random choices.
        budget: when the search ends; every method but ``grid`` needs one.
        batch: points chosen at a time; by default the number of workers.
        start: evenly spread points to evaluate before a guided method uses results; by default
            five for every axis with more than one value.
        limits: smallest or largest acceptable values, by metric name; searches learn them, and
            fronts leave out what breaks them.
        ladder: steps of backends, cheap ones first; without it, all backends run on every point.
    """

    method: Method = "grid"
    seed: Annotated[int, Field(ge=0)] = 0
    budget: Budget = Budget()
    batch: MostPoints | None = None
    start: MostPoints | None = None
    limits: dict[str, Limit] = Field(default_factory=dict)
    ladder: Annotated[tuple[LadderStep, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _budget_where_needed(self) -> "SearchConfig":
        ends = any(value is not None for value in self.budget.model_dump().values())
        if self.method != "grid" and not ends:
            raise ValueError(f"{self.method} needs a budget, such as budget: {{points: 100}}")
        # names of the keys that are set; a string times False is empty
        set_without = ("budget" * ends, "batch" * bool(self.batch), "start" * bool(self.start))
        given = next(filter(None, set_without), "")
        if self.method == "grid" and given:
            raise ValueError(f"a grid is run as a whole; take {given} out or choose a method")
        return self

    def rungs(self, backends: Iterable[str]) -> tuple[LadderStep, ...]:
        """Return the ladder's steps; without a ladder, one step with all backends.

        Args:
            backends: names of the study's backends.
        """
        return self.ladder or (LadderStep(backends=tuple(backends)),)

    def limits_of(self, step: LadderStep) -> dict[str, Limit]:
        """Return the limits by which results of a step are chosen.

        Its own replace those of the search as a whole: ``{min: 1}`` in place of ``{max: 5}`` leaves
        no max. Names are compared as written; `bind` refuses others of the same metric.
        """
        return self.limits | step.limits

    @property
    def every_limit(self) -> dict[str, Limit]:
        """All limits by metric name; of several for one name, that of the last step as a whole."""
        found = dict(self.limits)
        for step in self.ladder:
            found |= step.limits
        return found


class Study(Section):
    """A study file with all its sections; `dse.study.validate.bind` checks it against plug-ins.

    Args:
        name: name of the study in the store; by default the file's name without its ending.
        description: one line about it, shown in lists.
        workload: what is deployed: the data, the trained network and its figure of merit.
        space: the design space: each parameter with its legal values. All combinations are
            points; the last parameter varies fastest.
        zip: groups of parameters that vary together, value by value, instead of being combined.
        constraints: expressions over parameters; points that break one are left out.
        backends: tools that turn a point into metrics.
        objectives: metrics to optimise, for fronts and searches.
        search: how points are chosen; by default all of them.
    """

    name: StudyName
    description: str = ""
    workload: WorkloadField
    space: dict[ParameterName, DomainField] = Field(default_factory=dict)
    zipped: tuple[ZipGroup, ...] = Field((), alias="zip", strict=False)
    constraints: tuple[ExpressionText, ...] = Field((), strict=False)
    backends: tuple[BackendField, ...] = Field(min_length=1, strict=False)
    objectives: tuple[ObjectiveField, ...] = Field((), strict=False)
    search: SearchConfig = SearchConfig()
    _source: StudySource = PrivateAttr()
    _base: Path = PrivateAttr()

    @property
    def source(self) -> StudySource:
        """The file's text and content, and the place of each value in it."""
        return self._source

    @property
    def base(self) -> Path:
        """The folder that relative paths in the study refer to."""
        return self._base

    def model_post_init(self, context: tuple[StudySource, Path], /) -> None:
        """Store the source and the base folder, which are not keys of the file."""
        self._source, self._base = context
