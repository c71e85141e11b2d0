"""Points of the front page: on the front, dominated, or not allowed and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from dashboards.quantities import Quantity, is_numeric
from dashboards.units import in_readable_units
from dse.analysis.decision import fits
from dse.analysis.front import front_mask
from dse.analysis.hypervolume import MOST_METRICS, Box, box_of, hypervolume
from dse.analysis.limits import StudyLimits, broken
from dse.analysis.points import Points
from dse.formatting import between

Limits = Mapping[str, tuple[float, float]]
"""Smallest and largest allowed value, by name of a quantity."""

UNKNOWN = "lacks a metric of"
"""Start of the reason of points for which a condition could not be evaluated."""

FRONT = "front."
"""Start of the names of the columns that a front is over."""

DRAWN = 400
"""Dominated points up to which all are drawn; of more, one per cell of a grid is."""

_FINER = 8
"""Cells per axis of the grid that thins points first, per cell of the one that is looked for."""


@dataclass(frozen=True)
class Rules:
    """Conditions that points have to meet.

    Args:
        limits: allowed intervals of quantities.
        condition: expression of parameters and metrics; empty for none.
        study: limits of the study's file.
        fits: whether designs that need more than their part has are not allowed.
    """

    limits: Limits = field(default_factory=dict)
    condition: str = ""
    study: StudyLimits = field(default_factory=StudyLimits)
    fits: bool = False


def assess(
    table: Points,
    axes: Mapping[str, Quantity],
    known: Mapping[str, Quantity],
    rules: Rules,
    compared: Sequence[Quantity] = (),
) -> pd.DataFrame:
    """Return all points of a study with their values, and which are allowed and on the front.

    Args:
        table: the study.
        axes: quantities by name of their column.
        known: all quantities of the study.
        rules: conditions that points have to meet.
        compared: quantities of the front; those of the axes if there are none.

    Returns:
        A row per point, indexed by its number. A column per axis, `<axis>_low` and `<axis>_high`
        where there are intervals, `front.0`, … per quantity of the front, `reason` (why a point
        is not allowed; empty if it is), `allowed`, `unknown` (not allowed because it lacks a
        metric of the condition), `drawable` (has all coordinates),
        `comparable` (has all quantities of the front) and `on_front`.

    Raises:
        UsageError: if the condition is not legal.
    """
    frame = pd.DataFrame(index=table.parameters.index)
    for axis, quantity in axes.items():
        frame[axis] = quantity.values(table)
        interval = quantity.interval(table)
        if interval is not None:
            frame[f"{axis}_low"], frame[f"{axis}_high"] = interval["low"], interval["high"]
    frame["reason"] = reasons(table, known, rules)
    frame["allowed"] = frame["reason"] == ""
    lacking = f"{UNKNOWN} {rules.condition}"
    frame["unknown"] = (frame["reason"] == lacking) if rules.condition.strip() else False
    drawn = [axis for axis in ("x", "y", "z") if axis in axes]
    frame["drawable"] = frame[drawn].notna().all(axis=1)
    chosen = list(compared) or [axes[axis] for axis in drawn]
    names = [f"{FRONT}{index}" for index in range(len(chosen))]
    for name, quantity in zip(names, chosen, strict=True):
        frame[name] = quantity.values(table)
    frame["comparable"] = frame[names].notna().all(axis=1)
    frame["on_front"] = _on_front(frame, chosen, names)
    return frame


def _on_front(
    frame: pd.DataFrame, quantities: Sequence[Quantity], names: list[str]
) -> "pd.Series[bool]":
    """Whether each point is on the front over the numeric columns; texts have no direction."""
    numeric = [(n, q) for n, q in zip(names, quantities, strict=True) if is_numeric(frame[n])]
    allowed = frame["comparable"] & frame["allowed"]
    found = pd.Series(False, index=frame.index)
    if numeric and allowed.any():
        values = frame.loc[allowed, [n for n, _ in numeric]].to_numpy(np.float64)
        found[allowed] = front_mask(values, [q.direction for _, q in numeric])
    return found


def reasons(table: Points, known: Mapping[str, Quantity], rules: Rules) -> "pd.Series[str]":
    """Return the first rule that each point breaks; empty for allowed points."""
    found = broken(table, rules.study)
    if rules.fits:
        found = found.mask(~fits(table) & (found == ""), "larger than its part")
    for name, (low, high) in rules.limits.items():
        if name in known:
            values = known[name].values(table)
            outside = ~values.between(low, high) if is_numeric(values) else True
            divisor, shown = in_readable_units({name: known[name]}, table)[name]
            text = f"{shown.label} is not {between(low / divisor, high / divisor, shown.unit)}"
            found = found.mask(outside & (found == ""), text)
    if rules.condition.strip():
        checked = table.check(rules.condition)
        open_ = found == ""
        found = found.mask(checked.unknown & open_, f"{UNKNOWN} {rules.condition}")
        found = found.mask(~checked.meets & ~checked.unknown & open_, f"not {rules.condition}")
    return found


def passing(table: Points, known: Mapping[str, Quantity], rules: Rules) -> dict[str, int]:
    """Return how many points meet each limit, regardless of the other rules."""
    return {
        name: int(known[name].values(table).between(low, high).sum())
        for name, (low, high) in rules.limits.items()
        if name in known
    }


def common_box(frames: Sequence[pd.DataFrame], quantities: Sequence[Quantity]) -> Box | None:
    """Return the box of all comparable points for the hypervolume.

    None if a quantity is of texts, there are no points, or there are too many metrics.
    """
    names = [f"{FRONT}{index}" for index in range(len(quantities))]
    numeric = all(is_numeric(frame[n]) for frame in frames for n in names)
    values = [frame.loc[frame["comparable"], names] for frame in frames]
    together = pd.concat(values) if values else pd.DataFrame()
    if not numeric or together.empty or len(quantities) > MOST_METRICS:
        return None
    return box_of(together.to_numpy(np.float64), [q.direction for q in quantities])


def volume(frame: pd.DataFrame, box: Box) -> float:
    """Return the share of the box that a front dominates."""
    names = [f"{FRONT}{index}" for index in range(len(box.ideal))]
    return hypervolume(frame.loc[frame["on_front"], names].to_numpy(np.float64), box)


def thinned(frame: pd.DataFrame, keep: Sequence[int], *, log: Sequence[str] = ()) -> pd.DataFrame:
    """Return few enough points to draw: the front, `keep`, and of others one per grid cell.

    The least and the largest value of each axis are among them, so that axes reach as far.

    Args:
        frame: table from `assess`.
        keep: numbers of points that are kept.
        log: logarithmic axes, on which the cells are logarithmic too.
    """
    drawable = frame["drawable"].to_numpy()
    kept = frame["on_front"].to_numpy()
    kept = drawable & (kept | frame.index.isin(keep) if keep else kept)
    others = np.flatnonzero(drawable & ~kept)
    names = [name for name in ("x", "y", "z") if name in frame]
    if len(others) <= DRAWN or not all(is_numeric(frame[name]) for name in names):
        return frame[drawable]
    shares = [_shares(frame[n].to_numpy(np.float64)[others], n in log) for n in names]
    first = _one_per_cell(shares, frame["allowed"].to_numpy()[others])
    ends = [end for one in shares for end in (one.argmin(), one.argmax())]
    return frame.iloc[np.union1d(np.flatnonzero(kept), others[[*first, *ends]])]


def _one_per_cell(shares: Sequence[np.ndarray], allowed: np.ndarray) -> np.ndarray:
    """Return one index per cell and kind of the finest grid that leaves at most `DRAWN` points."""
    per_axis = DRAWN ** (1 / len(shares))
    # Of millions of points those of a fine grid are enough to look for the grid among.
    found = _in_cells(shares, allowed, round(per_axis * _FINER))
    n_cells = round(per_axis * 1.5)  # points seldom fill all cells
    while True:
        first: np.ndarray = found[
            _in_cells([one[found] for one in shares], allowed[found], n_cells)
        ]
        if len(first) <= DRAWN:
            return first
        n_cells -= max(n_cells // 8, 1)


def _in_cells(shares: Sequence[np.ndarray], allowed: np.ndarray, n_cells: int) -> np.ndarray:
    """Return the index of the first point of each kind in every cell of a grid."""
    code = np.zeros(len(allowed), dtype=np.int64)
    for one in shares:
        code = code * n_cells + np.minimum((one * n_cells).astype(np.int64), n_cells - 1)
    return _first_of_each(code * 2 + allowed)


def _first_of_each(codes: np.ndarray) -> np.ndarray:
    """Return the index of the first occurrence of every code, without sorting.

    Codes are small integers; writing backwards lets the first occurrence win.
    """
    first = np.full(int(codes.max()) + 1, -1)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    return first[first >= 0]


def _shares(values: np.ndarray, log: bool) -> np.ndarray:
    """Return where each value lies between the ends of its axis, 0 to 1."""
    if log and not (values > 0).any():
        return np.zeros(len(values))  # a logarithmic axis shows none of them
    scaled = np.log(np.where(values > 0, values, np.nan)) if log else values
    # halves, because the distance of two numbers may be more than a number can be
    low, high = np.nanmin(scaled) / 2, np.nanmax(scaled) / 2
    with np.errstate(invalid="ignore"):  # where a value is infinite
        width = (high - low) or 1.0
        shares: np.ndarray = (scaled / 2 - low) / width
    return np.nan_to_num(shares, copy=False) if log or not np.isfinite(width) else shares


def inside(frame: pd.DataFrame, selected: Mapping[str, object] | None) -> list[int] | None:
    """Return the points within a box or lasso, including those that were not drawn.

    Args:
        frame: all points, with numeric x and y.
        selected: Plotly's `selectedData`.

    Returns:
        Numbers of points; None if there is no box or lasso.
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
    """Whether points (x, y) are in the polygon (px, py), by the even-odd rule."""
    found = np.zeros(len(x), dtype=np.bool_)
    for x0, y0, x1, y1 in zip(px, py, np.roll(px, -1), np.roll(py, -1), strict=True):
        crosses = (y0 > y) != (y1 > y)
        with np.errstate(divide="ignore", invalid="ignore"):
            at = (x1 - x0) * (y - y0) / (y1 - y0) + x0
        found ^= crosses & (x < at)
    return found
