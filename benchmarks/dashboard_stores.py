"""Large stores for the dashboard benchmark: invented numbers in the tables of real runs."""

import math
import random
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import optuna

from dse.contracts.backend import Outcome
from dse.contracts.metrics import Fidelity, Metric
from dse.store.records import StudyRecord
from dse.store.store import Store
from dse.testing.stores import evaluation

OBJECTIVES = {"auc": "maximise", "latency_ns": "minimise"}
_BITS, _REUSE, _CHUNK = range(2, 34), (1, 2, 4, 8, 16, 32), 20_000


def designs(count: int) -> Iterator[tuple[dict[str, int], float, float, float]]:
    """Yield parameters, AUC, latency (ns) and LUT; the front has a few hundred points."""
    chance = random.Random(1)
    for number in range(count):
        bits, reuse = _BITS[number % len(_BITS)], _REUSE[number // 32 % len(_REUSE)]
        auc = 1 - 0.5 * math.exp(-bits / 6) - 0.02 * chance.random()
        latency_ns = 5.0 * (20 + 3 * reuse + bits) * (1 + 0.2 * chance.random())
        lut = 400.0 * bits**2 / reuse * (1 + 0.3 * chance.random())
        yield {"total_bits": bits, "reuse_factor": reuse, "seed": number}, auc, latency_ns, lut


def make_store(file: Path, studies: Sequence[int]) -> None:
    """Write a store with one study per number of points, through the same `Store` as `dse run`."""
    store = Store(str(file))
    for study, count in enumerate(studies):
        record = StudyRecord(f"study_{study}", "made for a benchmark", "", "", OBJECTIVES)  # type: ignore[arg-type]
        row = store.save_study(record)
        rows = list(designs(count))
        points = store.save_points(row, [parameters for parameters, *_ in rows])
        for start in range(0, count, _CHUNK):
            chunk = range(start, min(start + _CHUNK, count))
            done = [evaluation(f"{study} {i}", _outcome(*rows[i][1:])) for i in chunk]
            store.record(
                done, {e.job.key: [points[i].id] for i, e in zip(chunk, done, strict=True)}
            )
        store.set_state(row, "done")
    store.close()


def _outcome(auc: float, latency_ns: float, lut: float) -> Outcome:
    low, high = auc - 0.002, auc + 0.002
    return Outcome(
        (
            Metric.of("auc", auc, Fidelity.EMULATED, low=low, high=high),
            Metric.of("latency_ns", latency_ns, Fidelity.RTL),
            Metric.of("lut", lut, Fidelity.CSYNTH),
        )
    )


def make_optuna_store(file: Path, studies: Sequence[int]) -> None:
    """Write the same as Optuna studies with two objectives; by SQL, because its API is slow."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    directions = ["maximize", "minimize"]
    for study in range(len(studies)):
        optuna.create_study(
            study_name=f"study_{study}", storage=f"sqlite:///{file}", directions=directions
        )
    with sqlite3.connect(file) as connection:
        ids = [row[0] for row in connection.execute("select study_id from studies order by 1")]
        first = 1
        for study_id, count in zip(ids, studies, strict=True):
            _fill_optuna(connection, study_id, first, count)
            first += count


def _fill_optuna(connection: sqlite3.Connection, study: int, first: int, count: int) -> None:
    when = "2026-01-02 03:04:05.000000"
    kind = '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000000}}'  # noqa: E501
    rows = list(enumerate(designs(count)))
    connection.executemany(
        "insert into trials (trial_id, number, study_id, state, datetime_start, datetime_complete)"
        " values (?, ?, ?, 'COMPLETE', ?, ?)",
        ((first + n, n, study, when, when) for n, _ in rows),
    )
    connection.executemany(
        "insert into trial_params (trial_id, param_name, param_value, distribution_json)"
        " values (?, ?, ?, ?)",
        ((first + n, key, v, kind) for n, (p, *_) in rows for key, v in p.items()),
    )
    connection.executemany(
        "insert into trial_values (trial_id, objective, value, value_type)"
        " values (?, ?, ?, 'FINITE')",
        ((first + n, at, value) for n, (_, *v) in rows for at, value in enumerate(v[:2])),
    )
