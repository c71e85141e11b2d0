"""State of the front page, read from its address, and the figure, sentence and table for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from dashboards import components as ui
from dashboards.address import Address
from dashboards.figures.front import Look, Series, figure
from dashboards.figures.style import weakest
from dashboards.front_data import FRONT, Rules, assess, common_box, passing, thinned, volume
from dashboards.quantities import (
    Quantity,
    is_numeric,
    is_wide,
    metric_label,
    objective_names,
    quantities,
    quantity_name,
    readable,
    written,
)
from dashboards.source import Source
from dashboards.units import divided, in_readable_units
from dse.analysis.columns import Column
from dse.analysis.failed import failed_backends
from dse.analysis.hypervolume import Box
from dse.analysis.limits import StudyLimits, study_limits
from dse.analysis.objectives import most_varied
from dse.analysis.points import Points
from dse.analysis.seeds import seed_notes
from dse.analysis.utilisation import known_parts
from dse.contracts.errors import UsageError
from dse.contracts.metrics import Fidelity
from dse.formatting import between, counted, share

NONE = ""
ON = ["bars", "beaten", "study"]
"""Switches, named in addresses, that are on by default, besides those of logarithmic axes."""


def _part(address: Address) -> str:
    return address.choice("part", list(known_parts()))


@dataclass(frozen=True)
class FrontPageState:
    """State of the front page.

    Args:
        table: the study.
        known: quantities of the study by name.
        axes: shown quantities by column.
        defaults: names of the quantities of each axis by default.
        address: the address, from which the rest is read.
    """

    table: Points
    known: Mapping[str, Quantity]
    axes: dict[str, Quantity]
    defaults: Mapping[str, str]
    address: Address

    @classmethod
    def of(cls, source: Source, address: Address) -> "FrontPageState":
        """Read the state from an address; names that the study does not have are ignored."""
        summary = source.study(address.text("study"))
        table = source.table(summary.name, _part(address))
        known, defaults = quantities(table), default_axes(table)
        given = [axis for axis in defaults if axis in address.values]
        asked = Address({axis: quantity_name(address.text(axis), table) for axis in given})
        names = {axis: asked.choice(axis, known, name) for axis, name in defaults.items()}
        axes = {
            axis: known[names[axis]]
            for axis in ("x", "y", "z", "colour", "size")
            if names.get(axis)
        }
        return cls(table, known, axes, defaults, address)

    @property
    def objectives(self) -> list[str]:
        """Names of the objectives' quantities, as they were when the page was opened."""
        found = self.address.items("objectives", objective_names(self.table))
        return [name for name in found if name in self.known]

    @property
    def compared(self) -> list[Quantity]:
        """Quantities that the front is over: the chosen ones, else the objectives, else axes."""
        asked = [quantity_name(name, self.table) for name in self.address.items("front")]
        chosen = [name for name in asked if name in self.known] or self.objectives
        drawn = [self.axes[axis].name for axis in ("x", "y", "z") if axis in self.axes]
        return [self.known[name] for name in dict.fromkeys(chosen or drawn)]

    @property
    def hidden(self) -> list[Quantity]:
        """Quantities of the front that no axis shows."""
        drawn = [self.axes[axis] for axis in ("x", "y", "z") if axis in self.axes]
        return [quantity for quantity in self.compared if quantity not in drawn]

    @property
    def part(self) -> str:
        """Part whose shares are shown; empty for the part of each evaluation."""
        return _part(self.address)

    @property
    def on(self) -> list[str]:
        """Switches that are on."""
        return self.address.items("show", default_on(self.table))

    @property
    def limited(self) -> list[str]:
        """Names of the quantities with a slider.

        Raises:
            UsageError: if a name is ambiguous.
        """
        asked = [quantity_name(name, self.table) for name in self.address.items("limits")]
        known = [name for name in dict.fromkeys(asked) if name in self.known]
        return [name for name in known if is_numeric(self.known[name].values(self.table))]

    @property
    def limit_names(self) -> dict[str, str]:
        """Name in the address of each limit with a slider, by quantity.

        It is that of the quantity, or the short one by which the address asks for the slider.
        """
        asked = self.address.items("limits")
        short = {quantity_name(name, self.table): f"limit.{name}" for name in asked}
        full = {name: f"limit.{name}" for name in self.limited}
        given = {name for name in full if self.address.interval(full[name])}
        return {
            name: short[name] if name not in given and self.address.interval(short[name]) else own
            for name, own in full.items()
        }

    @property
    def rules(self) -> Rules:
        """Conditions that points have to meet."""
        found = {name: self.address.interval(own) for name, own in self.limit_names.items()}
        limits = {name: interval for name, interval in found.items() if interval}
        study = study_limits(self.table) if "study" in self.on else StudyLimits()
        return Rules(limits, self.address.text("where"), study, "fits" in self.on)


