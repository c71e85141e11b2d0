"""One search on one space: the designs it evaluates, kept so that they are not searched again."""

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from search_evaluator import Lookup
from search_outside import OUTSIDE, TOOLS, OutsideSearch

import dse.search
from dse.contracts.metrics import Direction
from dse.runtime.cache import digest
from dse.search.candidates import CandidateGenerator, Rows
from dse.search.observed import Observation
from dse.search.proposals import Proposals
from dse.study.space import Space

Values = tuple[float, ...] | None

PATIENCE = 20
"""Proposals in a row that are known or not legal, before a design is drawn by chance instead."""


@dataclass(frozen=True)
class Run:
    """A search.

    Args:
        rows: the designs it evaluated, in order, each once.
        repeated: proposals that were known before; they cost nothing.
        illegal: proposals that break a constraint; they cost nothing.
        by_chance: designs drawn by chance, because the method had no new one.
        seconds: that the method took to choose, per evaluated design.
    """

    rows: list[Rows]
    repeated: int
    illegal: int
    by_chance: int
    seconds: float


class Asked(Protocol):
    """A search that is asked for one design and told its objectives."""

    def ask(self) -> Rows | None:
        """Return the next design."""

    def tell(self, values: Values) -> None:
        """Take the objectives of that design."""


class OwnSearch:
    """A method of dse, one design at a time."""

    def __init__(
        self,
        space: Space,
        method: str,
        directions: Sequence[Direction],
        seed: int,
        known: Lookup | None = None,
    ) -> None:
        self._known = known
        self._proposals = Proposals(space, method, directions, seed, known=known)  # type: ignore[arg-type]
        self._told: list[Observation] = []
        self._rows: Rows = ()

    def ask(self) -> Rows | None:
        """Return the next design."""
        (self._rows,) = self._proposals.next(self._told, 1)
        return self._rows

    def tell(self, values: Values) -> None:
        """Take its objectives."""
        if self._known is not None:
            self._known.tell(self._rows, values)
        self._told.append(Observation(self._rows, values))


@contextmanager
def started(
    space: Space,
    method: str,
    directions: Sequence[Direction],
    seed: int,
    count: int,
    known: Lookup | None = None,
) -> Iterator[Asked]:
    """Yield a search by a method of dse or a tool outside it."""
    if method not in OUTSIDE:
        yield OwnSearch(space, method, directions, seed, known)
        return
    with closing(OutsideSearch(OUTSIDE[method].command, space, directions, seed, count)) as search:
        yield search


def explore(
    asked: Asked, space: Space, evaluate: Callable[[Rows], Values], count: int, seed: int
) -> Run:
    """Return what a search evaluates, up to `count` designs."""
    known: dict[Rows, Values] = {}
    repeated = illegal = by_chance = in_a_row = 0
    seconds = 0.0
    while len(known) < count:
        clock = time.perf_counter()
        rows = asked.ask()
        seconds += time.perf_counter() - clock
        is_legal = rows is not None and not space.violations(space.at(rows))
        repeated += rows in known
        illegal += rows is not None and not is_legal
        in_a_row = 0 if is_legal and rows not in known else in_a_row + 1
        if rows is not None and is_legal and rows not in known:
            known[rows] = evaluate(rows)
        if in_a_row > PATIENCE or rows is None:
            random = np.random.default_rng([seed, len(known)])
            for drawn in CandidateGenerator(space, known, random).draw_random(1):
                known[drawn] = evaluate(drawn)
                by_chance += 1
            in_a_row = 0
        clock = time.perf_counter()
        asked.tell(None if rows is None else known.get(rows))
        seconds += time.perf_counter() - clock
    return Run(list(known), repeated, illegal, by_chance, seconds / count)


def kept(file: Path, make: Callable[[], Run]) -> Run:
    """Return the run that a file keeps; make it where there is none."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(asdict(make())), encoding="utf-8")
    found = json.loads(file.read_text(encoding="utf-8"))
    return Run(**{**found, "rows": [tuple(rows) for rows in found["rows"]]})


def version(method: str) -> str:
    """Return what a run of a method depends on, as text: its code, or that of its runner."""
    if method in OUTSIDE:
        tool = OUTSIDE[method]
        parts = [tool.script.read_text(), (TOOLS / "protocol.py").read_text(), *tool.packages]
    else:
        own = imported("layerwise") if method == "layerwise" else {}
        parts = [*own.values(), _code("proposals")]
    return digest(*parts)[:12]


def imported(module: str) -> dict[str, str]:
    """Return the code of a module of `dse.search`, and of all modules there that it needs."""
    found: dict[str, str] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = _code(name)
            waiting += re.findall(r"^from dse\.search\.(\w+) import", found[name], re.MULTILINE)
    return dict(sorted(found.items()))


def _code(module: str) -> str:
    return Path(dse.search.__path__[0], f"{module}.py").read_text(encoding="utf-8")
