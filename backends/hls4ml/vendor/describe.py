"""What an hls4ml project says of its own parameters, file by file.

Asked for: `hls4ml_config.yml`, `project.tcl`, `build_prj.tcl` and `firmware/defines.h`. Built:
`firmware/parameters.h`, which says what was asked for only where nothing else does, since
hls4ml corrects reuse factors. Of a setting that differs between layers nothing is said.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from dse.contracts.parameters import Value
from dse.runtime.report_files import ReportError, read_text

_MAX_NODES = 100_000
CONFIG = "hls4ml_config.yml"
PARAMETERS = "firmware/parameters.h"

Pairs = Iterator[tuple[str, Value]]

_FIXED = re.compile(r"(?:ap_)?fixed<\s*(\d+)\s*,\s*(-?\d+)\s*(?:,\s*(\w+))?\s*(?:,\s*(\w+))?")

_LAYER = re.compile(
    r"^// (\w+)\nstruct \w+ : nnet::(?:dense|conv\w*)_config \{(.*?)^\};", re.DOTALL | re.MULTILINE
)
_SETTINGS = {
    "reuse_factor": r"reuse_factor = (\d+);",
    "strategy": r"strategy = nnet::(\w+);",
}


def describe(folder: Path) -> Iterator[tuple[str, Value, Path]]:
    """Every parameter each file gives: name, value, file.

    Raises:
        ReportError: a file is there and cannot be read.
    """
    said: set[str] = set()
    for name, reader in _READERS.items():
        path = folder / name
        if path.is_file():
            for key, value in list(reader(path, read_text(path))):
                if name != PARAMETERS or key not in said:
                    yield key, value, path
                said.add(key)


def built_layers(folder: Path) -> dict[str, Value]:
    """Per layer the reuse factor and strategy asked for and built, as JSON; {} if not known.

    Raises:
        ReportError: a file is there and cannot be read.
    """
    config, parameters = folder / CONFIG, folder / PARAMETERS
    if not (config.is_file() and parameters.is_file()):
        return {}
    asked = _lookup(_load(config, read_text(config)), "HLSConfig") or {}
    layers: dict[str, Value] = {}
    for layer, body in _LAYER.findall(read_text(parameters)):
        requested = {
            name: _lookup(asked, "LayerName", layer, key) or _lookup(asked, "Model", key)
            for name, key in (("reuse_factor", "ReuseFactor"), ("strategy", "Strategy"))
        }
        layers[layer] = {
            "requested": {k: str(v).lower() for k, v in requested.items() if v},
            "effective": dict(_settings(body)),
        }
    return {"layers": layers} if layers else {}


def _settings(body: str) -> Iterator[tuple[str, str]]:
    for name, pattern in _SETTINGS.items():
        if found := re.search(pattern, body):
            yield name, found.group(1)


def _types(text: str) -> Pairs:
    found = _FIXED.search(text)
    if found is None:
        return
    total, whole, rounding, overflow = found.groups()
    yield "total_bits", int(total)
    yield "integer_bits", int(whole)
    if rounding:
        yield "rounding", rounding.removeprefix("AP_")
    if overflow:
        yield "overflow", overflow.removeprefix("AP_")


def _load(path: Path, text: str) -> dict[str, Any]:
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except (YAMLError, ValueError, RecursionError) as error:
        raise ReportError(path, f"is no YAML: {str(error).splitlines()[0]}") from error
    try:
        config = _PlainYaml(path).of(root) if root is not None else None
    except RecursionError as error:
        raise ReportError(path, "refers to itself") from error
    if not isinstance(config, dict):
        raise ReportError(path, "is no mapping")
    return config


def _config(path: Path, text: str) -> Pairs:
    config = _load(path, text)
    model = _lookup(config, "HLSConfig", "Model")
    if isinstance(model, dict):
        precision = model.get("Precision")
        yield from _types(str(_lookup(precision, "default") or precision))
        yield from _typed(path, "reuse_factor", _common(config, "ReuseFactor"), int)
        yield from _typed(path, "strategy", _common(config, "Strategy"), str.lower)
    yield from _typed(path, "part", config.get("Part") or config.get("XilinxPart"), str)
    yield from _typed(path, "clock_period_ns", config.get("ClockPeriod"), float)


def _common(config: dict[str, Any], key: str) -> Any:
    """What all layers have, or the model where no layer has its own."""
    layers = _lookup(config, "HLSConfig", "LayerName")
    own = [_lookup(layer, key) for layer in layers.values()] if isinstance(layers, dict) else []
    values = {str(value) for value in own if value}
    if len(values) > 1:
        return None
    return values.pop() if values else _lookup(config, "HLSConfig", "Model", key)


def _lookup(tree: Any, *names: str) -> Any:
    for name in names:
        tree = tree.get(name) if isinstance(tree, dict) else None
    return tree


def _typed(path: Path, name: str, text: Any, kind: Callable[[str], Value]) -> Pairs:
    if isinstance(text, str) and text:
        try:
            yield name, kind(text)
        except ValueError as error:
            raise ReportError(path, f"{name} is {text!r}") from error


class _PlainYaml:
    """Texts, lists and mappings; tags such as !keras_model are left out, nothing is built."""

    def __init__(self, path: Path) -> None:
        self._path, self._left = path, _MAX_NODES

    def of(self, node: Node) -> Any:
        """Raises ReportError where aliases make more of a file than a project can have."""
        self._left -= 1
        if self._left < 0:
            raise ReportError(self._path, f"has more than {_MAX_NODES} values")
        if isinstance(node, MappingNode):
            return {str(key.value): self.of(value) for key, value in node.value}
        if isinstance(node, SequenceNode):
            return [self.of(item) for item in node.value]
        return node.value if isinstance(node, ScalarNode) else None


def _tcl(path: Path, text: str) -> Pairs:
    patterns = {
        "part": r"^\s*set_?\s?part\s+[{\"]?([\w-]+)",
        "clock_period_ns": r"^\s*(?:set clock_period|create_clock -period)\s+([\d.]+)",
    }
    for name, pattern in patterns.items():
        if found := re.search(pattern, text, re.MULTILINE):
            kind = str if name == "part" else float
            yield from _typed(path, name, found.group(1), kind)


def _defines(path: Path, text: str) -> Pairs:  # noqa: ARG001  (readers are alike)
    if found := re.search(r"typedef (.*?) model_default_t;", text):
        yield from _types(found.group(1))


def _parameters(path: Path, text: str) -> Pairs:  # noqa: ARG001  (readers are alike)
    """Of layers with weights; only what all of them agree on."""
    for name, pattern in _SETTINGS.items():
        found = [re.search(pattern, body) for _, body in _LAYER.findall(text)]
        values = {match.group(1) for match in found if match}
        if len(values) == 1:
            value = values.pop()
            yield name, int(value) if value.isdigit() else value


_READERS: dict[str, Callable[[Path, str], Pairs]] = {
    CONFIG: _config,
    "project.tcl": _tcl,
    "build_prj.tcl": _tcl,
    "firmware/defines.h": _defines,
    PARAMETERS: _parameters,
}
