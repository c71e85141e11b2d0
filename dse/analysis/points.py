"""The one query engine: a study by columns, each read when first asked for, then kept.

Commands, `dse.load` and the dashboard all answer from here, so a name, a condition, a limit and
a share of a part mean the same everywhere.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import RLock
from time import perf_counter
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from dse.analysis import conditions, effective
from dse.analysis.columns import Column, find, meant, order_of, written_names
from dse.analysis.conditions import Checked, Mask, NamedColumn
from dse.analysis.devices import Devices
from dse.analysis.shares import Shares
from dse.analysis.stored_columns import Extent, StoredColumns
from dse.analysis.utilisation import capacity_of_part
from dse.contracts.errors import UsageError, nearest
from dse.contracts.metrics import Direction
from dse.store.queries import Results, StoredPoint

T = TypeVar("T")


@dataclass(frozen=True)
class Selection:
    """Points that meet all conditions.

    Args:
        mask: which.
        n_unknown: points that were left out only because they lack a metric of a condition.
    """

    mask: Mask
    n_unknown: int = 0


class Points:
    """The current points of a study; frames have one row per point, indexed by its number.

    Args:
        results: the database.
        study: its name.
        part: device or full part name whose shares are given instead of those of the part each
            design was evaluated for; cycles, clocks and counts stay as evaluated.

    Raises:
        UsageError: the capacity of the part is not known.
        StoreError: from every method, where the database does not answer.
    """

    def __init__(self, results: Results, study: str, part: str = "") -> None:
        self.study = study
        self.results = results
        self.stored = StoredColumns(results, study)
        self.spent_s = 0.0
        """What reading and computing have taken so far."""
        self._lock = RLock()
        self._known: dict[object, Any] = {}
        capacity = capacity_of_part(part) if part else None
        self.shares = Shares(Devices(results, self.stored.here, capacity), self._stored_numbers)

    def once(self, key: object, make: Callable[[], T]) -> T:
        """What `make` gives, remembered with the points; threads that ask meanwhile wait."""
        if key not in self._known:
            with self._lock:
                if key not in self._known:
                    self._known[key] = self._timed(make)
        return self._known[key]  # type: ignore[no-any-return]

    def _timed(self, make: Callable[[], T]) -> T:
        before, start = self.spent_s, perf_counter()
        made = make()
        self.spent_s = before + perf_counter() - start  # what `make` counted itself is in it
        return made

    def read_all(self) -> None:
        """Read every number, so that nobody waits for it later."""
        for column in self.columns:
            self.numbers(column)

    # ---- parameters

    @property
    def assignments(self) -> list[dict[str, Any]]:
        """Parameters of every point as they are stored, in the order of the numbers."""
        return self._parsed[1]

    @property
    def parameters(self) -> pd.DataFrame:
        """One column per parameter; None for null, and where a point has not got it."""
        return self.once("parameters", self._parameters)

    @property
    def _parsed(self) -> tuple[list[int], list[dict[str, Any]]]:
        return self.once("parsed", self.stored.parameters)

    def _parameters(self) -> pd.DataFrame:
        numbers, values = self._parsed
        frame = pd.DataFrame(values, index=pd.Index(numbers, name="point", dtype=np.int64))
        for name in frame.columns[frame.isna().any()]:  # pandas would make floats of the others
            own = [one.get(name) for one in values]
            frame[name] = pd.Series(own, index=frame.index, dtype=object)
        return frame

    @property
    def names(self) -> list[str]:
        """Of the parameters."""
        return [str(name) for name in self.parameters.columns]

    @property
    def distinct(self) -> Mapping[str, int]:
        """How many values each parameter has among the points."""
        return self.once("distinct", self._distinct)

    def _distinct(self) -> Mapping[str, int]:
        frame = self.parameters
        texts = {name: frame[name].map(repr) for name in frame if frame[name].dtype == object}
        return {str(name): texts.get(name, frame[name]).nunique(dropna=False) for name in frame}

    @property
    def varying(self) -> list[str]:
        """Parameters with more than one value among the points."""
        return [name for name, count in self.distinct.items() if count > 1]

    # ---- metrics

    @property
    def objectives(self) -> Mapping[str, Direction]:
        """What the study wants more or less of, by name as its file has it."""
        return self.once("objectives", self.stored.objectives)

    @property
    def extents(self) -> Mapping[Column, Extent]:
        """What there are numbers of, by metric and backend: how many, and between what."""
        return self.once("extents", self._extents)

    def _extents(self) -> Mapping[Column, Extent]:
        stored = self.stored.extents()
        computed = self.shares.columns(stored)
        found = {c: e for c, e in stored.items() if not self.shares.replaces(c)}
        for share, factor in computed.items():
            count = stored[self.shares.count_of(share)]
            found[share] = (
                Extent.of(self.shares.numbers(share)["value"])
                if factor is None
                else Extent(count.count, count.low * factor, count.high * factor)
            )
        towards = {column.towards(self.objectives): extent for column, extent in found.items()}
        return {column: towards[column] for column in sorted(towards, key=order_of)}

    @property
    def columns(self) -> tuple[Column, ...]:
        """Everything that at least one point has a number of, by metric and backend."""
        return tuple(self.extents)

    @property
    def written(self) -> Mapping[Column, str]:
        """The full name of every column: ``open.lut``, or ``vitis.lut.csynth`` if it must be."""
        return self.once("written", lambda: written_names(self.columns))

    def numbers(self, column: Column) -> pd.DataFrame:
        """Its `value`, `low` and `high` (95 % interval); NaN where a point has none."""
        key = (column.metric, column.backend, column.fidelity)
        return self.once(key, lambda: self._numbers(column))

    def _numbers(self, column: Column) -> pd.DataFrame:
        self.extents  # noqa: B018  (which columns are shares is known once these are read)
        if self.shares.is_computed(column):
            return self.shares.numbers(column)
        return self._stored_numbers(column)

    def _stored_numbers(self, column: Column) -> pd.DataFrame:
        return self.stored.numbers(column).reindex(self.parameters.index)

    @property
    def failures(self) -> pd.DataFrame:
        """Failed evaluations, one row each: point, backend, kind, message, hint."""
        return self.once("failures", self.stored.failures)

    @property
    def loads(self) -> pd.DataFrame:
        """How much of its part each point needs, by count: above 1 it does not fit.

        Of several backends' counts, the one closest to the built design counts.
        """
        return self.once("loads", self._loads)

    def _loads(self) -> pd.DataFrame:
        found: dict[str, pd.Series[float]] = {}
        for column in sorted(self.stored.extents(), key=lambda c: -c.fidelity.rank):
            name = self.shares.load_name(column)
            if name:
                load = self.shares.load(column)
                found[name] = found[name].combine_first(load) if name in found else load
        return pd.DataFrame(found, index=self.parameters.index)

    # ---- names and conditions

    def column(self, name: str) -> Column:
        """Return the one column that a name means; see `dse.analysis.columns.find`.

        Raises:
            UsageError: the name means no column, or several.
        """
        counts = {column: extent.count for column, extent in self.extents.items()}
        return find(name, counts, self.objectives)

    def named(self, name: str) -> NamedColumn:
        """What a condition calls `name`: a parameter, or a metric as `column` has it.

        Raises:
            UsageError: there is nothing of that name, or several metrics.
        """
        if name in self.parameters:
            return NamedColumn(self.parameters[name], False)
        if not meant(name, self.columns):
            legal = [*self.names, *(c.metric for c in self.columns)]
            raise UsageError(f"'{name}' is no parameter or metric", hint=nearest(name, legal))
        return NamedColumn(self.numbers(self.column(name))["value"], True)

    def check(self, condition: str) -> Checked:
        """Which points meet a condition, an expression or ``effective=requested``.

        Raises:
            UsageError: it cannot be read, names what is not there, or gives no truth value.
        """
        count = len(self.parameters)
        wants_changed = effective.wants_changed(condition)
        if wants_changed is None:
            return conditions.check(condition, self.named, count)
        changed = self.once("changed", lambda: effective.changed_points(self.results, self.study))
        is_changed = self.parameters.index.isin(list(changed))
        return Checked(is_changed == wants_changed, np.zeros(count, dtype=np.bool_))

    def select(self, texts: Sequence[str]) -> Selection:
        """Points that meet all conditions; raises as `check` does."""
        count = len(self.parameters)
        meets, may, unknown = np.ones(count, bool), np.ones(count, bool), np.zeros(count, bool)
        for text in texts:
            found = self.check(text)
            meets &= found.meets
            may &= found.meets | found.unknown
            unknown |= found.unknown
        return Selection(meets, int((may & unknown).sum()))

    def chosen(self, selection: Selection) -> set[int]:
        """Numbers of selected points."""
        return set(self.parameters.index[selection.mask].tolist())

    # ---- whole points

    def records(self, number: int | None = None, *, replicas: bool = False) -> list[StoredPoint]:
        """Points with all their numbers, the shares of their part among them.

        Args:
            number: only the point of this number.
            replicas: load bootstrap replicas too.
        """
        points = self.results.points(self.study, replicas=replicas, number=number)
        return self.shares.of_records(points)

    def frame(self) -> pd.DataFrame:
        """All points: `point`, the parameters, and ``<backend>_<metric>`` for every number.

        A metric that one backend gives at several fidelities has its fidelity in the name too.
        """
        ordered = sorted(self.columns, key=lambda c: (c.backend, *order_of(c)))
        numbers = {
            self.written[column].replace(".", "_"): self.numbers(column)["value"]
            for column in ordered
        }
        return pd.concat([self.parameters, pd.DataFrame(numbers)], axis=1).reset_index()


def load(database: str = "results.db", study: str | None = None, part: str = "") -> pd.DataFrame:
    """All points of a study, one row each, as `dse export` writes them.

    Args:
        database: a file or a database URL.
        study: its name; the last that was run without it.
        part: whose shares the columns ``…_pct`` have, else those of each design's own part.

    Returns:
        Columns `point`, one per parameter, and `<backend>_<metric>` per number; numbers a point
        has not are NaN.

    Raises:
        dse.contracts.errors.StoreError: there is no such database or study.

    Example:
        >>> import dse
        >>> frame = dse.load(study="bitwidth")
        >>> frame.plot.scatter("total_bits", "bittrue_auc")
    """
    results = Results(database)
    return Points(results, results.study(study).name, part).frame()
