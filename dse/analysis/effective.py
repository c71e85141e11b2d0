"""Compare the effective configuration, which a tool built, with the requested one."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dse.store.queries import Results


@dataclass(frozen=True)
class Difference:
    """One setting that a tool changed.

    Args:
        backend: name of the backend.
        layer: name of the layer; empty for a setting of the whole design, such as its clock.
        setting: name, such as ``reuse_factor``.
        requested: value that was asked for.
        effective: value that was built.
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
    """Return all differences in one evaluation.

    A requested ``auto`` leaves the choice to the tool and never counts as changed.

    Args:
        backend: name of the backend, for the result.
        effective: configuration as stored: "requested" beside the settings of the whole
            design, and "layers" with "requested" and "effective" each.
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


def merged_layers(effective: Mapping[str, Any]) -> dict[str, str]:
    """Return the layers that a tool merged into another one, and that layer's name."""
    layers: Mapping[str, Any] = effective.get("layers", {})
    found = {name: layer["effective"].get("merged_into") for name, layer in layers.items()}
    return {name: str(into) for name, into in found.items() if into}


def warnings_of(effective: Mapping[str, Any]) -> list[str]:
    """Return the tools' warnings that are stored with one evaluation, one line each."""
    found = effective.get("warnings")
    return [str(text) for text in found] if isinstance(found, list) else []


def changed_points(results: Results, study: str) -> dict[int, list[Difference]]:
    """Return all changed settings by number of the point, for points that have any."""
    found: dict[int, list[Difference]] = {}
    for number, backend, effective in results.effective(study):
        if changes := differences(backend, effective):
            found.setdefault(number, []).extend(changes)
    return found


# one equals sign or two: it is no expression, but is written beside expressions
_CONDITION = re.compile(r"\s*effective\s*(==?|!=)\s*requested\s*")


def wants_changed(condition: str) -> bool | None:
    """Parse the condition ``effective=requested`` or ``effective!=requested``.

    Returns:
        Whether points with changed settings are wanted; None for any other condition.
    """
    match = _CONDITION.fullmatch(condition)
    return None if match is None else match.group(1) == "!="
