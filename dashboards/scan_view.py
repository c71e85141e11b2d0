"""State of the scans page, read from its address, and the figure for it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from dashboards.address import Address
from dashboards.figures.scans import Scan, figure
from dashboards.figures.style import HOLLOW, are_powers, blank
from dashboards.presets import is_given, reproduces, who_gives
from dashboards.quantities import (
    Quantity,
    category_positions,
    is_numeric,
    objective_names,
    quantities,
    readable,
    source_of,
    written,
)
from dashboards.source import Source
from dashboards.units import Readable, divided, in_readable_units
from dse.analysis.objectives import software_backends
from dse.analysis.points import Points
from dse.analysis.references import Figure, References
from dse.analysis.seeds import seed_notes
from dse.contracts.metrics import Direction, Fidelity
from dse.search.importance import DependentParameters

NONE = ""
_MOST = {"x": 200, "line": 12, "panel": 9}
"""Largest number of values of a parameter that may be the default of x axis, lines or panels."""
_COLUMNS = (
    "point", "x", "y", "low", "high", "metric", "line", "value", "origin", "panel", "best",
    "hollow", "seed",
)  # fmt: skip


@dataclass(frozen=True)
class ScanPageState:
    """State of the scans page.

    Args:
        table: the study.
        known: quantities of the study by name.
        address: the address, from which the rest is read.
        preset: chosen published figure, or the one that the study reproduces, if any.
        objectives: names of the objectives' quantities.
        references: published figures and numbers.
        coupled: parameters that the study computes from others.
    """

    table: Points
    known: Mapping[str, Quantity]
    address: Address
    preset: Figure | None
    objectives: list[str]
    references: References
    coupled: frozenset[str] = frozenset()

    @classmethod
    def of(cls, source: Source, address: Address) -> "ScanPageState":
        """Read the state from an address; names that the study does not have are ignored."""
        summary = source.study(address.text("study"))
        table = source.table(summary.name)
        return cls(
            table=table,
            known=quantities(table),
            address=address,
            preset=_preset(source.references, address, table),
            objectives=[
                name
                for name in address.items("objectives", objective_names(table))
                if name in quantities(table)
            ],
            references=source.references,
            coupled=_coupled(source, table),
        )

    @property
    def x(self) -> str:
        """Name of the parameter on the horizontal axis."""
        return self.address.choice("x", self.known, self.default("x"))

    def role(self, role: str) -> str:
        """Return the parameter with a line, or a panel, per value; empty for none."""
        return self.address.choice(role, [NONE, *self.table.names], self.default(role))

    def default(self, role: str) -> str:
        """Return the default of x, line or panel: the preset's, else a parameter that varies."""
        if not self.preset:
            return self._free().get(role, NONE)
        name: str = getattr(self.preset, role)
        if name in self.known:
            return name
        return next(iter(self.known), NONE) if role == "x" else NONE

    def _free(self) -> dict[str, str]:
        """Return the parameter of each role, as it was when the page was opened."""
        kept = {role: self.address.text(f"free.{role}") for role in _MOST}
        if any(name in self.known for name in kept.values()):
            return {role: name for role, name in kept.items() if name in self.known}
        return free_roles(self.table, self.coupled)

    @property
    def ys(self) -> list[str]:
        """Names of the metrics; each has panels of its own."""
        chosen = [name for name in self.address.items("y") if name in self.known]
        return chosen or self.default_ys

    @property
    def default_ys(self) -> list[str]:
        """The preset's metrics, or the objectives, from every backend that evaluates designs."""
        own = [column.metric for n in self.objectives if (column := self.known[n].column)]
        wanted = [
            quantity.name
            for metric in (self.preset.metrics if self.preset else own)
            for quantity in self._evaluated
            if quantity.column and quantity.column.metric == metric
        ]
        first = [name for name, quantity in self.known.items() if quantity.column][:1]
        return wanted or self.objectives or first

    @property
    def _evaluated(self) -> list[Quantity]:
        """Metrics that were there when the page was opened, without times of a processor."""
        kept = self.address.items("columns", _columns(self.table))
        return [self.known[name] for name in kept if name in self.known]

    @property
    def on(self) -> list[str]:
        """Switches that are on."""
        return self.address.items("show", self.default_on)

    @property
    def default_on(self) -> list[str]:
        """Switches that are on by default."""
        log = self.preset.log if self.preset else ()
        if not self.preset and self.x in self.known:
            log = ("log_x",) if are_powers(self.known[self.x].values(self.table)) else ()
        return [*log, "published"]


