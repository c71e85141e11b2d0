"""Safe expressions for couplings, constraints and queries, such as ``total_bits / 2``.

The text is compiled once to nested closures, so evaluation is fast enough for millions of
points. Expressions have no attributes (``open.lut`` is one name), no calls besides `FUNCTIONS`,
and numbers of bounded size, so they can neither access the machine nor keep it busy.

No library does this: simpleeval and asteval walk the tree for every point (2 and 5 times as long)
and do not give the character at which a mistake is; numexpr supports neither null nor strings in
lists; SymPy parses with Python's `eval`.
"""

import ast
import math
import operator
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import singledispatch
from itertools import pairwise
from typing import Any

from dse.contracts.errors import nearest
from dse.contracts.parameters import LARGEST_INTEGER, Assignment, Value

Compiled = Callable[[Assignment], Value]
Number = int | float

_LONGEST = 500  # characters
_DEEPEST = 100  # levels; compiling recurses, and Python allows about 1,000 nested calls
_MOST_BITS = 4096  # of a product or power, since Python's integers have no size limit
_LARGEST_EXPONENT = 1024  # doubles end below 2**1024
_EXACT = 2**53  # doubles hold every whole number up to here
_ALLOWED = (
    "allowed: + - * / // % **, comparisons, 'and', 'or', 'not', 'in' with a list, "
    "'a if b else c', numbers, strings, names, and min max abs ceil floor round log2"
)
_CONSTANTS: dict[str, Value] = {"true": True, "false": False, "null": None}


class Null:
    """Type of `NULL`, the null of queries: equal to null, and every order with it is false.

    In a study file, comparing null by order is a mistake and raises an error. A query must not
    fail if a parameter is null for some of the stored points, so there the comparison is false.
    """

    def __eq__(self, other: object) -> bool:
        return other is None or isinstance(other, Null)

    def __hash__(self) -> int:
        return hash(None)

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "null"


NULL: Any = Null()
"""The only instance of `Null`."""


class ExpressionError(ValueError):
    """An expression cannot be read or computed.

    Args:
        what: what failed, with the expression, such as ``cannot compute 'a / 0'``.
        reason: why.
        allowed: what expressions may contain; empty where that is not the matter.
    """

    def __init__(self, what: str, reason: str, allowed: str = "") -> None:
        super().__init__(f"{what}: {reason}{f'; {allowed}' if allowed else ''}")
        self.reason = reason
        self.allowed = allowed


class _NotAllowedError(ValueError):
    """A part of the expression is not supported; `offset` is its column in UTF-8 bytes."""

    def __init__(self, node: ast.AST, what: str) -> None:
        super().__init__(what)
        self.offset: int = getattr(node, "col_offset", 0)


@dataclass(frozen=True)
class Threshold:
    """Comparison of a name with a constant, such as ``lut < 1e5``.

    Args:
        name: the name on the left.
        compare: the comparison; works on numbers and on numpy arrays.
        number: the constant on the right.
    """

    name: str
    compare: Callable[[Any, Any], Any]
    number: Number


@dataclass(frozen=True)
class Expression:
    """A parsed expression.

    Args:
        text: the expression as written.
        names: names of the parameters and metrics it reads; names of metrics may contain dots.
    """

    text: str
    names: frozenset[str]
    _run: Compiled = field(repr=False, compare=False)
    compared: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    """Pairs of names that it compares with each other, such as those of ``strategy == latency``."""
    thresholds: tuple[Threshold, ...] | None = field(default=None, compare=False)
    """Thresholds that all must hold, if the expression is nothing but these, joined by 'and'; else
    None. Queries apply them to whole columns."""

    @classmethod
    def parse(cls, text: str) -> "Expression":
        """Parse an expression, which may have several lines.

        Raises:
            ExpressionError: it is wrong; the text has the position of the mistake.
        """
        line = " ".join(text.split("\n")).strip()
        tree = _tree(line)
        try:
            run = _compile(tree)
        except _NotAllowedError as error:
            # `ast` counts columns in UTF-8 bytes, people count characters
            column = len(line.encode()[: error.offset].decode(errors="ignore")) + 1
            raise _refused(line, f"{error} at character {column}") from None
        return cls(text, frozenset(_names(tree)), run, tuple(_compared(tree)), _thresholds(tree))

    def evaluate(self, assignment: Assignment) -> Value:
        """Return the value for these parameters; a whole float such as 8.0 becomes an int.

        Raises:
            ExpressionError: a name is missing, or the operation is not defined for these values.
        """
        try:
            return _plain(self._run(assignment))
        except OverflowError:
            raise ExpressionError(
                f"cannot compute '{self.text}'", "the result is too large"
            ) from None
        except (TypeError, ValueError, ArithmeticError) as error:
            raise ExpressionError(f"cannot compute '{self.text}'", str(error)) from None


