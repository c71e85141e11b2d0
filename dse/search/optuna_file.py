"""Write trials to an Optuna storage in a SQLite file, for optuna-dashboard."""

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
from dse.search.optuna_bulk import add_trials
from dse.search.optuna_compat import OPTUNA_DIRECTIONS, quiet_optuna
from dse.search.optuna_trials import StudyTrials

MARK = "dse_version"
"""User attribute of studies that dse wrote; only these are replaced."""

_TABLES = {"studies", "trials", "version_info"}
"""Tables by which a storage of Optuna is recognised."""

_HINT = "choose a file that does not exist yet"


def write_storage(trials: StudyTrials, file: Path, progress: Callable[[int], None]) -> None:
    """Write a study to a new file, or to an Optuna storage beside its other studies.

    A study of the same name that dse wrote before is replaced.

    Args:
        trials: the study and its trials.
        file: new file, or an Optuna storage.
        progress: called with the number of trials written.

    Raises:
        UsageError: the file is no Optuna storage, is one of another version of Optuna, or has
            a study of that name that dse did not write.
        OSError: the file cannot be written.
    """
    _check(file)
    file.open("ab").close()  # an unwritable file gives OSError, not an error of SQLAlchemy
    with quiet_optuna(), _storage(file) as storage:
        study_id = storage.get_study_id_from_name(_new_study(trials, storage, file).study_name)
    add_trials(file, study_id, trials.trials, progress)


def _check(file: Path) -> None:
    """Check that the file is new, empty or an Optuna storage, not a results database of dse.

    Raises:
        UsageError: the file is something else.
    """
    if not file.exists() or (file.is_file() and not file.stat().st_size):
        return
    if not _tables(file) >= _TABLES:
        raise UsageError("this file exists and is no Optuna storage", where=str(file), hint=_HINT)


def _tables(file: Path) -> set[str]:
    """Return the names of the tables in a SQLite file; none if it is no SQLite file."""
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
    finally:  # else the connection pool keeps the file open
        storage.remove_session()
        storage.engine.dispose()


def _new_study(trials: StudyTrials, storage: RDBStorage, file: Path) -> optuna.Study:
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
    """Return the names of the objectives with their units."""
    pairs = zip(compared.names, compared.columns, strict=True)
    return [f"{name} ({column.unit})" if column.unit else name for name, column in pairs]


def _delete(name: str, storage: RDBStorage, file: Path) -> None:
    """Delete a study that dse wrote.

    Raises:
        UsageError: the study lacks the attribute `MARK`.
    """
    if MARK not in optuna.load_study(study_name=name, storage=storage).user_attrs:
        message = f"this file has a study '{name}' that dse did not write"
        raise UsageError(message, where=str(file), hint=_HINT)
    optuna.delete_study(study_name=name, storage=storage)