def default_axes(table: Points) -> dict[str, str]:
    """Return the names of the quantities of each axis by default; empty without any quantity.

    The axes show the two objectives that vary most, see `dse.analysis.objectives.most_varied`.
    """
    known, objectives = quantities(table), objective_names(table)
    columns = [q.column for name in objectives if (q := known[name]).column]
    first = [table.written[column] for column in most_varied(table, columns)]
    metrics = [name for name, quantity in known.items() if quantity.column]
    distinct = list(dict.fromkeys([*first, *objectives, *metrics, *known]))
    if len(distinct) < 2:  # both axes show the one quantity there is
        distinct *= 2
    if not distinct:
        return {}
    return {"y": distinct[0], "x": distinct[1], "z": NONE, "colour": NONE, "size": NONE}


def settled(source: Source, study: str) -> dict[str, str]:
    """Return what the page keeps from its opening on, while further results come in."""
    table = source.table(study)
    axes = {name: text for name, text in default_axes(table).items() if name in {"x", "y"}}
    objectives = "|".join(objective_names(table))
    shown = {"show": "|".join(default_on(table))}
    return axes | shown | ({"objectives": objectives} if objectives else {})


def default_on(table: Points) -> list[str]:
    """Return the switches that are on by default: axes over decades are logarithmic."""
    return [*table.once("logarithmic", lambda: _logarithmic(table)), *ON]


def _logarithmic(table: Points) -> list[str]:
    known, axes = quantities(table), default_axes(table)
    return [
        f"log_{axis}" for axis in ("x", "y") if axes and is_wide(known[axes[axis]].values(table))
    ]


@dataclass(frozen=True)
class Assessed:
    """One series of the figure before thinning.

    Args:
        name: name in the legend.
        frame: table from `dashboards.front_data.assess` with the columns of all axes.
        fidelity: that of its axes by which its markers are drawn.
        foreign: whether its points are those of another study.
    """

    name: str
    frame: pd.DataFrame
    fidelity: Fidelity
    foreign: bool = False


def own_series(view: FrontPageState) -> Assessed:
    """Return the series of the study itself.

    Raises:
        UsageError: if the condition is not legal, or the study has nothing to show.
    """
    if not view.axes:
        raise UsageError(f"{view.table.study} has no results yet", hint="dse run stores them")
    return _assessed(view.table.study, view, view.table, view.axes, view.compared)


def all_series(source: Source, view: FrontPageState) -> list[Assessed]:
    """Return the series of the study, of other backends' metrics and of other studies."""
    found = [own_series(view)]
    for name in view.address.items("also"):
        other = view.known.get(name)
        swapped = {axis: _swapped(quantity, other) for axis, quantity in view.axes.items()}
        if other and other.column and swapped != view.axes:
            label = f"{other.column.metric} from {other.column.backend}"
            compared = [_swapped(quantity, other) for quantity in view.compared]
            found.append(_assessed(label, view, view.table, swapped, compared))
    for study in view.address.items("with"):
        table = source.table(source.study(study).name, view.part)
        own = quantities(table)
        shown = [view.axes[axis] for axis in ("x", "y", "z") if axis in view.axes]
        if all(quantity.name in own for quantity in (*shown, *view.compared)):
            axes = {axis: own[q.name] for axis, q in view.axes.items() if q.name in own}
            compared = [own[quantity.name] for quantity in view.compared]
            found.append(replace(_assessed(study, view, table, axes, compared), foreign=True))
    return found


def _swapped(quantity: Quantity, other: Quantity | None) -> Quantity:
    """Return `other` if it is the same metric from another backend, else `quantity`."""
    same = (
        other and other.column and quantity.column and other.column.metric == quantity.column.metric
    )
    return other if same and other else quantity