def _thresholds(tree: ast.expr) -> tuple[Threshold, ...] | None:
    """Return the thresholds that an expression consists of; None if there is anything else."""
    is_and = isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And)
    found = [_threshold(part) for part in (tree.values if is_and else [tree])]  # type: ignore[attr-defined]
    thresholds = tuple(one for one in found if one is not None)
    return thresholds if len(thresholds) == len(found) else None


def _threshold(tree: ast.expr) -> Threshold | None:
    match tree:
        case ast.Compare(left, [operation], [ast.Constant(int() | float() as number)]):
            compare, name = _VECTOR.get(type(operation)), _dotted(left)
            is_plain = name and name not in _CONSTANTS and not isinstance(number, bool)
            return Threshold(name, compare, number) if compare and is_plain else None
    return None


def _dotted(tree: ast.expr) -> str:
    """Return the name in ``lut`` or ``open.lut``; empty for other expressions."""
    if isinstance(tree, ast.Name):
        return tree.id
    if isinstance(tree, ast.Attribute) and not tree.attr.startswith("_"):
        before = _dotted(tree.value)
        return f"{before}.{tree.attr}" if before else ""
    return ""


_VECTOR: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
"""Comparisons that numpy applies element by element with the same meaning."""


def _refused(text: str, why: str) -> ExpressionError:
    return ExpressionError(f"cannot read the expression '{text[:80]}'", why, _ALLOWED)


