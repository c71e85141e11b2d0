"""Whether nextpnr's router has stalled, told from its log.

Neither router of nextpnr gives up by itself: each goes on while connections are left, and may rip
up the same few of them for ever. Both write lines of their progress. Such lines are counted here,
and no time, so that a machine's speed or load does not decide which seeds are given up.
"""

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Router:
    """A router of nextpnr.

    Args:
        progress: finds what is left in a line of its progress, when the line is complete.
        unit: what is counted there.
        steps: what it has done from one line to the next.
        least: lines without progress that are waited for, at least.
        per_thousand: such lines for every 1,000 that are left, where these are more.
    """

    progress: re.Pattern[str]
    unit: str
    steps: str
    least: int
    per_thousand: int

    def patience(self, left: int) -> int:
        """Return how many lines without progress are waited for."""
        return max(self.least, left * self.per_thousand // 1000)


ROUTERS = (
    # router1, of ECP5 and Gowin, writes one for 1,000 tries:
    # "Info:      23000 |     9110      13889 |  540   460 |        27|       2.10      60.31|"
    # Ten tries for each that is left. In 50 routes without a stall, at most two lines in a row
    # had no fewer left.
    Router(
        re.compile(r"\|\s*(\d+)\|[\s\d.]+\|$", re.MULTILINE),
        "connections",
        ",000 tries",
        least=5,
        per_thousand=10,
    ),
    # router2, of CrossLink-NX, writes one for an iteration over what is left:
    # "Info:     iter=7 wires=5621 overused=13 overuse=13 tmgfail=0 archfail=NA"
    Router(
        re.compile(r"overused=(\d+) "),
        "overused wires",
        " iterations",
        least=50,
        per_thousand=0,
    ),
)


def rule() -> list[list[str | int]]:
    """Return what decides whether a log is one of a stall, for keys of what was given up."""
    return [[router.progress.pattern, router.least, router.per_thousand] for router in ROUTERS]


def stall(log: str) -> str:
    """Return why the router is to be given up; empty where it makes progress.

    It has stalled where the least number that was left has stood for too many lines. A log with
    such a place is that of a stalled router however it goes on, so that it does not matter when it
    is read.
    """
    for router in ROUTERS:
        found = _stalled(map(int, router.progress.findall(log)), router)
        if found:
            left, lines = found
            later = f"{lines}{router.steps} later"
            return f"the router had {left:,} {router.unit} left, and no fewer {later}"
    return ""


def _stalled(numbers: Iterable[int], router: Router) -> tuple[int, int] | None:
    """Return the least number left and for how many lines it stood, where that was too long.

    Where nothing is left a route has ended, and what follows is another.
    """
    least, stood = sys.maxsize, 0
    for left in numbers:
        least, stood = (left, 0) if left < least else (least, stood + 1)
        if left == 0:
            least, stood = sys.maxsize, 0
        elif stood >= router.patience(least):
            return least, stood
    return None
