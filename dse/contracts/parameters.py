"""Parameters of workloads and backends, with type, unit, legal values and default."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any, TypeAlias

from dse.contracts.errors import nearest

Value: TypeAlias = bool | int | float | str | list["Value"] | dict[str, "Value"] | None
"""Value of a parameter: any JSON value."""

Assignment: TypeAlias = Mapping[str, Value]
"""Values by parameter name."""

LARGEST_INTEGER = 2**63 - 1
"""Largest whole number of a study, in either sign: databases and Parquet hold 64 bits."""

_TYPE_NAMES = {
    int: "a whole number",
    float: "a number",
    str: "a string",
    bool: "true or false",
    list: "a list",
    dict: "a mapping",
}


def shown(value: Value) -> str:
    """Return a value for messages as a study file writes it, with texts in quotes."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case list():
            return f"[{', '.join(map(shown, value))}]"
        case dict():
            return f"{{{', '.join(f'{name}: {shown(item)}' for name, item in value.items())}}}"
    return repr(value)


@dataclass(frozen=True)
class Parameter:
    """Declaration of one parameter.

    Args:
        name: as written in study files; includes the unit (`clock_period_ns`).
        type: int, float, str, bool, list or dict.
        default: value if a study gives none.
        description: one line for tables and documentation.
        unit: unit of the value; empty for pure numbers.
        choices: the only legal values, where they can be listed.
        minimum: smallest legal number.
        maximum: largest legal number.
        optional: whether `null` is a legal value.
        validator: returns what is wrong with a value, or an empty text; for rules that the other
            fields cannot express.
        comparable: returns the form of a value that is equal for all its spellings; None where
            only equal values are the same.
        file: whether a study may give, instead of a mapping, the path of a YAML file with one; what
            reads the parameter gets the content.
        stands_for: returns the parameters that a value stands for, by name, this one included;
            None where it stands for itself alone.
    """

    name: str
    type: type
    default: Value
    description: str
    _: KW_ONLY
    unit: str = ""
    choices: tuple[Value, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    optional: bool = False
    validator: Callable[[Any], str] | None = None
    comparable: Callable[[Any], Value] | None = None
    file: bool = False
    stands_for: Callable[[Any], Assignment] | None = None

    def check(self, value: Value) -> Value:
        """Return `value` converted to the parameter's type.

        Raises:
            ValueError: the value is not legal; the text says why and what would be.
        """
        if value is None and self.optional:
            return None
        if self.file and isinstance(value, str):
            return value
        value = self._typed(value)
        if self.choices and value not in self.choices:
            hint = nearest(str(value), map(str, self.choices))
            raise ValueError(f"{self.name} = {shown(value)} is not legal ({hint})")
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            self._check_bounds(value)
        if self.validator and (reason := self.validator(value)):
            raise ValueError(f"{self.name} = {shown(value)}: {reason}")
        return value

    def _typed(self, value: Value) -> Value:
        # YAML reads 8 as int and 8.0 as float; a study may write either for both types. bool is
        # a subclass of int in Python, and so is excluded explicitly.
        if self.type is int and isinstance(value, float) and value.is_integer():
            value = int(value)
        if self.type in {int, float} and isinstance(value, int) and abs(value) > LARGEST_INTEGER:
            raise ValueError(f"{self.name} should be a number of at most 64 bits")
        if self.type is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        wrong_bool = isinstance(value, bool) and self.type is not bool
        if wrong_bool or not isinstance(value, self.type):
            raise ValueError(f"{self.name} = {shown(value)} should be {_TYPE_NAMES[self.type]}")
        return value

    def _check_bounds(self, value: float) -> None:
        if self.minimum is not None and not value >= self.minimum:
            raise ValueError(f"{self.name} = {value} is below its minimum {self.minimum:g}")
        if self.maximum is not None and not value <= self.maximum:
            raise ValueError(f"{self.name} = {value} is above its maximum {self.maximum:g}")


def written_out(parameters: Iterable[Parameter], given: Assignment) -> Assignment:
    """Return given values with those that stand for several parameters replaced by these.

    Raises:
        ValueError: a value stands for a parameter that is given as well, with another value.
    """
    found = dict(given)
    for parameter in parameters:
        if parameter.stands_for is None or parameter.name not in given:
            continue
        for name, value in parameter.stands_for(given[parameter.name]).items():
            if name != parameter.name and name in given and given[name] != value:
                written = f"{parameter.name} = {shown(given[parameter.name])}"
                also = f"{name} = {shown(given[name])}"
                raise ValueError(
                    f"{written} stands for {name} = {shown(value)}, and {also} is given"
                )
            found[name] = value
    return found


def complete(parameters: Iterable[Parameter], given: Assignment) -> dict[str, Value]:
    """Return the value of every parameter by name: the given one, or else the default.

    Raises:
        ValueError: a given value is not legal; raised by `Parameter.check`.
    """
    return {p.name: p.check(given[p.name]) if p.name in given else p.default for p in parameters}