def _coupled(source: Source, table: Points) -> frozenset[str]:
    def read() -> frozenset[str]:
        return DependentParameters.of(source.results.source(table.study)).coupled

    return table.once("coupled", read)


def free_roles(table: Points, coupled: frozenset[str] = frozenset()) -> dict[str, str]:
    """Return varying parameters by role, those with most values that `_MOST` allows first.

    One that is computed from others is told by these, and takes no place from another.
    """
    distinct = table.distinct
    free = [name for name in table.varying if name not in coupled] or table.varying
    left = sorted(free, key=lambda name: -distinct[name]) or table.names
    found = {}
    for role, most in _MOST.items():
        name = next((name for name in left if distinct[name] <= most), None)
        if name is None and role == "x" and left:
            name = left[0]
        if name is not None:
            found[role] = name
            left = [other for other in left if other != name]
    return found


def _columns(table: Points) -> list[str]:
    """Return the metrics that a scan shows by default: accuracies, and all others of hardware."""
    software = table.once("software", lambda: software_backends(table))
    return [
        name
        for column, name in table.written.items()
        if column.backend not in software or column.fidelity is Fidelity.FLOAT
    ]


def settled(source: Source, study: str) -> dict[str, str]:
    """Return what the page keeps from its opening on, while further results come in."""
    table = source.table(study)
    kept = {"objectives": "|".join(objective_names(table)), "columns": "|".join(_columns(table))}
    found = free_roles(table, _coupled(source, table))
    roles = {f"free.{role}": name for role, name in found.items()}
    return {name: text for name, text in (kept | roles).items() if text}


def _preset(references: References, address: Address, table: Points) -> Figure | None:
    """Return the chosen figure, else the one that the study reproduces, if it can be drawn."""
    if chosen := references.figures.get(address.text("preset")):
        return chosen
    found = references.of_study(table.study)
    return found if found is not None and is_given(table, found) else None


def scan_frame(
    table: Points, known: Mapping[str, Quantity], view: ScanPageState, *, study: str = ""
) -> pd.DataFrame:
    """Return the rows for `dashboards.figures.scans.figure`; `study` starts the names of lines."""
    wanted = [known[y] for y in view.ys if y in known]
    if view.x not in known:
        return pd.DataFrame(columns=list(_COLUMNS))
    x = known[view.x].values(table)
    lines, panels = _texts(table, view.role("line")), _texts(table, view.role("panel"))
    order = np.argsort(lines.place, kind="stable")
    parts = [
        one_line(_part(table, q, x, lines.text, panels.text, study).iloc[order])
        for q in wanted
        if q.column
    ]
    empty = pd.DataFrame(columns=list(_COLUMNS))
    return pd.concat(parts, ignore_index=True) if parts else empty


def _part(
    table: Points,
    quantity: Quantity,
    x: "pd.Series[Any]",
    values: "pd.Series[str]",
    panels: "pd.Series[str]",
    study: str,
) -> pd.DataFrame:
    """Return the rows of one metric from one backend."""
    assert quantity.column is not None  # noqa: S101
    numbers = table.numbers(quantity.column).rename(columns={"value": "y"})
    origin = source_of(quantity.column)
    shown = values.map(lambda text: " · ".join(filter(None, (study, text))))
    frame = numbers.assign(x=x, value=shown, origin=origin, panel=panels)
    frame["line"] = [" · ".join(filter(None, (text, origin))) for text in shown]
    frame["metric"] = quantity.column.metric
    frame["hollow"] = quantity.column.fidelity in HOLLOW
    frame["seed"] = seed_notes(table, [quantity.column])
    frame = frame.rename_axis("point").reset_index()
    frame["best"] = _best(frame, quantity.direction)
    return frame[list(_COLUMNS)]


def one_line(frame: pd.DataFrame) -> pd.DataFrame:
    """Return one line where the parameter of the lines does not move the metric."""
    known = frame.dropna(subset=["y"])
    if known["value"].nunique() < 2 or (known.groupby(["panel", "x"])["y"].nunique() > 1).any():
        return frame
    if known.groupby(["panel", "x"])["value"].nunique().min() < 2:
        return frame  # the lines have no place in common, so that this is not known
    alone = known.drop_duplicates(["panel", "x"])
    return alone.assign(line=alone["origin"], value="")