def _tree(line: str) -> ast.expr:
    if len(line) > _LONGEST:
        raise _refused(line, f"it is longer than {_LONGEST} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # such as for an unknown escape in a string
            tree = ast.parse(line, mode="eval").body
    except SyntaxError as error:
        raise _refused(line, f"{error.msg} at character {error.offset or len(line) + 1}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise _refused(line, str(error) or "it is nested too deeply") from None
    if _depth(tree) > _DEEPEST:
        raise _refused(line, "it is nested too deeply")
    return tree


def _depth(tree: ast.AST) -> int:
    """Return the levels of nesting; without recursion, as it protects recursive functions."""
    depth, level = 0, [tree]
    while level:
        depth += 1
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return depth


def _names(tree: ast.expr) -> set[str]:
    found, left = set[str](), [tree]
    while left:
        node: Any = left.pop()
        name = _dotted(node)
        if name:
            found.add(name)
        elif isinstance(node, ast.Call):
            left += node.args  # without the function, whose name is not a parameter's
        else:
            left += [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
    return found - set(_CONSTANTS)


def _compared(tree: ast.expr) -> Iterator[tuple[str, str]]:
    """Yield the names on both sides of each comparison; those in a list count one by one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            for left, right in pairwise([node.left, *node.comparators]):
                others = right.elts if isinstance(right, ast.List | ast.Tuple) else [right]
                for other in others:
                    pair = (_dotted(left), _dotted(other))
                    if all(pair) and not set(pair) & set(_CONSTANTS):
                        yield pair


def _plain(value: Value) -> Value:
    """Return an int for a whole float, so that ``total_bits / 2`` fits an integer parameter.

    Raises:
        ValueError: the value is infinite or not a number.
        OverflowError: it is a whole number of more than 64 bits.
    """
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, int) and _is_too_large(value):
        raise OverflowError
    if not isinstance(value, float):
        return value
    if not math.isfinite(value):
        raise ValueError(f"the result {value} is not a finite number")
    return int(value) if value.is_integer() and abs(value) < _EXACT else value


def _is_too_large(value: Number) -> bool:
    """Whether a number has no place in a table: an infinite float, or more than 64 bits."""
    return abs(value) > LARGEST_INTEGER if isinstance(value, int) else math.isinf(value)


def _number(value: Value) -> Number:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{value!r} is not a number")
    return value


def _product(left: Number, right: Number) -> Number:
    """Return a product; refuse those of whole numbers that would grow without limit."""
    whole = isinstance(left, int) and isinstance(right, int)
    if whole and int(left).bit_length() + int(right).bit_length() > _MOST_BITS:
        raise OverflowError
    return left * right


def _power(base: Number, exponent: Number) -> Number:
    """Return a power; refuse those whose result would take long to compute."""
    bits = base.bit_length() if isinstance(base, int) else 0
    if abs(exponent) > _LARGEST_EXPONENT or bits * exponent > _MOST_BITS:
        raise ValueError("a power is too large")
    result = base**exponent
    if isinstance(result, complex):
        raise TypeError(f"{base} ** {exponent} is not a real number")
    return _number(result)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Value, Value], bool]:
    """Return a comparison of two strings or two numbers by order; with `NULL`, it is false."""

    def run(left: Any, right: Any) -> bool:
        if isinstance(left, Null) or isinstance(right, Null):
            return False
        if not (isinstance(left, str) and isinstance(right, str)):
            left, right = _number(left), _number(right)
        return compare(left, right)

    return run


def _within(left: Value, right: Value) -> bool:
    if not isinstance(right, list):
        raise TypeError(f"'in' needs a list on its right, not {right!r}")
    return left in right


_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Number]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: _product,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: _power,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Value, Value], bool]] = {
    ast.Lt: _ordered(operator.lt),
    ast.LtE: _ordered(operator.le),
    ast.Gt: _ordered(operator.gt),
    ast.GtE: _ordered(operator.ge),
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.In: _within,
    ast.NotIn: lambda left, right: not _within(left, right),
}
_ONE: dict[str, Callable[[Any], Number]] = {
    "abs": abs,
    "ceil": math.ceil,
    "floor": math.floor,
    "round": round,
    "log2": math.log2,
}
_MANY: dict[str, Callable[[list[Number]], Number]] = {"min": min, "max": max}
FUNCTIONS = (*_ONE, *_MANY)
"""Names that can be called."""


@singledispatch
def _compile(node: ast.AST) -> Compiled:
    """Return a function that evaluates a node; nodes without an implementation are refused."""
    raise _NotAllowedError(node, f"{type(node).__name__} is not allowed")


@_compile.register
def _(node: ast.Constant) -> Compiled:
    value = node.value
    if not (value is None or isinstance(value, (bool, int, float, str))):
        raise _NotAllowedError(node, f"{value!r} is not allowed")
    if isinstance(value, (int, float)) and _is_too_large(value):
        raise _NotAllowedError(node, "a number beyond 64 bits is not allowed")
    constant: Value = value
    return lambda _: constant


@_compile.register(ast.Name)
@_compile.register(ast.Attribute)
def _(node: ast.Name | ast.Attribute) -> Compiled:
    name = _dotted(node)
    if not name:
        raise _NotAllowedError(node, "Attribute is not allowed")
    if name in _CONSTANTS:
        return lambda _: _CONSTANTS[name]

    def run(assignment: Assignment) -> Value:
        if name not in assignment:
            raise ValueError(f"there is no '{name}' ({nearest(name, assignment)})")
        return assignment[name]

    return run


@_compile.register(ast.List)
@_compile.register(ast.Tuple)
def _(node: ast.List | ast.Tuple) -> Compiled:
    items = [_compile(item) for item in node.elts]
    return lambda assignment: [item(assignment) for item in items]


@_compile.register
def _(node: ast.UnaryOp) -> Compiled:
    operand = _compile(node.operand)
    if isinstance(node.op, ast.Not):
        return lambda assignment: not operand(assignment)
    if isinstance(node.op, ast.Invert):
        raise _NotAllowedError(node, "'~' is not allowed")
    sign = -1 if isinstance(node.op, ast.USub) else 1
    return lambda assignment: sign * _number(operand(assignment))


@_compile.register
def _(node: ast.BinOp) -> Compiled:
    apply = _ARITHMETIC.get(type(node.op))
    if apply is None:
        raise _NotAllowedError(node, f"the operator {type(node.op).__name__} is not allowed")
    left, right = _compile(node.left), _compile(node.right)
    return lambda assignment: apply(_number(left(assignment)), _number(right(assignment)))


@_compile.register
def _(node: ast.BoolOp) -> Compiled:
    first, *others = (_compile(value) for value in node.values)
    ends_on = isinstance(node.op, ast.Or)  # 'or' ends at the first true value, 'and' at a false one

    def run(assignment: Assignment) -> Value:
        value = first(assignment)
        for other in others:
            if bool(value) is ends_on:
                break
            value = other(assignment)
        return value

    return run


@_compile.register
def _(node: ast.IfExp) -> Compiled:
    test, then, other = (_compile(part) for part in (node.test, node.body, node.orelse))

    def run(assignment: Assignment) -> Value:
        holds = test(assignment)
        if not isinstance(holds, bool):
            raise TypeError(f"'if' needs true or false, not {holds!r}")
        return then(assignment) if holds else other(assignment)

    return run


@_compile.register
def _(node: ast.Compare) -> Compiled:
    unknown = [op for op in node.ops if type(op) not in _COMPARE]
    if unknown:
        raise _NotAllowedError(node, f"the comparison {type(unknown[0]).__name__} is not allowed")
    first = _compile(node.left)
    steps = [
        (_COMPARE[type(op)], _compile(right))
        for op, right in zip(node.ops, node.comparators, strict=True)
    ]

    def run(assignment: Assignment) -> Value:  # a < b < c is a < b and b < c, as in Python
        left = first(assignment)
        for compare, compiled in steps:
            right = compiled(assignment)
            if not compare(left, right):
                return False
            left = right
        return True

    return run


@_compile.register
def _(node: ast.Call) -> Compiled:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name not in FUNCTIONS or node.keywords:
        called = f"the function '{name}'" if name else "this call"
        raise _NotAllowedError(node, f"{called} is not allowed")
    if not node.args or (name in _ONE and len(node.args) > 1):
        raise _NotAllowedError(node, f"{name}() with {len(node.args)} arguments is not allowed")
    arguments = [_compile(argument) for argument in node.args]
    apply = _MANY.get(name) or (lambda numbers: _ONE[name](numbers[0]))
    return lambda assignment: apply([_number(argument(assignment)) for argument in arguments])
