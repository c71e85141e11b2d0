"""YAML with places: every value knows the line, or the ``--set``, it comes from."""

import math
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from dse.contracts.errors import StudyError, nearest
from dse.contracts.parameters import Value

Place: TypeAlias = tuple[str | int, ...]
"""Keys and list indices from the top of the file."""

_TEXT = "tag:yaml.org,2002:str"
_SCALARS = frozenset(
    f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float", "str")
)
_MOST_VALUES = 100_000
_MOST_SHOWN = 20
_SHORTHAND = {"backends": "name", "objectives": "metric"}
"""Lists whose items are named: a bare text stands for a mapping with only this key."""


@dataclass(frozen=True)
class StudySource:
    """What was read, and where each value comes from.

    Args:
        name: shown in errors, the path of the file.
        text: the file's text.
        tree: plain lists, mappings and scalars, with overrides applied.
        origins: ``file:line`` or ``--set text`` of every place in the tree.
    """

    name: str
    text: str
    tree: Mapping[str, Value]
    origins: Mapping[Place, str] = field(repr=False)

    def where(self, *place: str | int) -> str:
        """``studies/a.yaml:12 (space.total_bits)``: the nearest known place at or above."""
        while place and place not in self.origins:
            place = place[:-1]
        origin = self.origins.get(place, f"{self.name}:1")
        return f"{origin} ({'.'.join(map(str, place))})" if place else origin

    def mistake(self, place: Iterable[str | int], message: str, hint: str = "") -> StudyError:
        """An error at a place, to be raised or collected."""
        return StudyError(message, where=self.where(*place), hint=hint)


def raise_mistakes(mistakes: Sequence[StudyError]) -> None:
    """Raise one error that lists all mistakes, each with its own place; none is no error.

    Raises:
        StudyError: there are mistakes.
    """
    unique = list({str(mistake): mistake for mistake in mistakes}.values())
    if len(unique) == 1:
        raise unique[0]
    if unique:
        lines = [str(mistake) for mistake in unique[:_MOST_SHOWN]]
        if len(unique) > _MOST_SHOWN:
            lines.append(f"… and {len(unique) - _MOST_SHOWN} more")
        raise StudyError(f"{len(unique)} mistakes in the study\n" + "\n".join(lines))


def load_yaml(path: Path) -> StudySource:
    """Read a file that holds one mapping.

    Raises:
        StudyError: it cannot be read, is not UTF-8, not YAML, or not a mapping.
    """
    return parse_study_yaml(_read(path), str(path))


def parse_study_yaml(text: str, name: str) -> StudySource:
    """Parse a text that holds one mapping; `name` stands for the file in errors."""
    tree, origins = parse_yaml(text, name)
    if tree is None:
        raise StudyError("the file is empty", where=f"{name}:1", hint="'dse init' writes a start")
    if not isinstance(tree, dict):
        hint = "a study starts with lines such as 'workload:' and 'space:'"
        raise StudyError("the file does not hold a mapping", where=f"{name}:1", hint=hint)
    return StudySource(name, text, tree, origins)


def parse_yaml(text: str, name: str) -> tuple[Value, dict[Place, str]]:
    """Any YAML value as plain data, with the origin of every place in it."""
    builder = _Builder(name)
    try:
        node = builder.yaml.compose(text)
        return (builder.build(node, ()) if node else None), builder.origins
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{name}:{mark.line + 1}" if mark else name
        hint = "indent with spaces, not tabs" if "\\t" in str(error.problem) else ""
        message = ", ".join(filter(None, (error.context, error.problem)))
        raise StudyError(f"not valid YAML: {message}", where=where, hint=hint) from None
    except YAMLError as error:
        line = text.count("\n", 0, getattr(error, "position", 0)) + 1
        message = str(error).splitlines()[0]
        raise StudyError(f"not valid YAML: {message}", where=f"{name}:{line}") from None
    except RecursionError:
        raise StudyError("the YAML is nested too deeply", where=f"{name}:1") from None


def _read(path: Path) -> str:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        beside = (file.name for file in path.parent.glob("*.y*ml"))
        hint = nearest(path.name, beside)
        raise StudyError("there is no such file", where=str(path), hint=hint) from None
    except IsADirectoryError:
        raise StudyError("this is a directory, not a file", where=str(path)) from None
    except OSError as error:
        raise StudyError(f"cannot be read: {error.strerror}", where=str(path)) from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        hint = "save the file as UTF-8"
        raise StudyError("the text is not UTF-8", where=f"{path}:{line}", hint=hint) from None


