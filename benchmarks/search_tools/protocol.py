"""The lines between the benchmark and a search tool in an environment of its own.

The first line that the tool reads is the question. From then on it writes the rows of a design, or
null where it has none to propose, and reads the costs of that design, or null where it is not legal
or failed. Every line is one JSON value; the end of the input ends the tool. Nothing of dse is
imported here.
"""

import json
import sys
from collections.abc import Callable
from typing import NamedTuple, Protocol


class Question(NamedTuple):
    """A search.

    Args:
        lengths: by axis, how many rows it has.
        ordered: by axis, whether neighbouring rows are alike.
        objectives: number of costs; smaller is better in all.
        seed: of all random choices.
        budget: designs that will be evaluated.
    """

    lengths: list[int]
    ordered: list[bool]
    objectives: int
    seed: int
    budget: int


class Tool(Protocol):
    """A search by some tool, one design at a time."""

    def ask(self) -> list[int] | None:
        """Return the rows of the next design."""

    def tell(self, costs: list[float] | None) -> None:
        """Take the costs of the design that was asked last."""


def serve(make: Callable[[Question], Tool]) -> None:
    """Search until the input ends."""
    answers, sys.stdout = sys.stdout, sys.stderr  # packages print
    tool = make(Question(**json.loads(sys.stdin.readline())))
    while True:
        answers.write(json.dumps(tool.ask()) + "\n")
        answers.flush()
        line = sys.stdin.readline()
        if not line:
            return
        tool.tell(json.loads(line))