def _best(frame: pd.DataFrame, direction: Direction) -> "pd.Series[bool]":
    """Whether each point is the best of those of one line with the same x."""
    groups = frame.groupby(["line", "panel", "x"], sort=False)["y"]
    return frame["y"] == groups.transform("max" if direction == "maximise" else "min")


def _texts(table: Points, parameter: str) -> pd.DataFrame:
    """Return `text` of a parameter's value per point, and its `place` among all values."""
    if parameter not in table.parameters:
        return pd.DataFrame({"text": "", "place": 0}, index=table.parameters.index)
    values = table.parameters[parameter].map(written)
    return pd.DataFrame(
        {"text": f"{readable(parameter)} " + values, "place": category_positions(values)}
    )


def drawn(source: Source, view: ScanPageState, theme: Any) -> Any:
    """Return the figure."""
    return drawn_rows(view, all_rows(source, view), theme)


def all_rows(source: Source, view: ScanPageState) -> pd.DataFrame:
    """Return the rows of `scan_frame` of the study and of those that are laid over it."""
    if view.x not in view.known:
        return pd.DataFrame(columns=list(_COLUMNS))
    others = view.address.items("with")
    tables = {view.table.study if others else "": view.table}
    tables |= {name: source.table(source.study(name).name) for name in others}
    frames = [scan_frame(table, quantities(table), view, study=n) for n, table in tables.items()]
    return pd.concat([one for one in frames if len(one)] or frames[:1], ignore_index=True)


def drawn_rows(view: ScanPageState, frame: pd.DataFrame, theme: Any) -> Any:
    """Return the figure of the rows of `all_rows`."""
    if view.preset and not is_given(view.table, view.preset):
        return blank(who_gives(view.table.study, view.preset), theme)
    if view.x not in view.known:
        return blank("The study has no parameter to scan", theme)
    published = _published(view) if "published" in view.on else None
    quantity = view.known[view.x]
    numeric = is_numeric(frame["x"])  # a study that is laid over may have texts
    x = in_readable_units({"x": quantity}, view.table) if numeric else {"x": (1.0, quantity)}
    frame = divided(frame, x)
    published = divided(published, x) if published is not None else None
    ys, units = {}, {}
    for metric, (divisor, shown) in panel_units(view).items():
        ys[metric], units[metric] = shown.short, shown.unit
        frame = _divided(frame, metric, divisor)
        published = _divided(published, metric, divisor) if published is not None else None
    panels = _texts(view.table, view.role("panel")).sort_values("place")["text"].unique()
    log = ("log_x" in view.on, "log_y" in view.on)
    scan = Scan(x["x"][1].title, ys, *log, theme, tuple(panels), units)
    return figure(frame, scan, published)


def panel_units(view: ScanPageState) -> dict[str, Readable]:
    """Return the unit of each metric's panels: the one that its first chosen column is read in."""
    first: dict[str, Quantity] = {}
    for quantity in map(view.known.__getitem__, view.ys):
        if quantity.column:
            first.setdefault(quantity.column.metric, quantity)
    return in_readable_units(first, view.table)


def metric_titles(view: ScanPageState) -> dict[str, str]:
    """Return titles of all metrics, with the units of the panels that show them."""
    drawn = panel_units(view)
    columns = {name: q.column for name, q in view.known.items() if q.column}
    own = in_readable_units({name: view.known[name] for name in columns}, view.table)
    units = {n: drawn.get(c.metric, own[n])[1].unit for n, c in columns.items()}
    return {name: replace(view.known[name], unit=unit).title for name, unit in units.items()}


def _divided(frame: pd.DataFrame, metric: str, divisor: float) -> pd.DataFrame:
    """Return a table whose numbers of one metric are in another unit."""
    names = [name for name in ("y", "low", "high") if name in frame]
    rows = frame["metric"] == metric
    changed = frame.copy() if divisor != 1 else frame
    if divisor != 1:
        changed.loc[rows, names] = frame.loc[rows, names].astype(float) / divisor
    return changed


def _published(view: ScanPageState) -> pd.DataFrame | None:
    """Return the published curves of figures that this very study reproduces; None without."""
    figures = [view.preset] if view.preset else view.references.figures.values()
    curves = [
        view.references.curves(view.x, one)
        for one in figures
        if one.x == view.x and reproduces(view.table, one)
    ]
    return pd.concat(curves, ignore_index=True) if curves else None
