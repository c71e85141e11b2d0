"""Overrides of a study file, such as ``--set space.total_bits.values=[8,12]``."""

from collections.abc import Iterable, Sequence
from copy import deepcopy

from dse.contracts.errors import StudyError, nearest
from dse.contracts.parameters import Value
from dse.study.models import Limit
from dse.study.source import Place, StudySource, parse_yaml

_SHORTHAND = {"backends": "name", "objectives": "metric"}
"""Lists whose items have a name, with its key: a bare string means a mapping with this key only."""


def apply_overrides(source: StudySource, overrides: Iterable[str]) -> StudySource:
    """Return a study with ``path=value`` overrides applied in order, as given to ``--set``.

    Args:
        source: the study; it is not changed.
        overrides: such as ``space.total_bits.values=[8,12]`` or ``backends.estimate.part=…``. A
            path into a parameter of the space replaces the way its values were given before, such
            as ``range`` by ``values``. Names of metrics may contain dots, as in
            ``objectives.open.lut.direction=minimise`` and ``search.limits.open.lut.max=1e5``.
            ``backends=[open,bittrue]`` chooses among the study's backends, with their options.

    Raises:
        StudyError: an override is wrong; the message says what would be legal.
    """
    for text in overrides:
        source = _override(source, text)
    return source


def _override(source: StudySource, text: str) -> StudySource:
    dotted, equals, value_text = text.partition("=")
    parts = dotted.strip().split(".")
    if not equals or not all(parts):
        hint = "write path=value, such as space.total_bits.values=[8,12]"
        what = "the path has an empty name" if equals else "there is no '='"
        raise StudyError(what, where=f"--set {text}", hint=hint)
    value = _value(value_text, text)
    tree = deepcopy(dict(source.tree))  # the source stays valid, also for errors that refer to it
    if parts == ["backends"]:
        value = _with_options(value, tree.get("backends"))
    place = _assign(tree, parts, value, text)
    origins = {p: o for p, o in source.origins.items() if p[: len(place)] != place}
    for length in range(1, len(place)):
        origins.setdefault(place[:length], f"--set {text}")
    origins |= dict.fromkeys(_places(value, place), f"--set {text}")
    return StudySource(source.name, source.text, tree, origins)


def _with_options(chosen: Value, before: Value) -> Value:
    """Return a list of backends in which bare names have the options that the study gives them."""
    if not isinstance(chosen, list) or not isinstance(before, list):
        return chosen
    known = dict(zip(map(str, _item_names(before, ("backends",))), before, strict=True))
    return [known.get(item, item) if isinstance(item, str) else item for item in chosen]


def _value(yaml: str, text: str) -> Value:
    """Read the value of an override; its one line needs no number in errors."""
    try:
        return parse_yaml(yaml, "")[0]
    except StudyError as error:
        raise StudyError(error.message, where=f"--set {text}", hint=error.hint) from None


def _assign(tree: dict[str, Value], parts: Sequence[str], value: Value, text: str) -> Place:
    """Set the value at a path, creating sections on the way, and return its place."""
    node: Value = tree
    place: Place = ()
    name, rest = _first_name(node, place, parts)
    while rest:
        key = _key(node, place, name, text)
        child = _section(_child(node, key), (*place, key), rest[0], text)
        _store(node, key, child)
        node, place = child, (*place, key)
        name, rest = _first_name(node, place, rest)
    key = _key(node, place, name, text)
    _store(node, key, value)
    return (*place, key)


def _first_name(node: Value, place: Place, parts: Sequence[str]) -> tuple[str, Sequence[str]]:
    """Split the first name off a path: of an entry that is there, dots and all, or one part."""
    items: Iterable[Value] = node if isinstance(node, dict) else ()
    names = list(_item_names(node, place) if isinstance(node, list) else items)
    longest_first = range(len(parts), 0, -1)
    length = next((n for n in longest_first if ".".join(parts[:n]) in names), 1)
    if _has_limits(place) and length == 1:  # a limit that is not there yet, such as open.lut.max
        length = len(parts) - (len(parts) > 1 and parts[-1] in Limit.model_fields)
    return ".".join(parts[:length]), parts[length:]


def _has_limits(place: Place) -> bool:
    """Whether the keys of a place are names of metrics: limits of a search, or of a step."""
    in_step = place[:2] == ("search", "ladder") and place[3:] == ("limits",)
    return in_step or place == ("search", "limits")


def _item_names(items: list[Value], place: Place) -> list[Value]:
    """Return the names of the items of a `_SHORTHAND` list, in their order; none of others."""
    field_name = _SHORTHAND.get(str(place[-1]), "") if len(place) == 1 else ""
    if not field_name:
        return []
    return [item.get(field_name) if isinstance(item, dict) else item for item in items]


def _child(node: Value, key: str | int) -> Value:
    if isinstance(node, list) and isinstance(key, int):
        return node[key]
    return node.get(str(key)) if isinstance(node, dict) else None


def _store(node: Value, key: str | int, value: Value) -> None:
    if isinstance(node, list) and isinstance(key, int):
        node[key] = value
    elif isinstance(node, dict):
        node[str(key)] = value


def _key(node: Value, place: Place, part: str, text: str) -> str | int:
    """Return the list index or mapping key that one part of a path means.

    Items of `_SHORTHAND` lists can be given by name or by index, other items by index.
    """
    if not isinstance(node, list):
        return part
    if part.isdecimal() and int(part) < len(node):
        return int(part)
    names = _item_names(node, place)
    if part in names:
        return names.index(part)
    legal = [str(name) for name in names] or map(str, range(len(node)))
    message = f"'{'.'.join(map(str, place))}' has no item '{part}'"
    raise StudyError(message, where=f"--set {text}", hint=nearest(part, legal))


def _section(child: Value, place: Place, inside: str, text: str) -> Value:
    """Return the section at `place`, in a form that a path to its key `inside` can lead into.

    Shorthand strings become mappings, and a missing section an empty one.

    Raises:
        StudyError: there is a plain value at `place`.
    """
    # a domain has exactly one of values, range, log2 and coupled, so the others are dropped
    if place[0] == "space" and len(place) == 2:
        return {k: v for k, v in child.items() if k == inside} if isinstance(child, dict) else {}
    if isinstance(child, str) and place == ("workload",):
        return {"name": child}
    if place[0] in _SHORTHAND and len(place) == 2 and isinstance(child, str):
        return {_SHORTHAND[str(place[0])]: child}
    if child is None:
        return {}
    if not isinstance(child, (dict, list)):
        dotted = ".".join(map(str, place))
        hint = f"write {dotted}=value"
        raise StudyError(
            f"'{dotted}' holds a value, not a section", where=f"--set {text}", hint=hint
        )
    return child


def _places(value: Value, place: Place) -> Iterable[Place]:
    """Yield the place of a value and of all values within it."""
    yield place
    items: Iterable[tuple[str | int, Value]] = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, item in items:
        yield from _places(item, (*place, key))
