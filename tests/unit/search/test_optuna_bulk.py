"""Trials that are written at once are those that Optuna writes one by one."""

import math
import time
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from dse.search.optuna_bulk import add_trials
from dse.search.optuna_compat import quiet_optuna

SPACE: dict[str, Any] = {
    "bits": IntDistribution(2, 64, log=True),
    "share": FloatDistribution(0.0, 1.0),
    "mode": CategoricalDistribution(["a\u0000b", "日本 ünï", None, True]),
}


def trial(number: int) -> FrozenTrial:
    modes = SPACE["mode"].choices
    failed = number % 5 == 4
    return create_trial(
        state=TrialState.FAIL if failed else TrialState.COMPLETE,
        values=None if failed else [float(number), math.inf if number == 3 else -1e300],
        params={"bits": 2 + number % 62, "share": number / 1e4, "mode": modes[number % 4]},
        distributions=SPACE,
        user_attrs={"point": number, "list": [1, None, "x"], "text": "'; DROP TABLE trials"},
        system_attrs={"constraints": [number - 2.5]},
    )


def study_in(file: Path) -> optuna.Study:
    return optuna.create_study(
        storage=f"sqlite:///{file}", study_name="s", directions=["minimize", "maximize"]
    )


def row_of(file: Path) -> int:
    return optuna.storages.RDBStorage(f"sqlite:///{file}").get_study_id_from_name("s")


@pytest.mark.parametrize("before", [0, 3], ids=["new file", "beside another study"])
def test_optuna_reads_the_same_trials(tmp_path: Path, before: int) -> None:
    trials = [trial(number) for number in range(8)]
    with quiet_optuna():
        for name in ("bulk", "single"):
            if before:
                other = optuna.create_study(
                    storage=f"sqlite:///{tmp_path / name}", directions=["minimize", "maximize"]
                )
                other.add_trials(trials[:before])
        bulk, single = study_in(tmp_path / "bulk"), study_in(tmp_path / "single")
        single.add_trials(trials)
        counts: list[int] = []
        study_id = row_of(tmp_path / "bulk")
        add_trials(tmp_path / "bulk", study_id, trials, counts.append)
        found, wanted = bulk.get_trials(), single.get_trials()
    assert found == wanted
    assert [one.number for one in found] == list(range(8))
    assert counts == [8]


def test_a_thousand_trials_a_second(tmp_path: Path) -> None:
    trials = [trial(number) for number in range(3000)]
    with quiet_optuna():
        study_in(tmp_path / "bulk")
        study_id = row_of(tmp_path / "bulk")
    began = time.process_time()  # that of this process: the machine may be busy
    add_trials(tmp_path / "bulk", study_id, trials, lambda _: None)
    assert time.process_time() - began < 3
