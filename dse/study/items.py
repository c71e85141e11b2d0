"""Names of a space that set an item of a parameter, such as ``layers.dense_1.bits``.

A parameter whose value is a mapping of mappings can so vary item by item: what stands before the
first dot is the parameter, after the last one the item, and between them whose item it is.
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import TYPE_CHECKING

from dse.contracts.parameters import Assignment, Value

if TYPE_CHECKING:
    from dse.contracts.parameters import Parameter


def parameter_of(name: str) -> str:
    """Return the parameter that a name of a space sets, as a whole or an item of it."""
    return name.partition(".")[0]


def item_of(name: str) -> tuple[str, str]:
    """Return owner and item of a name with dots, such as ``dense_1`` and ``bits``."""
    owner, _, item = name.partition(".")[2].rpartition(".")
    return owner, item


def as_value(name: str, value: Value) -> Value:
    """Return the value of the parameter that has one item alone; of a whole parameter, itself."""
    if "." not in name:
        return value
    owner, item = item_of(name)
    return {owner: {item: value}}


def gathered(given: Assignment) -> dict[str, Value]:
    """Return values by parameter, with items put into the mappings that they belong to."""
    found = {name: value for name, value in given.items() if "." not in name}
    for name, value in given.items():
        if "." in name:
            found[parameter_of(name)] = _with(found.get(parameter_of(name)), name, value)
    return found


def _with(before: Value, name: str, value: Value) -> Value:
    owner, item = item_of(name)
    whole = dict(before) if isinstance(before, dict) else {}
    own = whole.get(owner)
    whole[owner] = {**deepcopy(own if isinstance(own, dict) else {}), item: value}
    return whole


def is_mapping(name: str, parameters: "Mapping[str, Parameter]") -> bool:
    """Whether a name sets a whole parameter, or an item of one that takes mappings."""
    return "." not in name or parameters[parameter_of(name)].type is dict
