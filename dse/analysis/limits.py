"""The limits of a study, applied to its stored points: for fronts and for the best design."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from dse.analysis.columns import Column, meant
from dse.analysis.conditions import Mask
from dse.analysis.points import Points, Selection
from dse.contracts.errors import StudyError
from dse.contracts.metrics import Fidelity
from dse.study.models import Limit
from dse.study.source import parse_yaml


@dataclass(frozen=True)
class StudyLimits:
    """Limits that a study file sets by ``search.limits``, by the name that the file uses.

    Args:
        known: those whose metric some point has.
        ignored: the others.
    """

    known: Mapping[str, Limit] = field(default_factory=dict)
    ignored: Mapping[str, Limit] = field(default_factory=dict)

    @property
    def texts(self) -> list[str]:
        """What is known, such as ``auc >= 0.98``."""
        return [text for name, limit in self.known.items() for text in limit_texts(name, limit)]

    @property
    def ignored_texts(self) -> list[str]:
        """What is ignored, in the same form."""
        return [text for name, limit in self.ignored.items() for text in limit_texts(name, limit)]


def limit_texts(name: str, limit: Limit) -> Iterator[str]:
    """Yield both ends of a limit as conditions."""
    if limit.min is not None:
        yield f"{name} >= {limit.min:g}"
    if limit.max is not None:
        yield f"{name} <= {limit.max:g}"


def study_limits(points: Points) -> StudyLimits:
    """Return the limits in a study's file as it was last run."""
    found = dict(_limits(points.results.source(points.study)))
    is_known = {name: bool(_columns(points, name)) for name in found}
    return StudyLimits(
        {name: limit for name, limit in found.items() if is_known[name]},
        {name: limit for name, limit in found.items() if not is_known[name]},
    )


def within(points: Points, chosen: Selection, limits: StudyLimits) -> Selection:
    """Return those of the selected points that keep all limits.

    A bare name goes, as in a search, by the column closest to the built design that the point
    has. A point without the metric is left out and counted as unknown.
    """
    meets, unknown = chosen.mask.copy(), np.zeros(len(chosen.mask), dtype=np.bool_)
    for name, limit in limits.known.items():
        values = _closest(points, _columns(points, name))
        unknown |= values.isna().to_numpy()
        meets &= _keeps(values, limit)
    n_unknown = int((chosen.mask & unknown & ~meets).sum())
    return Selection(meets, chosen.n_unknown + n_unknown)


def broken(points: Points, limits: StudyLimits) -> "pd.Series[str]":
    """Return the first limit that each point breaks or cannot be held to; empty if it keeps all."""
    found = pd.Series("", index=points.parameters.index, dtype=object)
    for name, limit in limits.known.items():
        values, text = (
            _closest(points, _columns(points, name)),
            " and ".join(limit_texts(name, limit)),
        )
        fits = pd.Series(_keeps(values, limit), index=values.index)
        found = found.mask((found == "") & values.isna(), f"lacks a metric of {text}")
        found = found.mask((found == "") & ~fits, f"not {text}, a limit of the study")
    return found


def values_of(points: Points, name: str) -> "pd.Series[float]":
    """Return the values that a limit of this name is held against, see `within`."""
    return _closest(points, _columns(points, name))


def _limits(source: str) -> Iterator[tuple[str, Limit]]:
    try:
        tree, _ = parse_yaml(source, "study")
    except StudyError:  # the text of an import, or of a study of another version
        return
    search: Any = tree.get("search") if isinstance(tree, dict) else None
    limits: Any = search.get("limits") if isinstance(search, dict) else None
    for name, given in (limits or {}).items() if isinstance(limits, dict) else ():
        try:
            yield str(name), Limit.model_validate(given)
        except ValidationError:
            continue


def _columns(points: Points, name: str) -> list[Column]:
    """Return the columns of a name, those closest to the built design first."""
    found = meant(name, points.columns)
    designs = [column for column in found if column.fidelity is not Fidelity.FLOAT] or found
    return sorted(designs, key=lambda column: -column.fidelity.rank)


def _closest(points: Points, columns: list[Column]) -> "pd.Series[float]":
    first, *others = (points.numbers(column)["value"] for column in columns)
    for other in others:
        first = first.combine_first(other)
    return first


def _keeps(values: "pd.Series[float]", limit: Limit) -> Mask:
    found = values.notna()
    if limit.min is not None:
        found &= values >= limit.min
    if limit.max is not None:
        found &= values <= limit.max
    return found.to_numpy()
