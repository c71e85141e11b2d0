"""The `search` section of a study file: how points are chosen, and how long."""

from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from dse.contracts.errors import StudyError, ToolMissingError, nearest
from dse.study.space import Number, Positive, Section

if TYPE_CHECKING:
    from dse.study.models import Study

Method = Literal["grid", "random", "qmc", "tpe", "nsga2", "nsga3", "gp"]

GUIDED = frozenset({"tpe", "nsga2", "nsga3", "gp"})
"""Methods that learn from the objectives."""

MostPoints = Annotated[int, Field(ge=1)]
Share = Annotated[Positive, Field(le=1)]


class Budget(Section):
    """When a search ends: as soon as one of these is spent.

    Args:
        points: points of the study, those known before it began not counted.
        hours: of this run, on the clock.
        licence_hours: of evaluations made for the study by tools that need a licence, every
            token on its own: an hour with two tokens is two.
    """

    points: MostPoints | None = None
    hours: Positive | None = None
    licence_hours: Positive | None = None


class Limit(Section):
    """Which values of a metric are good enough; the search is told how far others miss them."""

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
        """How far a value misses, relative to the limit where that is not zero; 0 if it holds."""
        below = 0.0 if self.min is None else (self.min - value) / abs(self.min or 1)
        above = 0.0 if self.max is None else (value - self.max) / abs(self.max or 1)
        return max(below, above, 0.0)


class LadderStep(Section):
    """One step of a ladder: backends that run on the best points of the step before.

    Args:
        backends: what runs.
        keep: share of the points of the step before that come here.
    """

    backends: Annotated[tuple[str, ...], Field(min_length=1, strict=False)]
    keep: Share = 1.0


class SearchConfig(Section):
    """How points are chosen.

    Args:
        method: ``grid`` for all points; ``random``, ``qmc`` (Sobol points) and Optuna's
            samplers for some.
        seed: of all random choices.
        budget: when it ends; for every method but ``grid``.
        batch: points chosen at a time; the number of workers by default.
        start: points spread evenly before a guided method learns from results; by default five
            for every parameter that leaves a choice.
        limits: what metrics must keep, by name.
        ladder: cheap backends first; all at once without it.
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
        set_without = ("budget" * ends, "batch" * bool(self.batch), "start" * bool(self.start))
        limits = "limits" * bool(self.limits and not self.ladder)
        given = next(filter(None, (*set_without, limits)), "")
        if self.method == "grid" and given:
            raise ValueError(f"a grid is run as a whole; take {given} out or choose a method")
        return self

    def rungs(self, backends: Iterable[str]) -> tuple[LadderStep, ...]:
        """The ladder; one step with all backends where there is none."""
        return self.ladder or (LadderStep(backends=tuple(backends)),)


def check_installed(method: Method) -> None:
    """Refuse a method whose package is missing.

    Raises:
        ToolMissingError: it is not installed.
    """
    if method == "gp" and find_spec("torch") is None:
        message = "search method gp needs PyTorch, which is not installed"
        raise ToolMissingError(message, hint="pip install torch; or method: tpe")


def search_mistakes(study: "Study", metrics: Iterable[str]) -> Iterator[StudyError]:
    """What in the section does not fit the rest of the study.

    Args:
        study: the study.
        metrics: names that its objectives and limits may have.
    """
    search = study.search
    legal = set(metrics)
    for name in search.limits.keys() - legal:
        place = ("search", "limits", name)
        yield study.source.mistake(place, f"there is no metric '{name}'", nearest(name, legal))
    needs = search.method if search.method in GUIDED else "a ladder" if search.ladder else ""
    if needs and not study.objectives:
        hint = "such as objectives: [auc, lut]"
        yield study.source.mistake(("search",), f"{needs} needs objectives", hint)
    yield from _ladder_mistakes(study, [section.name for section in study.backends])


def _ladder_mistakes(study: "Study", backends: Sequence[str]) -> Iterator[StudyError]:
    ladder = study.search.ladder
    seen: set[str] = set()
    for step, rung in enumerate(ladder):
        for index, name in enumerate(rung.backends):
            place = ("search", "ladder", step, "backends", index)
            if name not in backends:
                message = f"'{name}' is no backend of this study"
                yield study.source.mistake(place, message, nearest(name, backends))
            elif name in seen:
                yield study.source.mistake(place, f"'{name}' is in the ladder twice")
            seen.add(name)
    left = [name for name in backends if name not in seen]
    if ladder and left:
        yield study.source.mistake(
            ("search", "ladder"), f"no step runs {', '.join(left)}", "add it"
        )
    if ladder and ladder[0].keep < 1:
        hint = "choose fewer points by the method and its budget"
        yield study.source.mistake(("search", "ladder", 0, "keep"), "the first step has all", hint)
