"""Where what a tool built differs from what it was asked for."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dse.store.queries import Results


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


def wants_changed(condition: str) -> bool | None:
    """Read ``effective=requested`` (False) and ``effective!=requested`` (True).

    Returns:
        None for any other condition.
    """
    match = _CONDITION.fullmatch(condition)
    return None if match is None else match.group(1) == "!="
