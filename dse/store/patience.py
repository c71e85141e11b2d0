"""Writes to a database server that is restarted are repeated until it answers again."""

import functools
import logging
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from dse.contracts.errors import ServerSilentError

_LOG = logging.getLogger(__name__)

PATIENCE_S = 120.0
"""Seconds for which a server that was there before is waited for."""
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.1, 5.0

P = ParamSpec("P")
T = TypeVar("T")


def patient(transaction: Callable[P, T]) -> Callable[P, T]:
    """Repeat a function while the server does not answer, for two minutes at most.

    The function must be one transaction, and leave the same when it is done twice: where the
    connection breaks at the very end, nobody knows whether the server has committed it.
    """

    @functools.wraps(transaction)
    def repeated(*args: P.args, **kwargs: P.kwargs) -> T:
        end, wait_s = time.monotonic() + PATIENCE_S, _FIRST_WAIT_S
        while True:
            try:
                return transaction(*args, **kwargs)
            except ServerSilentError as error:
                if time.monotonic() + wait_s > end:
                    raise
                if wait_s == _FIRST_WAIT_S:
                    _LOG.warning("%s; waiting for up to %.0f s", error.message, PATIENCE_S)
            time.sleep(wait_s)
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)

    return repeated
