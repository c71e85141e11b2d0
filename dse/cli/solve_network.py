"""The network of `dse solve`: a file with its test set, or that of a study."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dse.analysis.solution import CIRCUIT
from dse.cli.network_study import workload_of
from dse.contracts.errors import UsageError
from dse.contracts.inspection import LayerSummary
from dse.contracts.parameters import Value
from dse.contracts.registry import Registry
from dse.study.models import Study
from dse.study.per_layer import per_layer_space
from dse.study.shipped import find_study
from dse.study.validate import load_study

_OF_LAYERS = {"total_bits", "integer_bits", "precision", "strategy", "reuse_factor"}
"""Parameters of all layers, whose places those of every layer take."""


@dataclass(frozen=True)
class Network:
    """What a budget is for.

    Args:
        title: file of the network, or the study that it is taken from.
        section: ``workload`` of a study; its paths are relative to the folder of the answer.
        score: figure of merit; empty where outputs and targets suggest it.
        space: parameters of the circuit that are varied beside those of every layer, as in a
            study.
    """

    title: str
    section: Mapping[str, Value]
    score: str = ""
    space: Mapping[str, Value] = field(default_factory=dict)

    def whole_space(self, layers: Sequence[LayerSummary]) -> dict[str, Value]:
        """Return the parameters of every layer, and those of the circuit."""
        return {**self.space, **per_layer_space(layers)}

    @property
    def stem(self) -> str:
        """The title without folder and ending."""
        return Path(self.title).stem

    def lines(self, score: str) -> list[str]:
        """Return the section ``workload`` as lines of YAML, for a figure of merit."""
        own = self.section if self.score else {**self.section, "score": score}
        return ["workload:", *(f"  {key}: {json.dumps(value)}" for key, value in own.items())]


def of_files(model: str, data: str, targets: str | None, folder: Path) -> Network:
    """Return the network of a file.

    Args:
        model: the file.
        data: test set, as ``workload.test_set``.
        targets: as ``workload.test_targets``; None where the test set has them.
        folder: of the answer.

    Raises:
        UsageError: a file does not exist.
    """
    section: dict[str, Value] = {"name": workload_of(model), "model": _beside(model, folder)}
    section["test_set"] = _data(data, folder)
    if targets is not None:
        section["test_targets"] = _data(targets, folder)
    return Network(model, section)


def of_study(name: str, folder: Path) -> Network:
    """Return the network of a study.

    Args:
        name: path of a study file, or name of a shipped study.
        folder: of the answer.

    Raises:
        StudyError: the study has mistakes.
        UsageError: there is no such study, or it is of several networks.
    """
    study = load_study(find_study(Path(name)))
    kind = Registry.installed().workload_class(study.workload.name)
    fixed = _fixed(study, {parameter.name for parameter in kind.parameters})
    settings = {**study.workload.settings, **fixed}
    scores = kind.metric_names(settings)
    score = next((one.metric for one in study.objectives if one.metric in scores), scores[0])
    moved = {key: _rebased(value, study.base, folder) for key, value in settings.items()}
    section = {"name": study.workload.name, **moved}
    return Network(study.name, section, score, _circuit_space(study))


def _circuit_space(study: Study) -> dict[str, Value]:
    """Return what a study says of the circuit and not of a layer, such as rows at a time."""
    circuit = Registry.installed().backend_class(CIRCUIT)
    own = {one.name for one in circuit.parameters} - _OF_LAYERS
    written = study.source.tree.get("space")
    assert isinstance(written, dict)  # noqa: S101  (the study is checked)
    return {name: value for name, value in written.items() if name in own}


def _fixed(study: Study, read: set[str]) -> dict[str, Value]:
    """Return what the space fixes of the network's parameters; raises as `of_study`."""
    own = {name: domain.values or () for name, domain in study.space.items() if name in read}
    several = [name for name, values in own.items() if len(values) != 1]
    if several:
        raise UsageError(
            f"the study is of several networks: it varies {', '.join(several)}",
            where=study.source.where("space", several[0]),
            hint="write a study with one value for each",
        )
    return {name: values[0] for name, values in own.items()}


def _rebased(value: Value, base: Path, folder: Path) -> Value:
    """Return a path of an existing file relative to another folder; other values as they are."""
    if not isinstance(value, str):
        return value
    parts = _parts(value)
    if not all(place and (base / place).exists() for place, _, _ in parts):
        return value
    return _joined((os.path.relpath(base / place, folder), *rest) for place, *rest in parts)


def _beside(path: str, folder: Path) -> str:
    """Return a path relative to a folder."""
    if not Path(path).is_file():
        raise UsageError("there is no such file", where=path)
    return os.path.relpath(path, folder)


def _data(text: str, folder: Path) -> str:
    """Return paths of data, such as ``x.npy,y.h5:/y``, relative to a folder."""
    return _joined((_beside(place, folder), *rest) for place, *rest in _parts(text))


def _parts(text: str) -> list[tuple[str, str, str]]:
    """Return file, colon and place in the file of each part of ``x.npy,y.h5:/y``."""
    return [part.strip().partition(":") for part in text.split(",")]


def _joined(parts: Iterable[Sequence[str]]) -> str:
    return ",".join(map("".join, parts))
