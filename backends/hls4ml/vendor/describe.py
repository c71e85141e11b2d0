"""Parameters of an hls4ml project, read from its own files.

`hls4ml_config.yml`, `project.tcl`, `build_prj.tcl` and `firmware/defines.h` hold what was
requested. `firmware/parameters.h` holds what was built; since hls4ml corrects reuse factors, it is
read only for parameters that no other file gives. Settings that differ between layers are left
out.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from dse.contracts.parameters import Value
from dse.runtime.report_files import ReportError, read_start, read_text

# Aliases in YAML can expand to exponentially many values; a real project has far fewer.
_MAX_NODES = 100_000
CONFIG = "hls4ml_config.yml"
PARAMETERS = "firmware/parameters.h"

Pairs = Iterator[tuple[str, Value]]

_FIXED = re.compile(r"(?:ap_)?fixed<\s*(\d+)\s*,\s*(-?\d+)\s*(?:,\s*(\w+))?\s*(?:,\s*(\w+))?")

# A layer's comment and its struct of settings, as hls4ml writes them into parameters.h.
_LAYER = re.compile(
    r"^// (\w+)\nstruct \w+ : nnet::(?:dense|conv\w*)_config \{(.*?)^\};", re.DOTALL | re.MULTILINE
)
_SETTINGS = {
    "reuse_factor": r"reuse_factor = (\d+);",
    "strategy": r"strategy = nnet::(\w+);",
}


def describe(place: Path) -> Iterator[tuple[str, Value, Path]]:
    """Yield name, value and file of every parameter that a file of the project gives.

    A solution that is one of several may have a part and a clock of its own, so the project's
    files do not give those; its report does.

    Raises:
        ReportError: a file is there and cannot be read.
    """
    said: set[str] = set()
    if (home := home_of(place)) is None:
        return
    for name, reader in _READERS.items():
        path = home / name
        if path.is_file():
            for key, value in list(reader(path, read_text(path))):
                if home != place and key in {"part", "clock_period_ns"}:
                    continue
                if name != PARAMETERS or key not in said:
                    yield key, value, path
                said.add(key)


def home_of(place: Path) -> Path | None:
    """Return the folder of the hls4ml project that a place belongs to; None where none is known.

    It is the folder itself, or for one solution or HLS project of several the folder above, where
    the HLS project is the one that hls4ml names (`<ProjectName>_prj`).
    """
    if not place.is_dir():
        return None
    hls = place.parent if (place / "syn" / "report").is_dir() else place
    if hls != place or any(place.glob("*/syn/report")):
        above = hls.parent
        named = {f"{name}_prj" for name in _project_names(above)}
        return above if hls.name in named else place
    return place


def _project_names(folder: Path) -> Iterator[str]:
    """Yield the names of the HLS project by the scripts and the configuration of hls4ml."""
    patterns = {CONFIG: r"^ProjectName: *(\w+)", "project.tcl": r'set project_name "?(\w+)'}
    for name, pattern in patterns.items():
        if (folder / name).is_file():
            found = re.search(pattern, read_text(folder / name), re.MULTILINE)
            yield from found.groups() if found else ()


def backend_of(place: Path) -> str:
    """Return hls4ml's name of the backend by the project's configuration; empty without one."""
    home = home_of(place)
    if home is None or not (home / CONFIG).is_file():
        return ""
    found = re.search(r"^Backend: *(\w+)", read_start(home / CONFIG, 100_000), re.MULTILINE)
    return found.group(1) if found else ""


def built_layers(folder: Path) -> dict[str, Value]:
    """Return requested and effective reuse factor and strategy by layer; {} if not known.

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
    """Yield the settings in the body of a layer's struct."""
    for name, pattern in _SETTINGS.items():
        if found := re.search(pattern, body):
            yield name, found.group(1)


def _types(text: str) -> Pairs:
    """Yield width, integer bits and modes of the first fixed-point type in a text."""
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
    """Return a YAML mapping with plain texts, lists and mappings alone; raise ReportError."""
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except (YAMLError, ValueError, RecursionError) as error:
        raise ReportError(path, f"is not YAML: {str(error).splitlines()[0]}") from error
    try:
        config = _PlainYaml(path).of(root) if root is not None else None
    except RecursionError as error:
        raise ReportError(path, "has an alias that refers to itself") from error
    if not isinstance(config, dict):
        raise ReportError(path, "is not a mapping")
    return config


def _config(path: Path, text: str) -> Pairs:
    """Yield parameters of `hls4ml_config.yml`; older versions write XilinxPart for Part."""
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
    """Return a setting that all layers share, or the model's where no layer has its own."""
    layers = _lookup(config, "HLSConfig", "LayerName")
    own = [_lookup(layer, key) for layer in layers.values()] if isinstance(layers, dict) else []
    values = {str(value) for value in own if value}
    if len(values) > 1:
        return None
    return values.pop() if values else _lookup(config, "HLSConfig", "Model", key)


def _lookup(tree: Any, *names: str) -> Any:
    """Return the value at a path of nested mappings; None where it is missing."""
    for name in names:
        tree = tree.get(name) if isinstance(tree, dict) else None
    return tree


def _typed(path: Path, name: str, text: Any, kind: Callable[[str], Value]) -> Pairs:
    """Yield a parameter converted to its type; raise ReportError where it cannot be."""
    if isinstance(text, str) and text:
        try:
            yield name, kind(text)
        except ValueError as error:
            raise ReportError(path, f"{name} is {text!r}, which is not legal") from error


class _PlainYaml:
    """Converter of YAML nodes to texts, lists and mappings.

    Tags such as ``!keras_model`` are ignored and no object is constructed, so a file from
    elsewhere cannot run code.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._left = path, _MAX_NODES

    def of(self, node: Node) -> Any:
        """Return a node's value.

        Raises:
            ReportError: aliases expand the file to more values than a project can have.
        """
        self._left -= 1
        if self._left < 0:
            raise ReportError(self._path, f"has more than {_MAX_NODES} values")
        if isinstance(node, MappingNode):
            return {str(key.value): self.of(value) for key, value in node.value}
        if isinstance(node, SequenceNode):
            return [self.of(item) for item in node.value]
        return node.value if isinstance(node, ScalarNode) else None


def _tcl(path: Path, text: str) -> Pairs:
    """Yield part and clock period; newer projects set variables, older ones call commands."""
    patterns = {
        "part": r"^\s*set_?\s?part\s+[{\"]?([\w-]+)",
        "clock_period_ns": r"^\s*(?:set clock_period|create_clock -period)\s+([\d.]+)",
    }
    for name, pattern in patterns.items():
        if found := re.search(pattern, text, re.MULTILINE):
            kind = str if name == "part" else float
            yield from _typed(path, name, found.group(1), kind)


def _defines(path: Path, text: str) -> Pairs:  # noqa: ARG001  (readers are alike)
    """Yield the model's default type."""
    if found := re.search(r"typedef (.*?) model_default_t;", text):
        yield from _types(found.group(1))


def _parameters(path: Path, text: str) -> Pairs:  # noqa: ARG001  (readers are alike)
    """Yield settings that all layers with weights have in common."""
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
