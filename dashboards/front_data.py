"""Points as the front page shows them: on the front, beaten, or not allowed and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from dashboards.quantities import Quantity, is_numeric
from dse.analysis.front import front_mask
from dse.analysis.hypervolume import MOST_METRICS, Box, box_of, hypervolume
from dse.analysis.points import Points

Limits = Mapping[str, tuple[float, float]]
"""Least and most allowed, by name of a quantity."""

UNKNOWN = "lacks a metric of"
"""Begins the reason of a point that a condition could not be tried on."""

DRAWN = 2500
"""Beaten points that are drawn; of more, one per cell of a fine grid stays."""


@dataclass(frozen=True)
class Rules:
    """What is allowed.

    Args:
        limits: intervals.
        condition: an expression of parameters and metrics; empty for none.
    """

    limits: Limits = field(default_factory=dict)
    condition: str = ""


def assess(
    table: Points, axes: Mapping[str, Quantity], known: Mapping[str, Quantity], rules: Rules
) -> pd.DataFrame:
    """Every point, indexed by number.

    Args:
        table: the study.
        axes: quantities by the name of their column: x, y, z take part in the front.
        known: all quantities of the study.
        rules: what is allowed.

    Returns:
        One column per axis, `<axis>_low` and `<axis>_high` where there are intervals, `reason`
        (why a point is not allowed; empty where it is), `allowed`, `drawable` and `on_front`.

    Raises:
        UsageError: the condition makes no sense.
    """
    frame = pd.DataFrame(index=table.parameters.index)
    for axis, quantity in axes.items():
        frame[axis] = quantity.values(table)
        interval = quantity.interval(table)
        if interval is not None:
            frame[f"{axis}_low"], frame[f"{axis}_high"] = interval["low"], interval["high"]
    frame["reason"] = reasons(table, known, rules)
    frame["allowed"] = frame["reason"] == ""
    compared = [axis for axis in ("x", "y", "z") if axis in axes]
    frame["drawable"] = frame[compared].notna().all(axis=1)
    frame["on_front"] = _on_front(frame, [axes[axis] for axis in compared], compared)
    return frame


def _on_front(
    frame: pd.DataFrame, quantities: Sequence[Quantity], names: list[str]
) -> "pd.Series[bool]":
    numeric = [(n, q) for n, q in zip(names, quantities, strict=True) if is_numeric(frame[n])]
    allowed = frame["drawable"] & frame["allowed"]
    found = pd.Series(False, index=frame.index)
    if numeric and allowed.any():
        values = frame.loc[allowed, [n for n, _ in numeric]].to_numpy(np.float64)
        found[allowed] = front_mask(values, [q.direction for _, q in numeric])
    return found


def reasons(table: Points, known: Mapping[str, Quantity], rules: Rules) -> "pd.Series[str]":
    """Why each point is not allowed; the first rule that it breaks."""
    found = pd.Series("", index=table.parameters.index, dtype=object)
    for name, (low, high) in rules.limits.items():
        if name in known:
            values = known[name].values(table)
            outside = ~values.between(low, high) if is_numeric(values) else True
            text = f"{known[name].label} is not within {low:g} and {high:g}"
            found = found.mask(outside & (found == ""), text)
    if rules.condition.strip():
        checked = table.check(rules.condition)
        open_ = found == ""
        found = found.mask(checked.unknown & open_, f"{UNKNOWN} {rules.condition}")
        found = found.mask(~checked.meets & ~checked.unknown & open_, f"not {rules.condition}")
    return found


def passing(table: Points, known: Mapping[str, Quantity], rules: Rules) -> dict[str, int]:
    """How many points each limit alone lets pass."""
    return {
        name: int(known[name].values(table).between(low, high).sum())
        for name, (low, high) in rules.limits.items()
        if name in known
    }


def common_box(frames: Sequence[pd.DataFrame], quantities: Sequence[Quantity]) -> Box | None:
    """The box of all drawable points; None where a volume makes no sense."""
    names = ["x", "y", "z"][: len(quantities)]
    numeric = all(is_numeric(frame[n]) for frame in frames for n in names)
    values = [frame.loc[frame["drawable"], names] for frame in frames]
    together = pd.concat(values) if values else pd.DataFrame()
    if not numeric or together.empty or len(quantities) > MOST_METRICS:
        return None
    return box_of(together.to_numpy(np.float64), [q.direction for q in quantities])


def volume(frame: pd.DataFrame, box: Box) -> float:
    """Share of the box that a front dominates."""
    names = ["x", "y", "z"][: len(box.ideal)]
    return hypervolume(frame.loc[frame["on_front"], names].to_numpy(np.float64), box)


def thinned(frame: pd.DataFrame, keep: Sequence[int], *, log: Sequence[str] = ()) -> pd.DataFrame:
    """Few enough points to draw: the front and `keep` whole, of others one per grid cell.

    Args:
        frame: from `assess`.
        keep: numbers of points that stay.
        log: axes that are logarithmic.
    """
    kept = frame["on_front"] | frame.index.isin(keep) if len(keep) else frame["on_front"]
    others = frame[frame["drawable"] & ~kept]
    names = [name for name in ("x", "y", "z") if name in frame]
    if len(others) <= DRAWN or not all(is_numeric(frame[name]) for name in names):
        return frame[frame["drawable"]]
    n_cells = round(DRAWN ** (1 / len(names)) * 1.5)
    cells = [_cells(others[name].to_numpy(np.float64), n_cells, name in log) for name in names]
    code = np.ravel_multi_index(tuple(cells), (n_cells,) * len(names))
    first = _first_of_each(code * 2 + others["allowed"].to_numpy())
    return pd.concat([frame[kept & frame["drawable"]], others.iloc[first]]).sort_index()


def _first_of_each(codes: np.ndarray) -> np.ndarray:
    """Where every code is first; codes are small whole numbers."""
    first = np.full(int(codes.max()) + 1, -1)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    return first[first >= 0]


def _cells(values: np.ndarray, n_cells: int, log: bool) -> np.ndarray:
    if log and not (values > 0).any():
        return np.zeros(len(values), dtype=np.int64)  # nothing that such an axis shows
    scaled = np.log(np.where(values > 0, values, np.nan)) if log else values
    low, span = np.nanmin(scaled), np.ptp(scaled[~np.isnan(scaled)]) or 1.0
    share = np.nan_to_num((scaled - low) / span)
    cells: np.ndarray = np.minimum((share * n_cells).astype(np.int64), n_cells - 1)
    return cells


def inside(frame: pd.DataFrame, selected: Mapping[str, object] | None) -> list[int] | None:
    """Points of the whole frame within a box or lasso, also those that were not drawn.

    Args:
        frame: with numeric x and y.
        selected: Plotly's `selectedData`.

    Returns:
        None where it holds no area.
    """
    if not selected or not (is_numeric(frame["x"]) and is_numeric(frame["y"])):
        return None
    area = selected.get("range") or selected.get("lassoPoints")
    if not isinstance(area, Mapping) or not {"x", "y"} <= area.keys():
        return None
    x, y = (np.asarray(area[axis], dtype=np.float64) for axis in ("x", "y"))
    values_x, values_y = frame["x"].to_numpy(np.float64), frame["y"].to_numpy(np.float64)
    if selected.get("range"):
        mask = (values_x >= x.min()) & (values_x <= x.max())
        mask &= (values_y >= y.min()) & (values_y <= y.max())
    else:
        mask = _in_polygon(values_x, values_y, x, y)
    return [int(number) for number in frame.index[mask]]


def _in_polygon(x: np.ndarray, y: np.ndarray, px: np.ndarray, py: np.ndarray) -> np.ndarray:
    """Even-odd rule, one edge at a time."""
    found = np.zeros(len(x), dtype=np.bool_)
    for x0, y0, x1, y1 in zip(px, py, np.roll(px, -1), np.roll(py, -1), strict=True):
        crosses = (y0 > y) != (y1 > y)
        with np.errstate(divide="ignore", invalid="ignore"):
            at = (x1 - x0) * (y - y0) / (y1 - y0) + x0
        found ^= crosses & (x < at)
    return found
