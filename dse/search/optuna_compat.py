"""Adapt spelling, messages and warnings between dse and Optuna."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final, Literal

from dse.contracts.metrics import Direction

OPTUNA_DIRECTIONS: Final[Mapping[Direction, Literal["minimize", "maximize"]]] = {
    "minimise": "minimize",
    "maximise": "maximize",
}
"""Optuna's spelling of directions."""


@contextmanager
def quiet_optuna() -> Iterator[None]:
    """Silence Optuna below warnings, and its notes on experimental interfaces.

    Its default level, INFO, logs every study and trial to standard error.
    """
    from optuna import exceptions, logging  # slow to import

    before = logging.get_verbosity()
    logging.set_verbosity(logging.WARNING)
    try:
        with warnings.catch_warnings(action="ignore", category=exceptions.ExperimentalWarning):
            yield
    finally:
        logging.set_verbosity(before)