def _assessed(
    name: str,
    view: FrontPageState,
    table: Points,
    axes: dict[str, Quantity],
    compared: list[Quantity],
) -> Assessed:
    drawn: dict[str, Quantity] = {a: axes[a] for a in ("x", "y", "z") if a in axes}
    names = (tuple((a, q.name) for a, q in drawn.items()), tuple(q.name for q in compared))
    known, rules = quantities(table), view.rules
    key = ("assessed", names, repr(rules))
    frame = table.once(key, lambda: assess(table, drawn, known, rules, compared))
    marks = {axis: q.values(table) for axis, q in axes.items() if axis not in drawn}
    for axis in view.axes.keys() - axes.keys():  # quantities that another study does not have
        own = view.axes[axis].values(view.table)
        marks[axis] = pd.Series(np.nan if is_numeric(own) else written(None), index=frame.index)
    # colour and size do not change the front
    columns = [quantity.column for quantity in axes.values() if quantity.column]
    frame = frame.assign(**marks, seed=_notes(table, columns))
    found = [quantity.column.fidelity for quantity in drawn.values() if quantity.column]
    return Assessed(name, frame, weakest(found))


def _notes(table: Points, columns: Sequence[Column]) -> "pd.Series[str]":
    """Return what hovers tell besides numbers: seeds, and which backends failed."""
    notes = seed_notes(table, columns)
    failed = failed_backends(table)
    if failed.empty:
        return notes
    texts = (failed + " failed on it").reindex(notes.index, fill_value="")
    return notes.where(texts == "", (notes + "; " + texts).str.removeprefix("; "))


def drawn(
    source: Source,
    view: FrontPageState,
    theme: Any,
    marked: Sequence[int],
    ring: str = "selected in the table",
) -> tuple[Any, str]:
    """Return the figure and the sentence above it; `ring` says what is marked."""
    series = all_series(source, view)
    drawn = [axis for axis in ("x", "y", "z") if axis in view.axes and f"log_{axis}" in view.on]
    units = in_readable_units(view.axes, view.table)
    look = Look(
        {axis: quantity for axis, (_, quantity) in units.items()},
        frozenset(axis for axis in drawn if all(_is_positive(s.frame[axis]) for s in series)),
        "bars" in view.on,
        "beaten" in view.on,
        tuple(marked),
        ring,
        theme,
        projected=bool(view.hidden),
    )
    frames = [thinned(one.frame, marked, log=sorted(look.log)) for one in series]
    pairs = zip(series, frames, strict=True)
    shown = [Series(s.name, divided(f, units), s.fidelity, s.foreign) for s, f in pairs]
    texts = [sentence(series, view)]
    texts += [_drawn_of(*pair, look.dominated) for pair in zip(series, frames, strict=True)]
    return figure(shown, look), " ".join(filter(None, texts))


def _drawn_of(one: Assessed, shown: pd.DataFrame, dominated: bool) -> str:
    """Say how many points are drawn, and why the others are not; nothing where all are."""
    n_all, n_drawable = len(one.frame), int(one.frame["drawable"].sum())
    n_shown = len(shown) if dominated else int(shown["on_front"].sum())
    whys = [f"{n_all - n_drawable:,} without a value on an axis"] if n_drawable < n_all else []
    if n_shown < n_drawable:
        few = "most of those not on the front are left out, where others are close"
        whys.append(few if dominated else "those not on the front are switched off")
    told = f"Of {one.name} {n_shown:,} of {n_all:,} points are drawn: {' and '.join(whys)}."
    return told if whys else ""


def _is_positive(values: "pd.Series[Any]") -> bool:
    """Whether a logarithmic axis shows all values."""
    return is_numeric(values) and not bool((values <= 0).any())


def sentence(series: Sequence[Assessed], view: FrontPageState) -> str:
    """Return the sentence above the plot: directions, numbers of points and hypervolumes."""
    compared, first = view.compared, series[0].frame
    box = common_box([one.frame for one in series], compared)
    own = failed_backends(view.table).index
    counts = "; ".join(_counts(one, box, own) for one in series)
    better = [
        _better(quantity)
        for index, quantity in enumerate(compared)
        if is_numeric(first[f"{FRONT}{index}"])
    ]
    parts = [f"Better: {', '.join(better)}"] if better else []
    return ". ".join(filter(None, (*parts, counts, _of_more(view), _nothing_left(first)))) + "."


def _of_more(view: FrontPageState) -> str:
    """Say that the plot is a projection, where the front is over more than the axes show."""
    if not view.hidden:
        return ""
    n_shown = len(view.compared) - len(view.hidden)
    return (
        f"The front is over {len(view.compared)} objectives, of which the plot shows {n_shown}: "
        "its members are the large markers, also where another point lies better in this view"
    )