class _Builder:
    """Turns YAML nodes into plain data and notes the line of each."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.yaml = YAML(typ="safe", pure=True)
        self.origins: dict[Place, str] = {}
        self._open: set[int] = set()

    def build(self, node: Node, place: Place) -> Value:
        """The value of `node`, which stands at `place`."""
        self.origins.setdefault(place, self._line(node))
        if len(self.origins) > _MOST_VALUES:
            raise self._error(node, place, f"more than {_MOST_VALUES} values")
        if isinstance(node, ScalarNode):
            return self._scalar(node, place)
        if id(node) in self._open:
            raise self._error(node, place, "an alias stands inside its own anchor")
        self._open.add(id(node))
        value = self._collection(node, place)
        self._open.remove(id(node))
        return value

    def _line(self, node: Node) -> str:
        return f"{self.name}:{node.start_mark.line + 1}"

    def _error(self, node: Node, place: Place, message: str, hint: str = "") -> StudyError:
        dotted = f" ({'.'.join(map(str, place))})" if place else ""
        return StudyError(message, where=f"{self._line(node)}{dotted}", hint=hint)

    def _collection(self, node: Node, place: Place) -> Value:
        if isinstance(node, SequenceNode) and str(node.tag).endswith(":seq"):
            return [self.build(item, (*place, index)) for index, item in enumerate(node.value)]
        if isinstance(node, MappingNode) and str(node.tag).endswith(":map"):
            return self._mapping(node, place)
        raise self._error(node, place, f"the tag {node.tag} is not supported")

    def _mapping(self, node: MappingNode, place: Place) -> dict[str, Value]:
        result: dict[str, Value] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode) or key_node.tag != _TEXT:
                raise self._error(key_node, place, "a key should be a text", "put it into quotes")
            key = str(self._scalar(key_node, place))
            if key in result:
                first = self.origins[*place, key]
                raise self._error(key_node, (*place, key), f"'{key}' is also given at {first}")
            self.origins[*place, key] = self._line(key_node)
            result[key] = self.build(value_node, (*place, key))
        return result

    def _scalar(self, node: ScalarNode, place: Place) -> Value:
        if node.tag not in _SCALARS:
            kind = str(node.tag).rpartition(":")[2]
            hint = "put a text into quotes"
            raise self._error(node, place, f"{node.value} is a {kind}, not a plain value", hint)
        try:
            value: Value = self.yaml.constructor.construct_object(node)
            value = _joined(value) if isinstance(value, str) else value
        except UnicodeError:
            raise self._error(node, place, "half a character: a lone surrogate") from None
        except ValueError:
            raise self._error(node, place, f"{node.value[:40]} is not a legal number") from None
        if isinstance(value, float) and not math.isfinite(value):
            raise self._error(node, place, f"{node.value} is not a finite number")
        return value


def _joined(text: str) -> str:
    """JSON escapes characters beyond 16 bits as two halves, which YAML leaves apart."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16")


def apply_overrides(source: StudySource, overrides: Iterable[str]) -> StudySource:
    """The same study with ``path=value`` texts applied in order, as given to ``--set``.

    Args:
        source: stays as it is.
        overrides: such as ``space.total_bits.values=[8,12]`` or ``backends.estimate.part=…``;
            a path into a parameter of the space replaces its other ways to give values.

    Raises:
        StudyError: names the override and what would be legal.
    """
    for text in overrides:
        source = _override(source, text)
    return source


def _override(source: StudySource, text: str) -> StudySource:
    dotted, equals, value_text = text.partition("=")
    parts = dotted.strip().split(".")
    if not equals or not all(parts):
        hint = "write path=value, such as space.total_bits.values=[8,12]"
        raise StudyError("the override has no path or no '='", where=f"--set {text}", hint=hint)
    value, _ = parse_yaml(value_text, f"--set {text}")
    tree = deepcopy(dict(source.tree))
    place = _assign(tree, parts, value, text)
    origins = {p: o for p, o in source.origins.items() if p[: len(place)] != place}
    for length in range(1, len(place)):
        origins.setdefault(place[:length], f"--set {text}")
    origins |= dict.fromkeys(_places(value, place), f"--set {text}")
    return StudySource(source.name, source.text, tree, origins)


def _assign(tree: dict[str, Value], parts: Sequence[str], value: Value, text: str) -> Place:
    node: Value = tree
    place: Place = ()
    for part in parts[:-1]:
        key = _key(node, place, part, text)
        child = _section(_child(node, key), (*place, key), parts, text)
        _store(node, key, child)
        node, place = child, (*place, key)
    key = _key(node, place, parts[-1], text)
    _store(node, key, value)
    return (*place, key)


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
    """The list index or mapping key that one part of a path means."""
    if not isinstance(node, list):
        return part
    if part.isdecimal() and int(part) < len(node):
        return int(part)
    field_name = _SHORTHAND.get(str(place[-1]), "") if len(place) == 1 else ""
    names = [item.get(field_name) if isinstance(item, dict) else item for item in node]
    if field_name and part in names:
        return names.index(part)
    legal = [str(name) for name in names] if field_name else map(str, range(len(node)))
    message = f"'{'.'.join(map(str, place))}' has no item '{part}'"
    raise StudyError(message, where=f"--set {text}", hint=nearest(part, legal))


def _section(child: Value, place: Place, parts: Sequence[str], text: str) -> Value:
    """`child` as something a path can lead into."""
    if place[0] == "space" and len(place) == 2:
        return {k: v for k, v in child.items() if k == parts[2]} if isinstance(child, dict) else {}
    if isinstance(child, str) and place == ("workload",):
        return {"name": child}
    if isinstance(child, str) and place[0] in _SHORTHAND and len(place) == 2:
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
    yield place
    items: Iterable[tuple[str | int, Value]] = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, item in items:
        yield from _places(item, (*place, key))
