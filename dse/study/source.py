"""Read YAML and record for every value the line, or the ``--set`` option, it comes from.

The lines are those of ruamel's nodes. Its round-trip loader, which keeps lines in ``.lc``, is not
sufficient: merged keys have no line there, an error at a repeated key does not say where the first
one is, a list inside its own anchor becomes ``[None]``, and aliases may multiply without limit.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.scanner import Scanner, ScannerError

from dse.contracts.errors import StudyError
from dse.contracts.parameters import LARGEST_INTEGER, Value

Place: TypeAlias = tuple[str | int, ...]
"""Path of a value: keys and list indices from the top of the file."""

_TEXT = "tag:yaml.org,2002:str"
_SCALARS = frozenset(
    f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float", "str")
)
_MERGE = "tag:yaml.org,2002:merge"
_MOST_VALUES = 100_000  # values in one file; more come from aliases of aliases, not from a study
_MOST_SHOWN = 20  # mistakes listed in one error
_LONGEST = 600  # characters of a message; values of a study can be far longer
_DEEPEST = 100  # brackets within brackets
_DIRECTIVE = re.compile(r"^%YAML[ \t]+(?!1\.[12]\s)(\S+)", re.MULTILINE)


@dataclass(frozen=True)
class StudySource:
    """Content of a study file, with the origin of each value.

    Args:
        name: path of the file, as shown in errors.
        text: text of the file.
        tree: content as lists, mappings and scalars, with overrides applied.
        origins: ``file:line`` or ``--set text`` of every place in the tree.
    """

    name: str
    text: str
    tree: Mapping[str, Value]
    origins: Mapping[Place, str] = field(repr=False)

    def where(self, *place: str | int) -> str:
        """Return the origin of a place, such as ``studies/a.yaml:12 (space.total_bits)``.

        For a place that is not in the file, return that of the nearest section around it.
        """
        while place and place not in self.origins:
            place = place[:-1]
        origin = self.origins.get(place, f"{self.name}:1")
        return f"{origin} ({'.'.join(map(str, place))})" if place else origin

    def mistake(self, place: Iterable[str | int], message: str, hint: str = "") -> StudyError:
        """Return an error at a place, to be raised or collected."""
        return StudyError(shortened(message), where=shortened(self.where(*place)), hint=hint)


def shortened(text: str) -> str:
    """Return a text with its middle left out if it is too long to read."""
    half = _LONGEST // 2
    return text if len(text) <= _LONGEST else f"{text[:half]} … {text[-half:]}"


def raise_mistakes(mistakes: Sequence[StudyError]) -> None:
    """Raise one error that lists all mistakes, each with its place; do nothing if there are none.

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
    """Read a YAML file that holds one mapping.

    Raises:
        StudyError: it cannot be read, is not UTF-8, not valid YAML, or not a mapping.
    """
    return parse_study_yaml(_read(path), str(path))


def parse_study_yaml(text: str, name: str) -> StudySource:
    """Parse the YAML text of one mapping; raises as `load_yaml`.

    Args:
        text: the YAML text.
        name: name of the file in errors.
    """
    tree, origins = parse_yaml(text, name)
    if tree is None:
        hint = "'dse init' writes a study to start from"
        raise StudyError("the file is empty", where=f"{name}:1", hint=hint)
    if not isinstance(tree, dict):
        hint = "a study starts with lines such as 'workload:' and 'space:'"
        raise StudyError("the file does not hold a mapping", where=f"{name}:1", hint=hint)
    return StudySource(name, text, tree, origins)


def parse_yaml(text: str, name: str) -> tuple[Value, dict[Place, str]]:
    """Parse any YAML value; return it as plain data, with the origin of every place in it.

    Raises:
        StudyError: the text is not valid YAML, or uses tags other than those of plain data.
    """
    builder = _Builder(name)
    if found := _DIRECTIVE.search(text):  # ruamel raises KeyError for some of them
        where = f"{name}:{text.count(chr(10), 0, found.start()) + 1}"
        message = f"version {found[1][:40]} of YAML is not supported"
        raise StudyError(message, where=where, hint="take the line out, or write %YAML 1.2")
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
        # by the stem: every pair of names that end in .yaml is similar
        beside = {file.stem: file.name for file in path.parent.glob("*.y*ml")}
        close = get_close_matches(path.stem, beside, n=1, cutoff=0.7)
        hint = f"did you mean '{beside[close[0]]}'?" if close else "dse init writes a new study"
        if not path.parent.is_dir():
            hint = f"there is no folder '{path.parent}'"
        raise StudyError("there is no such file", where=str(path), hint=hint) from None
    except IsADirectoryError:
        hint = "name a study file (YAML) in it, or a shipped study (dse studies)"
        raise StudyError("this is a directory, not a file", where=str(path), hint=hint) from None
    except OSError as error:
        raise StudyError(f"cannot be read: {error.strerror}", where=str(path)) from None
    try:
        return data.decode("utf-8-sig")  # without the byte order mark that editors on Windows write
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        hint = "save the file as UTF-8"
        raise StudyError("the text is not UTF-8", where=f"{path}:{line}", hint=hint) from None


class _Scanner(Scanner):
    """Scanner that refuses deep nesting: ruamel's time grows with the square of the depth."""

    def fetch_flow_collection_start(self, TokenClass: Any, to_push: str) -> None:  # noqa: N803
        if self.flow_level >= _DEEPEST:
            mark = self.reader.get_mark()
            raise ScannerError(None, None, f"nested too deeply, more than {_DEEPEST} levels", mark)
        super().fetch_flow_collection_start(TokenClass, to_push)


