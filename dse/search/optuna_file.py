"""An Optuna storage in a SQLite file, as optuna-dashboard opens it."""

import sqlite3
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.storages import RDBStorage

from dse import __version__
from dse.analysis.comparison import Comparison
from dse.contracts.errors import UsageError
from dse.search.optuna_compat import OPTUNA_DIRECTIONS, quiet_optuna
from dse.search.optuna_trials import Trials

MARK = "dse_version"
"""User attribute of studies that came from here, which may be replaced."""

_TABLES = {"studies", "trials", "version_info"}
_HINT = "choose a file that is not there yet"


def write_storage(trials: Trials, file: Path, progress: Callable[[int], None]) -> None:
    """Write a study into a new file, or into one beside other studies of Optuna's.

    What was written of the same study before is replaced. A trial takes about 20 ms.

    Args:
        trials: of the study.
        file: where.
        progress: told after each trial how many there are.

    Raises:
        UsageError: the file is something else, or has a study of that name from elsewhere.
        OSError: the file cannot be written.
    """
    _check(file)
    file.open("ab").close()  # fails as files do, not as databases do
    with quiet_optuna(), _storage(file) as storage:
        study = _new_study(trials, storage, file)
        for count, trial in enumerate(trials.trials, 1):
            study.add_trial(trial)
            progress(count)


def _check(file: Path) -> None:
    """Leave alone what is no storage of Optuna's, above all a database of ours."""
    if not file.exists() or (file.is_file() and not file.stat().st_size):
        return
    if not _tables(file) >= _TABLES:
        raise UsageError("is there and is no storage of Optuna's", where=str(file), hint=_HINT)


def _tables(file: Path) -> set[str]:
    uri = f"file:{quote(str(file))}?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            return {str(name) for (name,) in rows}
    except sqlite3.DatabaseError:
        return set()


@contextmanager
def _storage(file: Path) -> Iterator[RDBStorage]:
    try:
        storage = RDBStorage(f"sqlite:///{file}")
    except RuntimeError as error:  # another version's schema
        raise UsageError(str(error), where=str(file), hint=_HINT) from error
    try:
        yield storage
    finally:
        storage.remove_session()
        storage.engine.dispose()


def _new_study(trials: Trials, storage: RDBStorage, file: Path) -> optuna.Study:
    summary, compared = trials.summary, trials.compared
    if summary.name in optuna.get_all_study_names(storage):
        _delete(summary.name, storage, file)
    directions = [OPTUNA_DIRECTIONS[direction] for direction in compared.directions]
    study = optuna.create_study(storage=storage, study_name=summary.name, directions=directions)
    study.set_user_attr(MARK, __version__)
    study.set_user_attr("description", summary.description)
    for name, column in zip(compared.names, compared.columns, strict=True):
        study.set_user_attr(name, f"{column.fidelity} from {column.backend}")
    with warnings.catch_warnings(action="ignore", category=ExperimentalWarning):
        study.set_metric_names(_titles(compared))
    return study


def _titles(compared: Comparison) -> list[str]:
    """Names of the objectives with their units."""
    pairs = zip(compared.names, compared.columns, strict=True)
    return [f"{name} ({column.unit})" if column.unit else name for name, column in pairs]


def _delete(name: str, storage: RDBStorage, file: Path) -> None:
    if MARK not in optuna.load_study(study_name=name, storage=storage).user_attrs:
        message = f"has a study '{name}' that did not come from dse"
        raise UsageError(message, where=str(file), hint=_HINT)
    optuna.delete_study(study_name=name, storage=storage)
