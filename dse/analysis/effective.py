"""Where what a tool built differs from what it was asked for."""

import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dse.store.queries import Results, StoredPoint


@dataclass(frozen=True)
class Difference:
    """One setting that a tool changed.

    Args:
        backend: whose evaluation.
        layer: name; empty for a setting of the whole design, such as its clock.
        setting: such as ``reuse_factor``.
        requested: what was asked for.
        effective: what was built.
    """

    backend: str
    layer: str
    setting: str
    requested: str
    effective: str

    def __str__(self) -> str:
        place = f"{self.layer} " if self.layer else ""
        change = f"{self.requested} became {self.effective}"
        return f"{place}{self.setting} {change} ({self.backend})"


def differences(backend: str, effective: Mapping[str, Any]) -> list[Difference]:
    """All of one evaluation; ``auto`` asks for nothing in particular.

    Args:
        backend: whose evaluation it is.
        effective: as stored: "requested" beside the settings of the whole design, and
            "layers" with "requested" and "effective" each.
    """
    layers: Mapping[str, Any] = effective.get("layers", {})
    found = [*_changed(backend, "", effective.get("requested", {}), effective)]
    for name, layer in layers.items():
        found += _changed(backend, name, layer["requested"], layer["effective"])
    return found


def _changed(
    backend: str, layer: str, requested: Mapping[str, Any], effective: Mapping[str, Any]
) -> Iterator[Difference]:
    for setting, value in requested.items():
        if value != effective.get(setting) and value != "auto":
            yield Difference(backend, layer, setting, str(value), str(effective.get(setting)))


def warnings_of(effective: Mapping[str, Any]) -> list[str]:
    """Return what the tools of one evaluation warned about, one line each."""
    found = effective.get("warnings")
    return [str(text) for text in found] if isinstance(found, list) else []


def changed_points(results: Results, study: str) -> dict[int, list[Difference]]:
    """Points of a study where a tool changed what was asked for, with all changes."""
    found: dict[int, list[Difference]] = {}
    for number, backend, effective in results.effective(study):
        if changes := differences(backend, effective):
            found.setdefault(number, []).extend(changes)
    return found


_CONDITION = re.compile(r"\s*effective\s*(==?|!=)\s*requested\s*")


def filter_points(
    points: Sequence[StoredPoint], conditions: Sequence[str], changed: Callable[[], Container[int]]
) -> tuple[list[StoredPoint], list[str]]:
    """Apply the conditions ``effective=requested`` and ``effective!=requested``.

    Args:
        points: candidates.
        conditions: of all kinds.
        changed: gives numbers of points that a tool changed; called only if needed.

    Returns:
        The points that are left, and the other conditions.
    """
    signs = [match.group(1) for text in conditions if (match := _CONDITION.fullmatch(text))]
    others = [text for text in conditions if not _CONDITION.fullmatch(text)]
    kept = list(points)
    for sign in signs:
        numbers = changed()
        kept = [point for point in kept if (point.number in numbers) == (sign == "!=")]
    return kept, others
