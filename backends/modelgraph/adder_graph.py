"""Products with a constant matrix as a graph of additions: distributed arithmetic.

Reuse factor 1 without multipliers: every weight is a sum of signed powers of two, and partial
sums that several outputs need are computed once. `da4ml` finds the graph (Sun et al.,
arXiv:2507.04535); hls4ml's strategy ``distributed_arithmetic`` builds the same with the same
options. Values are exact at every place: there is no accumulator type.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.fixed_point import FixedType
from dse.contracts.errors import EvaluationError, FailureKind
from dse.contracts.extras import install_hint
from dse.contracts.parameters import Assignment

STRATEGY = "distributed_arithmetic"
"""hls4ml's name of the strategy."""

_EXTRA_LEVELS = 2
"""Levels of additions beyond the fewest that are possible, as hls4ml allows (DA_HARD_DC)."""

_EXACT = 2**24
"""Integers below it are exact in float32, in which da4ml takes the matrix."""


@dataclass(frozen=True)
class Term:
    """A node with a sign and a power of two: ``±2**shift * node``.

    Args:
        node: an input, or ``inputs + i`` for addition i.
        shift: exponent; may be negative.
        negative: whether it is subtracted.
    """

    node: int
    shift: int = 0
    negative: bool = False

    def scaled(self, shift: int, *, negative: bool) -> "Term":
        """Return the term times ``±2**shift``."""
        return Term(self.node, self.shift + shift, self.negative != negative)


@dataclass(frozen=True)
class Addition:
    """A sum of two terms, of which the first is positive.

    Args:
        left: the positive term.
        right: added, or subtracted.
        level: additions on the longest way from an input, this one included.
    """

    left: Term
    right: Term
    level: int


@dataclass(frozen=True)
class AdderGraph:
    """Additions that compute the product of a vector with a constant matrix.

    Args:
        inputs: elements of the vector.
        additions: in an order in which each reads inputs and earlier ones only.
        outputs: one term each; None for zero.
        luts: da4ml's own estimate: one look-up table per bit that an addition computes.
    """

    inputs: int
    additions: tuple[Addition, ...]
    outputs: tuple[Term | None, ...]
    luts: int

    @property
    def depth(self) -> int:
        """Additions on the longest way from an input to an output."""
        return max((addition.level for addition in self.additions), default=0)

    def level(self, node: int) -> int:
        """Return the level of a node; 0 for an input."""
        return _level(node, self.inputs, self.additions)


def _level(node: int, inputs: int, additions: Sequence[Addition]) -> int:
    return 0 if node < inputs else additions[node - inputs].level


def adder_graph(matrix: NDArray[Any], given: FixedType) -> AdderGraph:
    """Return the graph for integer weights (n_in, n_out) and inputs of a type.

    Raises:
        EvaluationError: ``tool_missing`` without da4ml; ``invalid_point`` for weights of more
            than 24 bits.
    """
    weights = np.asarray(matrix)
    if max(abs(int(weights.min())), abs(int(weights.max()))) >= _EXACT:
        raise EvaluationError(
            FailureKind.INVALID_POINT,
            "strategy distributed_arithmetic takes weights of at most 24 bits",
            hint="give the weights a narrower type in layer_precision, or use strategy: latency",
        )
    content = np.asarray(weights, dtype=np.float32)
    return _solved(content.tobytes(), content.shape, given.low, given.high)


@lru_cache(maxsize=64)
def _solved(content: bytes, shape: tuple[int, int], low: int, high: int) -> AdderGraph:
    """Return the graph of a float32 matrix; one for the cost and the circuit of a layer."""
    matrix = np.frombuffer(content, np.float32).reshape(shape).copy()  # writable, for da4ml
    builder = _Builder(shape[0])
    if not matrix.any():
        return AdderGraph(shape[0], (), (None,) * shape[1], 0)
    found = solver()(
        matrix,
        hard_dc=_EXTRA_LEVELS,
        qintervals=[(float(low), float(high), 1.0)] * shape[0],
        adder_size=1,
        carry_size=-1,
    )
    terms: Sequence[Term | None] = [Term(number) for number in range(shape[0])]
    for stage in found.solutions:
        terms = builder.append(stage, terms)
    luts = sum(op.cost for stage in found.solutions for op in stage.ops)
    return AdderGraph(shape[0], tuple(builder.additions), tuple(terms), round(luts))


def solver() -> Any:
    """Return da4ml's solver.

    Raises:
        EvaluationError: ``tool_missing``: it is not installed.
    """
    try:
        from da4ml.cmvm import solve
    except ImportError as error:
        raise EvaluationError(
            FailureKind.TOOL_MISSING,
            f"strategy {STRATEGY} needs the package da4ml",
            hint=install_hint(error),
        ) from error
    return solve


def with_solver(tool: str, parameters: Assignment) -> str:
    """Return names and versions of tools, with da4ml where the parameters need it.

    Args:
        tool: of the backend, as `dse.contracts.backend.Backend.tools_used` has them.
        parameters: of the job.
    """
    if parameters["strategy"] != STRATEGY:
        return tool
    try:
        return f"{tool}, da4ml {version('da4ml')}"
    except PackageNotFoundError:
        return tool


class _Builder:
    """The additions of da4ml's stages, one after the other."""

    def __init__(self, inputs: int) -> None:
        self.inputs = inputs
        self.additions: list[Addition] = []

    def append(self, stage: Any, inputs: Sequence[Term | None]) -> list[Term | None]:
        """Add a stage (`da4ml.types.CombLogic`) that reads some terms; return its outputs."""
        found: list[Term | None] = []
        for op in stage.ops:
            found.append(self._term(op, found, inputs, stage.inp_shifts))
        return list(self._outputs(stage, found))

    def _term(
        self,
        op: Any,
        found: Sequence[Term | None],
        inputs: Sequence[Term | None],
        shifts: Sequence[int],
    ) -> Term | None:
        """Return what an operation of da4ml computes: an input, a sum or a difference."""
        if op.opcode == -1:
            return _scaled(inputs[op.id0], int(shifts[op.id0]))
        if op.opcode not in {0, 1}:
            raise EvaluationError(
                FailureKind.TOOL_FAILED, f"da4ml gave an operation {op.opcode}, no addition"
            )
        right = _scaled(found[op.id1], int(op.data), negative=op.opcode == 1)
        return self._sum(found[op.id0], right)

    def _sum(self, left: Term | None, right: Term | None) -> Term | None:
        """Return the sum of two terms as a term, whose node has a positive term first."""
        if left is None or right is None:
            return left or right
        both = left.negative and right.negative
        if left.negative:
            left, right = right, left
        if both:
            left, right = (term.scaled(0, negative=True) for term in (left, right))
        levels = (_level(term.node, self.inputs, self.additions) for term in (left, right))
        level = 1 + max(levels)
        self.additions.append(Addition(left, right, level))
        return Term(self.inputs + len(self.additions) - 1, negative=both)

    @staticmethod
    def _outputs(stage: Any, found: Sequence[Term | None]) -> Iterator[Term | None]:
        """Yield the outputs of a stage; a negative index is an output that is zero."""
        parts = zip(stage.out_idxs, stage.out_shifts, stage.out_negs, strict=True)
        for index, shift, negative in parts:
            term = found[index] if index >= 0 else None
            yield _scaled(term, int(shift), negative=bool(negative))


def _scaled(term: Term | None, shift: int, *, negative: bool = False) -> Term | None:
    """Return a term times ``±2**shift``; zero stays zero."""
    return None if term is None else term.scaled(shift, negative=negative)
