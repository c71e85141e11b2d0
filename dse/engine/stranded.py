"""Work of a cluster that no node can take any more: what of it Ray holds, and how long it waits."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dse.contracts.errors import NoNodeError
from dse.engine.placing import Demand, fits
from dse.formatting import duration

PATIENCE_S = 600.0
"""Longest wait for a node: clusters that scale take minutes to start one."""

_REPORT_S = 10.0
"""Time for Ray to report the death of tasks that ran on a node, once the node is seen to be dead.

Only tasks that it does not report did not run.
"""

Kind = tuple[str, str]
"""What tasks have in common that run on the same nodes: their backend, and the tools in the key."""


class Held:
    """Finds what Ray holds for nodes that are gone: it would hold it for ever."""

    def __init__(self) -> None:
        self._since: dict[Any, float] = {}

    def stranded(
        self, demands: Mapping[Any, Demand], alive: Mapping[str, Mapping[str, float]]
    ) -> list[Any]:
        """Return the tasks of Ray that no node alive has been able to take for some seconds.

        Args:
            demands: of what Ray holds now, by task.
            alive: what the nodes that are alive offer, by id.
        """
        now = time.monotonic()
        left = [one for one, wanted in demands.items() if not fits(wanted, alive)]
        self._since = {one: self._since.get(one, now) for one in left}
        return [one for one, since in self._since.items() if now - since >= _REPORT_S]


class Waiting:
    """Says once that work waits for a node that can take it, and ends the wait in time.

    Args:
        notice: called with a sentence when a wait begins.
        patience_s: longest wait.
    """

    def __init__(self, notice: Callable[[str], None], patience_s: float) -> None:
        self._notice, self._patience_s = notice, patience_s
        self._since: dict[Kind, float] = {}

    def look(self, kind: Kind, *, can_run: bool) -> None:
        """Note whether any node can take a kind of tasks now."""
        if can_run:
            self._since.pop(kind, None)
        elif kind not in self._since:
            self._since[kind] = time.monotonic()
            self._notice(
                f"no node of the cluster can run backend {kind[0]} now: its work waits for a node "
                f"that can take it; if none has joined in {duration(self._patience_s)}, the run "
                "ends when its other work is done"
            )

    def check(self, kinds: Iterable[Kind]) -> None:
        """Raise an error if tasks of these kinds have waited for too long.

        Raises:
            NoNodeError: for any of them.
        """
        now = time.monotonic()
        over = [k for k in kinds if now - self._since.get(k, now) >= self._patience_s]
        if over:
            names, long = ", ".join(sorted({name for name, _ in over})), duration(self._patience_s)
            raise NoNodeError(
                f"no node of the cluster could run backend {names} for {long}",
                hint="let a node with its tools and licence tokens join, and run the same command "
                "again: what is stored is not repeated",
            )
