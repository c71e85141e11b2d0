"""Search methods compared: how much of a space's hypervolume each finds, with how many evaluations.

    python benchmarks/searches.py            # prints the tables
    python benchmarks/searches.py --write    # and writes docs/results/search-methods.md

Three spaces are evaluated as a whole, so that all of their hypervolume is known; two have a
parameter for every layer, and the best designs of all searches are what each is held against.
Evaluations and finished searches are kept in ``.dse/searches`` (or the folder that
`DSE_BENCH_SEARCHES` names): an interrupted comparison goes on where it was. A method whose code has
changed is searched with anew.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import search_page as page
from search_evaluator import Evaluator, Lookup
from search_runs import Run, explore, kept, started, version
from search_shares import GOAL, Reference, summary

from dse.contracts.errors import ToolMissingError
from dse.runtime.cache import digest

SPACES = Path(__file__).with_name("spaces")
ENUMERATED = ("jet_mlp", "digits_cnn", "paper_blocks")
LARGE = ("jet_per_layer", "digits_per_layer")
LARGE_BUDGET, LARGE_SEEDS = 200, 10

SHARE, GOAL_SHARE = 0.05, 0.025
"""Shares of an enumerated space that are evaluated, and by which the goal should be reached."""


@dataclass(frozen=True)
class Contender:
    """A method that is compared.

    Args:
        name: of the method of dse, or of the tool outside it.
        seeds: searches on every enumerated space.
        share: of the designs that it evaluates there.
        large_seeds: searches on the spaces per layer.
    """

    name: str
    seeds: int = 10
    share: float = SHARE
    large_seeds: int = LARGE_SEEDS


CONTENDERS = (
    Contender("random"),
    Contender("qmc"),
    Contender("nsga2"),
    Contender("tpe"),
    Contender("gp", share=GOAL_SHARE, large_seeds=0),  # minutes for a search
    Contender("layerwise"),
    Contender("pymoo"),
    Contender("smac3", seeds=3, share=GOAL_SHARE, large_seeds=3),
    Contender("qnehvi", seeds=2, share=GOAL_SHARE, large_seeds=0),  # minutes to hours
)


class Comparison:
    """Searches on one space.

    Args:
        name: of the space.
        folder: of what is kept.
        only_kept: whether nothing new is searched.
    """

    def __init__(self, name: str, folder: Path, *, only_kept: bool = False) -> None:
        self.name, self._folder, self._only_kept = name, folder, only_kept
        self.evaluator = Evaluator(SPACES / f"{name}.yaml", folder)

    def enumerate(self) -> int:
        """Evaluate every design of the space and return how many there are."""
        space = self.evaluator.space
        lengths = [len(axis.rows) for axis in space.axes]
        every = (tuple(map(int, rows)) for rows in np.ndindex(*lengths))
        legal = [rows for rows in every if not space.violations(space.at(rows))]
        for rows in legal:
            self.evaluator.evaluate(rows)
        return len(legal)

    def runs(self, method: str, seeds: int, count: int) -> list[Run]:
        """Return the searches of a method, one for each seed."""
        of = digest(version(method), self.evaluator.identity)[:12]
        start = self._folder / "runs" / f"{self.name}-{method}-{count}"
        files = [start.with_name(f"{start.name}-{seed}-{of}.json") for seed in range(seeds)]
        return [
            self._run(file, method, seed, count)
            for seed, file in enumerate(files)
            if file.exists() or not self._only_kept
        ]

    def _run(self, file: Path, method: str, seed: int, count: int) -> Run:
        space, ways = self.evaluator.space, self.evaluator.directions

        def make() -> Run:
            sys.stderr.write(f"{self.name}: {method}, seed {seed}\n")
            known = Lookup(self.evaluator)
            with started(space, method, ways, seed, count, known) as asked:
                return explore(asked, space, self.evaluator.evaluate, count, seed)

        return kept(file, make)

    def told(self, runs: Sequence[Run], reference: Reference, at: int) -> dict[str, Any]:
        """Return what the searches of a method tell, after `at` evaluations and all along."""
        return {
            **summary([reference.shares(run.rows) for run in runs], at),
            "milliseconds": round(1e3 * float(np.median([run.seconds for run in runs])), 1),
            "repeated": sum(run.repeated for run in runs),
            "illegal": sum(run.illegal for run in runs),
            "by_chance": sum(run.by_chance for run in runs),
        }


def compared(
    name: str, folder: Path, contenders: Sequence[Contender], *, only_kept: bool = False
) -> dict[str, Any]:
    """Return the numbers of one space: methods by name, and what they are held against."""
    comparison = Comparison(name, folder, only_kept=only_kept)
    designs = comparison.enumerate() if name in ENUMERATED else None
    at = LARGE_BUDGET if designs is None else int(GOAL_SHARE * designs)
    runs = {one.name: found for one in contenders if (found := _searched(comparison, one, designs))}
    evaluator = comparison.evaluator
    # of a large space, only what these searches have found
    asked = {rows for found in runs.values() for run in found for rows in run.rows}
    known = {rows: v for rows, v in evaluator.known.items() if designs or rows in asked}
    reference = Reference.of(known, evaluator.directions)
    return {
        "description": evaluator.binding.study.description,
        "designs": designs or evaluator.space.raw_size,
        "at": at,
        "methods": {m: comparison.told(found, reference, at) for m, found in runs.items()},
    }


def _searched(comparison: Comparison, one: Contender, designs: int | None) -> list[Run]:
    """Return the searches of a method; none where it is left out, or lacks a package."""
    seeds = one.large_seeds if designs is None else one.seeds
    count = LARGE_BUDGET if designs is None else int(one.share * designs)
    try:
        return comparison.runs(one.name, seeds, count)
    except ToolMissingError as error:
        sys.stderr.write(f"{one.name}: {error}\n")
        return []


def bench_searches(_: Path) -> Iterator[tuple[str, str, str]]:
    """Compare all methods on all spaces; yield a row per space and method."""
    for name in (*ENUMERATED, *LARGE):
        found = compared(name, folder(), CONTENDERS)
        for method, told in found["methods"].items():
            goal = f"{GOAL:.0%} in {told['reached']} of {told['seeds']} seeds"
            at = f"{told['median']:.1%} after {found['at']}"
            yield f"{name}: {method}", at, f"{goal}; worst {told['worst']:.1%}"


def folder() -> Path:
    """Return where evaluations and searches are kept."""
    return Path(os.environ.get("DSE_BENCH_SEARCHES", ".dse/searches")).resolve()


def main() -> None:
    """Compare, print, and write the page if asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write numbers, picture and page")
    parser.add_argument("--spaces", nargs="*", default=(*ENUMERATED, *LARGE))
    parser.add_argument("--methods", nargs="*", default=[one.name for one in CONTENDERS])
    parser.add_argument("--share", type=float, default=SHARE, help="of a space, at most")
    parser.add_argument("--seeds", type=int, default=10, help="at most")
    parser.add_argument("--kept", action="store_true", help="tell what is kept, search no more")
    given = parser.parse_args()
    contenders = [
        replace(
            one,
            share=min(one.share, given.share),
            seeds=min(one.seeds, given.seeds),
            large_seeds=min(one.large_seeds, given.seeds),
        )
        for one in CONTENDERS
        if one.name in given.methods
    ]
    numbers = {
        name: compared(name, folder(), contenders, only_kept=given.kept) for name in given.spaces
    }
    print(page.tables(numbers))
    if given.write:
        page.write(numbers)


if __name__ == "__main__":
    main()
