"""Write many trials into the tables of an Optuna storage at once.

`optuna.Study.add_trial` commits several times for each trial, which takes about 20 ms; one
transaction for many trials takes a fiftieth of that. The tables are those of the version of
Optuna that made the file, and a test holds what Optuna reads back to what `add_trial` gives.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from math import isinf
from pathlib import Path
from typing import Any

from optuna.distributions import BaseDistribution, distribution_to_json
from optuna.trial import FrozenTrial

_AT_ONCE = 2000
"""Trials of one transaction."""
_TRIAL = (
    "INSERT INTO trials"
    " (trial_id, number, study_id, state, datetime_start, datetime_complete)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)
_PARAMETER = (
    "INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json)"
    " VALUES (?, ?, ?, ?)"
)
_VALUE = "INSERT INTO trial_values (trial_id, objective, value, value_type) VALUES (?, ?, ?, ?)"
_USER = "INSERT INTO trial_user_attributes (trial_id, key, value_json) VALUES (?, ?, ?)"
_SYSTEM = "INSERT INTO trial_system_attributes (trial_id, key, value_json) VALUES (?, ?, ?)"


def add_trials(
    file: Path, study_id: int, trials: Sequence[FrozenTrial], progress: Callable[[int], None]
) -> None:
    """Add finished trials to an empty study of a storage in a SQLite file.

    Args:
        file: the storage; no connection to it is writing.
        study_id: row of the study.
        trials: complete or failed trials, in their order.
        progress: called with the number of trials written.
    """
    with closing(sqlite3.connect(file)) as connection:
        (last,) = connection.execute("SELECT COALESCE(MAX(trial_id), 0) FROM trials").fetchone()
        written = _Distributions()
        numbered = ((last + 1 + number, number, trial) for number, trial in enumerate(trials))
        while rows := list(islice(numbered, _AT_ONCE)):
            with connection:  # one transaction
                _insert(connection, study_id, rows, written)
            progress(rows[-1][1] + 1)


class _Distributions:
    """Distributions as JSON, each written once."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[BaseDistribution, str]] = {}

    def json(self, distribution: BaseDistribution) -> str:
        """Return a distribution as JSON."""
        # held with its text, so that no other object takes its id
        known = self._known.get(id(distribution))
        if known is None:
            known = distribution, distribution_to_json(distribution)
            self._known[id(distribution)] = known
        return known[1]


Rows = Sequence[tuple[int, int, FrozenTrial]]
"""Trials with their row and number."""


def _insert(
    connection: sqlite3.Connection, study_id: int, rows: Rows, written: _Distributions
) -> None:
    heads = ((row, n, study_id, t.state.name, *_times(t)) for row, n, t in rows)
    connection.executemany(_TRIAL, heads)
    connection.executemany(_PARAMETER, _parameters(rows, written))
    connection.executemany(_VALUE, _values(rows))
    for statement, name in ((_USER, "user_attrs"), (_SYSTEM, "system_attrs")):
        connection.executemany(statement, _attributes(rows, name))


def _times(trial: FrozenTrial) -> tuple[str | None, ...]:
    """Return start and end, as SQLAlchemy writes times to SQLite."""
    times = (trial.datetime_start, trial.datetime_complete)
    return tuple(at.strftime("%Y-%m-%d %H:%M:%S.%f") if at else None for at in times)


def _parameters(rows: Rows, written: _Distributions) -> Iterator[tuple[Any, ...]]:
    for row, _, trial in rows:
        for name, value in trial.params.items():
            distribution = trial.distributions[name]
            inner = distribution.to_internal_repr(value)
            yield row, name, inner, written.json(distribution)


def _values(rows: Rows) -> Iterator[tuple[Any, ...]]:
    for row, _, trial in rows:
        for objective, value in enumerate(trial.values or ()):
            kind = ("INF_POS" if value > 0 else "INF_NEG") if isinf(value) else "FINITE"
            yield row, objective, value if kind == "FINITE" else None, kind


def _attributes(rows: Rows, name: str) -> Iterator[tuple[Any, ...]]:
    for row, _, trial in rows:
        for key, value in getattr(trial, name).items():
            yield row, key, json.dumps(value)
