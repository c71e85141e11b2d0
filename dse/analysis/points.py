"""The query engine: a study by columns, each read on first use and then kept in memory.

Commands, `dse.load` and the dashboard all query through this module, so a name, a condition, a
limit and a share of a part mean the same everywhere.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from threading import RLock
from time import perf_counter, sleep
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from dse.analysis import conditions, effective
from dse.analysis.columns import Column, find, meant, order_of, written_names
from dse.analysis.conditions import ConditionResult, Mask, NamedColumn
from dse.analysis.devices import Devices
from dse.analysis.shares import Shares
from dse.analysis.stored_columns import Extent, StoredColumns
from dse.analysis.utilisation import capacity_of_part
from dse.contracts.errors import UsageError, nearest
from dse.contracts.metrics import Direction
from dse.store.queries import Results, StoredPoint

T = TypeVar("T")

_ENOUGH = 2000
"""Points that tell how large the values of a column usually are."""


@dataclass(frozen=True)
class Selection:
    """Points that meet all conditions.

    Args:
        mask: whether each point is selected, (n_points,).
        n_unknown: points that were excluded only because they lack a metric of a condition.
    """

    mask: Mask
    n_unknown: int = 0


class Points:
    """The current points of a study; frames have one row per point, indexed by its number.

    Args:
        results: the database.
        study: name of the study.
        part: device or full part name that shares refer to, instead of the part that each
            design was evaluated for. Counts, cycles and clocks stay as evaluated.

    Raises:
        UsageError: the capacity of the part is not known.
        StoreError: from every method, where the database does not answer.
    """

    def __init__(self, results: Results, study: str, part: str = "") -> None:
        self.study = study
        self.results = results
        self.part = part
        self.stored = StoredColumns(results, study)
        self.spent_s = 0.0
        """Seconds spent on reading and computing so far."""
        self._read_at = perf_counter()
        self._lock = RLock()
        self._known: dict[object, Any] = {}
        capacity = capacity_of_part(part) if part else None
        self.shares = Shares(Devices(results, self.stored.here, capacity), self._stored_numbers)

    def once(self, key: object, make: Callable[[], T]) -> T:
        """Return the result of `make`, called once per key; other threads wait for it."""
        if key not in self._known:
            with self._lock:
                if key not in self._known:
                    self._known[key] = self._timed(make)
        return self._known[key]  # type: ignore[no-any-return]

    def _timed(self, make: Callable[[], T]) -> T:
        before, start = self.spent_s, perf_counter()
        made = make()
        # Calls nest: time that `make` added itself is within this span, so it is not added twice.
        self._read_at = perf_counter()
        self.spent_s = before + self._read_at - start
        return made

    def read_all(self, quiet_s: float) -> None:
        """Read all columns, so that later queries do not wait for the database.

        Others go first: each column is read only when nobody has read for `quiet_s` seconds.
        """
        self._wait(quiet_s)
        for column in self.columns:
            self._wait(quiet_s)
            self.numbers(column)

    def _wait(self, quiet_s: float) -> None:
        while not self._is_quiet(quiet_s):
            sleep(quiet_s / 4)

    def _is_quiet(self, quiet_s: float) -> bool:
        if not self._lock.acquire(blocking=False):
            return False  # it is read this moment
        self._lock.release()
        return perf_counter() - self._read_at > quiet_s

    # ---- parameters

    @property
    def assignments(self) -> list[dict[str, Any]]:
        """Parameters of every point as stored, ordered by number of the point."""
        return self._parsed[1]

    @property
    def parameters(self) -> pd.DataFrame:
        """One column per parameter; None for null and for parameters that a point lacks."""
        return self.once("parameters", self._parameters)

    @property
    def _parsed(self) -> tuple[list[int], list[dict[str, Any]]]:
        return self.once("parsed", self.stored.parameters)

    def _parameters(self) -> pd.DataFrame:
        numbers, values = self._parsed
        index = pd.Index(numbers, name="point", dtype=np.int64)
        names = dict.fromkeys(chain.from_iterable(values))
        # by columns, which takes a third of the time of a frame of records
        frame = pd.DataFrame({name: [one.get(name) for one in values] for name in names}, index)
        # A column with a missing value would turn whole numbers into floats and None into NaN.
        for name in frame.columns[frame.isna().any()]:
            own = [one.get(name) for one in values]
            frame[name] = pd.Series(own, index=index, dtype=object)
        return frame

    @property
    def names(self) -> list[str]:
        """Names of the parameters."""
        return [str(name) for name in self.parameters.columns]

    @property
    def distinct(self) -> Mapping[str, int]:
        """Number of distinct values of each parameter among the points."""
        return self.once("distinct", self._distinct)

    def _distinct(self) -> Mapping[str, int]:
        frame = self.parameters
        # by `repr`: lists and mappings are not hashable, and 1 differs from true and "1"
        texts = {name: frame[name].map(repr) for name in frame if frame[name].dtype == object}
        return {str(name): texts.get(name, frame[name]).nunique(dropna=False) for name in frame}

    @property
    def varying(self) -> list[str]:
        """Parameters with more than one value among the points."""
        return [name for name, count in self.distinct.items() if count > 1]

    # ---- metrics

    @property
    def objectives(self) -> Mapping[str, Direction]:
        """Direction of each objective, by its name in the study file."""
        return self.once("objectives", self.stored.objectives)

    @property
    def columns(self) -> tuple[Column, ...]:
        """Columns in which at least one point has a number, ordered by metric and backend."""
        return self.once("columns", self._columns)

    def _columns(self) -> tuple[Column, ...]:
        computed = self.shares.columns(self._stored_here)
        found = [c for c in self._stored_here if not self.shares.replaces(c)]
        # those that differ in their direction alone are one column
        towards = {column.towards(self.objectives) for column in [*found, *computed]}
        return tuple(sorted(towards, key=order_of))

    @property
    def _stored_here(self) -> list[Column]:
        return self.once("stored columns", self.stored.columns)

    def extent(self, column: Column) -> Extent:
        """Return the number of values of a column, the least and the largest."""
        key = ("extent", column.metric, column.backend, column.fidelity)
        return self.once(key, lambda: Extent.of(self.numbers(column)["value"]))

    @property
    def written(self) -> Mapping[Column, str]:
        """Full name of every column: ``open.lut``, or ``vitis.lut.csynth`` if ambiguous."""
        return self.once("written", lambda: written_names(self.columns))

    def numbers(self, column: Column) -> pd.DataFrame:
        """Return `value`, `low` and `high` (95 % interval) of a column; NaN for missing ones."""
        key = (column.metric, column.backend, column.fidelity)
        return self.once(key, lambda: self._numbers(column))

    def _numbers(self, column: Column) -> pd.DataFrame:
        self.columns  # noqa: B018  (which columns are shares is known once these are read)
        if self.shares.is_computed(column):
            return self.shares.numbers(column)
        return self._stored_numbers(column)

    def usual(self, column: Column) -> float:
        """Return the median of a stored column; NaN if it has no values.

        Of a large study it is that of points at equal distances, so that not all are read.
        """
        key = ("usual", column.metric, column.backend, column.fidelity)

        def median() -> float:
            some = self.stored.numbers(column, max(len(self.parameters) // _ENOUGH, 1))
            # what few points have may be none of theirs
            found = self.numbers(column) if some.empty else some
            return float(found["value"].median())

        return self.once(key, median)

    def _stored_numbers(self, column: Column) -> pd.DataFrame:
        return self.stored.numbers(column).reindex(self.parameters.index)

    @property
    def failures(self) -> pd.DataFrame:
        """Failed evaluations, one row each: point, backend, kind, message, hint."""
        return self.once("failures", self.stored.failures)

    @property
    def loads(self) -> pd.DataFrame:
        """Share of its part that each point needs, one column per capacity: above 1, no fit.

        Where several backends give a count, the one of the highest fidelity is used.
        """
        return self.once("loads", self._loads)

    def _loads(self) -> pd.DataFrame:
        found: dict[str, pd.Series[float]] = {}
        for column in sorted(self._stored_here, key=lambda c: -c.fidelity.rank):
            name = self.shares.load_name(column)
            if name:
                load = self.shares.load(column)
                found[name] = found[name].combine_first(load) if name in found else load
        return pd.DataFrame(found, index=self.parameters.index)

    # ---- names and conditions

    def column(self, name: str) -> Column:
        """Return the one column that a name stands for; see `dse.analysis.columns.find`.

        Raises:
            UsageError: the name matches no column, or several.
        """
        return find(name, self.columns, self.objectives, lambda one: self.extent(one).count)

    def named(self, name: str) -> NamedColumn:
        """Return the values of a name in a condition: of a parameter, else of a metric.

        Raises:
            UsageError: no parameter or metric has that name, or it matches several metrics.
        """
        if name in self.parameters:
            return NamedColumn(self.parameters[name], False)
        if not meant(name, self.columns):
            legal = [*self.names, *(c.metric for c in self.columns)]
            raise UsageError(f"there is no parameter or metric '{name}'", hint=nearest(name, legal))
        return NamedColumn(self.numbers(self.column(name))["value"], True)

    def check(self, condition: str) -> ConditionResult:
        """Evaluate a condition for every point: an expression, or ``effective=requested``.

        Raises:
            UsageError: the condition is malformed, names something unknown, or its value is
                neither true nor false.
        """
        count = len(self.parameters)
        wants_changed = effective.wants_changed(condition)
        if wants_changed is None:
            return conditions.check(condition, self.named, count)
        changed = self.once("changed", lambda: effective.changed_points(self.results, self.study))
        is_changed = self.parameters.index.isin(list(changed))
        return ConditionResult(is_changed == wants_changed, np.zeros(count, dtype=np.bool_))

    def select(self, texts: Sequence[str]) -> Selection:
        """Return the points that meet all conditions; raises as `check` does."""
        count = len(self.parameters)
        # `may` marks points that would meet all conditions if the missing metrics allowed it
        meets, may, unknown = np.ones(count, bool), np.ones(count, bool), np.zeros(count, bool)
        for text in texts:
            found = self.check(text)
            meets &= found.meets
            may &= found.meets | found.unknown
            unknown |= found.unknown
        return Selection(meets, int((may & unknown).sum()))

    def chosen(self, selection: Selection) -> set[int]:
        """Return the numbers of the selected points."""
        return set(self.parameters.index[selection.mask].tolist())

    # ---- whole points

    def records(self, number: int | None = None, *, replicas: bool = False) -> list[StoredPoint]:
        """Return points with all their metrics, including shares of their part.

        Args:
            number: read this point only.
            replicas: whether to read bootstrap replicas too.
        """
        points = self.results.points(self.study, replicas=replicas, number=number)
        return self.shares.of_records(points)

    def frame(self) -> pd.DataFrame:
        """Return all points: columns `point`, the parameters, and ``<backend>_<metric>``.

        Where a backend gives a metric at several fidelities, the name ends in the fidelity.
        """
        ordered = sorted(self.columns, key=lambda c: (c.backend, *order_of(c)))
        numbers = {
            self.written[column].replace(".", "_"): self.numbers(column)["value"]
            for column in ordered
        }
        return pd.concat([self.parameters, pd.DataFrame(numbers)], axis=1).reset_index()


def load(database: str = "results.db", study: str | None = None, part: str = "") -> pd.DataFrame:
    """Return all points of a study, one row each, as `dse export` writes them.

    Args:
        database: a file or a database URL.
        study: name; by default the study that was run last.
        part: part that the columns ``…_pct`` refer to; by default each design's own part.

    Returns:
        Columns `point`, one per parameter, and `<backend>_<metric>` per metric; NaN where a
        point lacks a metric.

    Raises:
        dse.contracts.errors.StoreError: the database or the study does not exist.
        dse.contracts.errors.UsageError: the capacity of the part is not known.

    Example:
        >>> import dse
        >>> frame = dse.load(study="bitwidth")
        >>> frame.plot.scatter("total_bits", "bittrue_auc")
    """
    results = Results(database)
    return Points(results, results.study(study).name, part).frame()