def _nothing_left(frame: pd.DataFrame) -> str:
    """Say what to do where no point is allowed."""
    if len(frame) == 0 or frame["allowed"].any():
        return ""
    return "No point is allowed: widen the limits, shorten the condition, or switch limits off"


def _better(quantity: Quantity) -> str:
    column = quantity.column
    name = metric_label(column.metric) if column else readable(quantity.name)
    return f"{'higher' if quantity.direction == 'maximise' else 'lower'} {name}"


def _counts(one: Assessed, box: Box | None, failed: "pd.Index[Any]") -> str:
    """Say what each point of a series is: every one is counted once."""
    frame = one.frame
    allowed, compared, front = (frame[n] for n in ("allowed", "comparable", "on_front"))
    broken = 0 if one.foreign else int(frame.loc[front].index.isin(failed).sum())
    unknown = int(frame["unknown"].sum())
    failures = f" (a backend failed on {broken:,} of these)" if broken else ""
    why = f" ({unknown:,} for lack of a metric of the condition)" if unknown else ""
    counts = {
        "dominated": int((allowed & compared & ~front).sum()),
        f"not allowed{why}": int((~allowed).sum()),
        "without all of these values": int((allowed & ~compared).sum()),
    }
    parts = [f"{one.name}: {int(front.sum()):,} of {len(frame):,} points on the front{failures}"]
    parts += [f"{count:,} {what}" for what, count in counts.items() if count]
    if box:
        parts.append(f"hypervolume {share(volume(frame, box))} (share of the box of all points)")
    return ", ".join(parts)


def told(view: FrontPageState) -> dict[str, str]:
    """Return the ends of each limit that has a slider, and how many points pass, in words."""
    limits, total = view.rules.limits, len(view.table.parameters)
    found = passing(view.table, view.known, view.rules)
    units = in_readable_units({name: view.known[name] for name in view.limited}, view.table)
    texts = {name: f"{found.get(name, total):,} of {total:,} points pass" for name in units}
    for name, (low, high) in limits.items():
        divisor, shown = units[name]
        texts[name] = f"{between(low / divisor, high / divisor, shown.unit)}: {texts[name]}"
    return texts


def as_drawn(view: FrontPageState) -> pd.DataFrame:
    """Return `Assessed.frame` of the study itself in the units of the axes."""
    return divided(own_series(view).frame, in_readable_units(view.axes, view.table))


def rows(
    view: FrontPageState, selection: Sequence[int], *, readable: bool = False
) -> tuple[pd.DataFrame, str]:
    """Return the table of the selected points, or else of the front, and the note above it.

    Args:
        view: the state of the page.
        selection: numbers of the selected points.
        readable: whether times are in the units that people read them in, instead of as stored.
    """
    frame = own_series(view).frame
    present = [number for number in selection if number in frame.index]
    if present:
        chosen, text = frame.loc[present], counted(len(present), "selected point")
    else:
        chosen = frame[frame["on_front"]]
        text = (
            counted(len(chosen), "point")
            + " on the front; select points in the plot to list them here"
        )
    listed = {quantity.name: quantity for quantity in _in_order(view)}
    units = {name: (1.0, quantity) for name, quantity in listed.items()}
    units = in_readable_units(listed, view.table) if readable else units
    columns = {
        shown.title: _divided(listed[name].values(view.table).loc[chosen.index], divisor)
        for name, (divisor, shown) in units.items()
    }
    failed = failed_backends(view.table).reindex(chosen.index).dropna()
    if len(failed):
        columns["failed"] = failed.reindex(chosen.index, fill_value="")
    whole = pd.DataFrame(columns, index=chosen.index).rename_axis("point")
    if len(whole) > ui.MOST_ROWS:
        text += f"; the first {ui.MOST_ROWS:,} are shown, downloads contain all"
    return whole.reset_index(), text


def _divided(values: "pd.Series[Any]", divisor: float) -> "pd.Series[Any]":
    return values if divisor == 1 else values / divisor


def _in_order(view: FrontPageState) -> list[Quantity]:
    """Return varying parameters, axes, other metrics and constant parameters, in this order."""
    varying = [view.known[name] for name in view.table.varying]
    metrics = [quantity for quantity in view.known.values() if quantity.column]
    ordered = [*varying, *view.compared, *view.axes.values(), *metrics, *view.known.values()]
    return list({quantity.name: quantity for quantity in ordered}.values())