class _Builder:
    """Converter of YAML nodes to plain data that records the line of each."""

    def __init__(self, name: str) -> None:
        self.name = name
        # pure: the same parser on every machine, whether or not ruamel's one in C is installed
        self.yaml = YAML(typ="safe", pure=True)
        self.yaml.Scanner = _Scanner
        self.yaml.composer.warn_double_anchors = False  # YAML allows them: the last one counts
        self.origins: dict[Place, str] = {}
        self._open: set[int] = set()  # lists and mappings that contain the node being read
        self._n_values = 0

    def build(self, node: Node, place: Place) -> Value:
        """Return the value of `node`, which is at `place`."""
        self.origins.setdefault(place, self._line(node))
        if isinstance(node, ScalarNode):
            self._count(node, place)
            return self._scalar(node, place)
        with self._entered(node, place):
            return self._collection(node, place)

    @contextmanager
    def _entered(self, node: Node, place: Place) -> Iterator[None]:
        """Mark a list or mapping as open while its content is read, to find endless recursion."""
        self._count(node, place)
        if id(node) in self._open:
            raise self._error(node, place, "an alias stands inside its own anchor")  # `a: &x [*x]`
        self._open.add(id(node))
        yield
        self._open.remove(id(node))

    def _count(self, node: Node, place: Place) -> None:
        # ten aliases of ten aliases of … give more values than fit into memory
        self._n_values += 1
        if self._n_values > _MOST_VALUES:
            raise self._error(node, place, f"more than {_MOST_VALUES} values")

    def _line(self, node: Node) -> str:
        return f"{self.name}:{node.start_mark.line + 1}"

    def _error(self, node: Node, place: Place, message: str, hint: str = "") -> StudyError:
        dotted = f" ({'.'.join(map(str, place))})" if place else ""
        where = shortened(f"{self._line(node)}{dotted}")
        return StudyError(shortened(message), where=where, hint=hint)

    def _collection(self, node: Node, place: Place) -> Value:
        if isinstance(node, SequenceNode) and str(node.tag).endswith(":seq"):
            return [self.build(item, (*place, index)) for index, item in enumerate(node.value)]
        if isinstance(node, MappingNode) and str(node.tag).endswith(":map"):
            return self._mapping(node, place)
        raise self._error(node, place, f"the tag {node.tag} is not supported")

    def _mapping(self, node: MappingNode, place: Place) -> dict[str, Value]:
        result: dict[str, Value] = {}
        for key, (key_node, value_node) in self._entries(node, place).items():
            self.origins[*place, key] = self._line(key_node)
            result[key] = self.build(value_node, (*place, key))
        return result

    def _entries(self, node: MappingNode, place: Place) -> dict[str, tuple[Node, Node]]:
        """Return the nodes of key and value by key; own keys override those merged by ``<<``."""
        own: dict[str, tuple[Node, Node]] = {}
        merged: dict[str, tuple[Node, Node]] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _MERGE:
                merged |= self._merged(value_node, place)
                continue
            key = self._key(key_node, place)
            if key in own:
                first = self._line(own[key][0])
                raise self._error(key_node, (*place, key), f"'{key}' is also given at {first}")
            own[key] = key_node, value_node
        return merged | own

    def _merged(self, node: Node, place: Place) -> dict[str, tuple[Node, Node]]:
        """Return the entries of the mapping or mappings after ``<<``; earlier ones take precedence.

        See https://yaml.org/type/merge.html.
        """
        found: dict[str, tuple[Node, Node]] = {}
        for source in node.value if isinstance(node, SequenceNode) else [node]:
            if not isinstance(source, MappingNode):
                raise self._error(source, place, "'<<' takes a mapping, or a list of mappings")
            with self._entered(source, place):
                found = self._entries(source, place) | found
        return found

    def _key(self, node: Node, place: Place) -> str:
        if not isinstance(node, ScalarNode) or node.tag != _TEXT:
            raise self._error(node, place, "a key should be a string", "put it into quotes")
        return str(self._scalar(node, place))

    def _scalar(self, node: ScalarNode, place: Place) -> Value:
        if node.tag not in _SCALARS:
            kind = str(node.tag).rpartition(":")[2]
            hint = "put a string into quotes"
            raise self._error(node, place, f"{node.value} is a {kind}, not a plain value", hint)
        try:
            value: Value = self.yaml.constructor.construct_object(node)
            value = _joined(value) if isinstance(value, str) else value
        except UnicodeError:
            raise self._error(node, place, "half a character: a lone surrogate") from None
        except (ValueError, LookupError):  # ruamel raises LookupError for `!!int x`, `!!bool x`
            kind = "truth value" if node.tag.endswith(":bool") else "number"
            raise self._error(node, place, f"{node.value[:40]} is not a legal {kind}") from None
        if isinstance(value, float) and not math.isfinite(value):
            raise self._error(node, place, f"{node.value} is not a finite number")
        if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
            shown = node.value if len(node.value) <= 40 else f"{node.value[:40]}…"
            hint = "write a smaller number, a power of ten such as 1e30, or a string in quotes"
            raise self._error(node, place, f"{shown} has more than 64 bits", hint)
        return value


def _joined(text: str) -> str:
    """Combine surrogate pairs: JSON escapes characters above 16 bits as two, YAML as one."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16")
