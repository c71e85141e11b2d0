"""What every backend makes of the fixed designs: the content of the golden files."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar
from unittest.mock import patch

import numpy as np
from golden_designs import Design, designs
from numpy.typing import NDArray

from backends.cpu.backend import CpuBackend
from backends.hls4ml.bittrue.backend import BittrueBackend
from backends.hls4ml.csim import CsimBackend
from backends.hls4ml.estimate.backend import EstimateBackend
from backends.hls4ml.vendor.backend import VitisBackend, VivadoBackend
from backends.modelgraph.builder import build_graph
from backends.modelgraph.kernel_plan import KernelPlan
from backends.modelgraph.network import Network
from backends.modelgraph.rtl.circuit import Circuit
from backends.modelgraph.rtl.pipeline import DSP48E1
from backends.modelgraph.settings import Settings
from backends.opencl.aoc.backend import AocBackend
from backends.opencl.backend import OpenclBackend
from backends.opencl.plan import make_plan
from backends.opencl.program import source
from backends.openhls import toolchain
from backends.openhls.backend import OpenBackend
from backends.openhls.lower import lower
from backends.openhls.pnr import flow, timing
from backends.openhls.pnr.families import FAMILIES, named_target
from backends.openhls.pnr.family import Target
from backends.openhls.pnr.synthesis import count_cells
from dse.contracts.backend import Backend, Context, Job, Outcome
from dse.contracts.metrics import Fidelity, Metric
from dse.contracts.offline import OfflineBackend
from dse.contracts.parameters import Parameter, complete
from dse.contracts.workload import Prepared, ProgressText, Workload
from dse.runtime import isolated

Result = dict[str, Any]
_SHOWN = 3
"""Outputs written out beside their digest, so that a difference can be read."""

_OF_HLS4ML = ("ap_types", "nnet_utils", "tb_data")
"""Folders of an HLS project that hls4ml copies; its version is part of every key."""


@dataclass(frozen=True)
class Recording:
    """One section of a golden file.

    Args:
        backend: adapter whose version the section is held to.
        section: its name in the file.
        record: result of a design, given an empty folder.
        designs: names of the designs recorded.
        tool: whether the section needs the adapter's tool (integration tier).
    """

    backend: type[Backend]
    section: str
    record: Callable[[Design, Path], Result]
    designs: tuple[str, ...]
    tool: bool = False


class RecordingWorkload(Workload):
    """Keeps the outputs that it is asked to score."""

    name: ClassVar[str] = "recording"
    version: ClassVar[int] = 1
    parameters: ClassVar[tuple[Parameter, ...]] = ()

    def __init__(self) -> None:
        super().__init__(Path())
        self.outputs: list[NDArray[np.floating]] = []

    def fingerprint(self, parameters: Any) -> str:
        raise NotImplementedError

    def prepare(self, parameters: Any, directory: Path, progress: ProgressText) -> Prepared:
        raise NotImplementedError

    def score(
        self, prepared: Prepared, outputs: NDArray[np.floating], fidelity: Fidelity
    ) -> tuple[Metric, ...]:
        self.outputs.append(np.asarray(outputs, dtype=np.float64))
        return (Metric.of("mse", float(np.mean(outputs)), fidelity),)


def digest_of(data: bytes | str) -> str:
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def digest_of_array(values: NDArray[Any]) -> str:
    """Of shape and little-endian numbers."""
    little = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
    return digest_of(repr(values.shape).encode() + little.tobytes())


@contextmanager
def without_keras(network: Network) -> Iterator[None]:
    """Let a layer list stand for the Keras model that a child process would convert."""

    def call(_: str, __: Path, target: Path, **___: Any) -> None:
        network.save(target)

    with patch.object(isolated, "call", call):
        yield


def job_for(backend: Backend, design: Design, folder: Path, **more: Any) -> tuple[Job, Context]:
    """A job for a design and its surroundings, all in one folder."""
    known = {parameter.name for parameter in backend.parameters}
    given = {k: v for k, v in {**design.parameters, **more}.items() if k in known}
    fingerprint = digest_of(repr([layer["name"] for layer in design.network.layers]))
    prepared_in = folder / "prepared"
    prepared_in.mkdir(parents=True, exist_ok=True)
    prepared = Prepared.write(
        prepared_in, fingerprint, inputs=design.inputs, scoring={}, manifest={}
    )
    parameters = complete(backend.parameters, given)
    job = Job(
        key="0" * 64,
        backend=backend.name,
        parameters=parameters,
        workload="recording",
        workload_parameters={},
        fingerprint=fingerprint,
        base=folder,
    )
    return job, Context(prepared, RecordingWorkload(), folder / "cache", folder / "run")


def evaluated(backend: Backend, design: Design, folder: Path, **more: Any) -> Result:
    """Metrics of an evaluation, and the outputs it scored."""
    job, context = job_for(backend, design, folder, **more)
    with without_keras(design.network):
        outcome = backend.evaluate(job, context)
    workload = context.workload
    assert isinstance(workload, RecordingWorkload)
    return {**_metrics(outcome), **_outputs(workload)}


def _metrics(outcome: Outcome) -> Result:
    """All but shares of a part's capacity, which are computed on reading."""
    return {
        m.name: m.value for m in outcome.metrics if m.name != "mse" and not m.name.endswith("_pct")
    }


def _outputs(workload: RecordingWorkload) -> Result:
    if not workload.outputs:
        return {}
    (outputs,) = workload.outputs
    first = [float(value) for value in outputs.ravel()[:_SHOWN]]
    mean = float(outputs.mean())
    return {"outputs": digest_of_array(outputs), "first_outputs": first, "mean_output": mean}


def of_adapter(backend: type[Backend], **more: Any) -> Callable[[Design, Path], Result]:
    """What an adapter's evaluation gives."""
    return lambda design, folder: evaluated(backend(), design, folder, **more)


def verilog(design: Design, folder: Path) -> Result:
    """The Verilog of the `open` backend."""
    return _described(*_lowered(design, folder))


def verilog_of_families(design: Design, folder: Path) -> Result:
    """The Verilog for each family that is placed and routed."""
    return {name: _described(*_lowered(design, folder, target)) for name, target in _targets()}


def mapped_by(program: str) -> Callable[[Design, Path], Result]:
    """Cells of each family, as one Yosys maps to them; nothing is placed."""

    def mapped(design: Design, folder: Path) -> Result:
        with patch.dict(os.environ, {toolchain.YOSYS_VARIABLE: program}), _tools_looked_for():
            cells = {name: _mapped(design, target, folder) for name, target in _targets()}
            return {"tool": str(toolchain.yosys()), **cells}

    return mapped


@contextmanager
def _tools_looked_for() -> Iterator[None]:
    """Look for the tools again before and after."""
    toolchain.forget()
    try:
        yield
    finally:
        toolchain.forget()


def _targets() -> list[tuple[str, Target]]:
    return [(family.name, named_target(family.example)) for family in FAMILIES]


def _mapped(design: Design, target: Target, folder: Path) -> Result:
    """Counts as metrics, and of the cells that nextpnr is given."""
    found = flow.mapped(*_lowered(design, folder, target), target, folder)
    cells = count_cells(found.netlist)
    own = {kind: number for kind, number in sorted(cells.items()) if not kind.startswith("$")}
    return {**found.counts, "cells": own}


def _lowered(design: Design, folder: Path, target: Target | None = None) -> tuple[Circuit, str]:
    settings = Settings.of(design.parameters)
    graph, _ = build_graph(design.network, settings, folder)
    pipeline = timing.pipeline(target, 5.0) if target else DSP48E1
    return lower(graph, settings.parallelization_factor, pipeline)


def _described(circuit: Circuit, text: str) -> Result:
    return {
        "verilog": digest_of(text),
        "latency_cycles": circuit.latency,
        "interval_cycles": circuit.interval,
        "modules": dict(sorted(_count(circuit.instances).items())),
    }


def _count(instances: Mapping[tuple[str, str], int]) -> dict[str, int]:
    """Instances by layer and kind of module."""
    found: dict[str, int] = {}
    for (layer, module), number in instances.items():
        name = f"{layer}/{module.rpartition('_')[0]}"
        found[name] = found.get(name, 0) + number
    return found


def plan(design: Design, _: Path) -> Result:
    """Tables and kernels of the OpenCL program."""
    made: KernelPlan = make_plan(design.network)
    return {
        "tables": {t.name: [t.kind, t.features, t.per_sample] for t in made.tables.values()},
        "steps": [
            {
                "kernel": step.kernel,
                "from": list(step.inputs),
                "to": [step.output, step.column],
                "index": step.index,
                "activation": step.activation,
                "weights": digest_of_array(step.weights),
                "bias": digest_of_array(step.bias),
            }
            for step in made.steps
        ],
        "inputs": [list(made.inputs), list(made.indices), made.no_node],
        "output": made.output,
    }


def kernels(_: Design, __: Path) -> Result:
    """The kernel sources; they are the same for every design."""
    return {name: digest_of(source(name)) for name in ("matmul", "stream", "graph")}


def emitted(backend: OfflineBackend, design: Design, folder: Path, **more: Any) -> Result:
    """Files that are written for a tool that runs elsewhere."""
    job, context = job_for(backend, design, folder, **more)
    with without_keras(design.network):
        script = backend.write(job, context)
    found = {"commands": digest_of(script)}
    for path in sorted(context.directory.rglob("*")):
        name = path.relative_to(context.directory).as_posix()
        if path.is_file() and _is_ours(name):
            found[name] = digest_of(_without_places(path.read_bytes(), context.directory))
    return _weights_joined(found)


def _is_ours(name: str) -> bool:
    copied = any(f"/{folder}/" in f"/{name}" for folder in _OF_HLS4ML)
    return name.endswith("nnet_graph.h") or not (copied or name.endswith((".yml", ".gz", ".log")))


def _without_places(data: bytes, folder: Path) -> bytes:
    """Without the folder and the random stamp that hls4ml gives every project."""
    data = data.replace(str(folder.resolve()).encode(), b"FOLDER")
    if data.startswith(b"{") and b'"warnings"' in data:  # words of hls4ml, not results
        content = json.loads(data)
        content.pop("warnings")
        data = json.dumps(content).encode()
    config = folder / "hls4ml_config.yml"
    lines = config.read_text().splitlines() if config.is_file() else []
    for line in lines:
        if line.startswith("Stamp:"):
            stamp = line.partition(":")[2].strip().strip("'\"")
            data = data.replace(stamp.encode(), b"STAMP")
    return data


def _weights_joined(found: dict[str, str]) -> Result:
    """One digest for all files of weights."""
    weights = {name: value for name, value in found.items() if "/weights/" in name}
    others = {name: value for name, value in found.items() if name not in weights}
    return {**others, **({"weights": digest_of(repr(sorted(weights.items())))} if weights else {})}


def of_writer(backend: type[OfflineBackend], **more: Any) -> Callable[[Design, Path], Result]:
    """What an adapter writes."""
    return lambda design, folder: emitted(backend(), design, folder, **more)


def on_device(design: Design, folder: Path) -> Result:
    """Outputs of the kernels on the first OpenCL device; its times are not kept."""
    short = {"timed_batches": 1, "repeats": 1, "events_per_batch": 6}
    return _floats(evaluated(OpenclBackend(), design, folder, **short))


def with_keras(design: Design, folder: Path) -> Result:
    """Outputs of the float reference, computed in processes that may load TensorFlow."""
    isolated.call("golden_keras:save_model", design, folder, log=folder / "log")
    found: Result = isolated.call("golden_keras:cpu_outputs", design, folder, log=folder / "log")
    return _floats(found)


def _floats(found: Result) -> Result:
    """Outputs that depend on a processor's order of additions are compared as numbers."""
    return {"first_outputs": found["first_outputs"], "mean_output": found["mean_output"]}


ALL = tuple(name for name in designs() if name != "small")
_OPENCL = ("mlp", "classifier", "vectors", "graph")
_KERAS = ("mlp", "classifier", "vectors")
_PROJECTS = ("classifier", "mlp_saturates_resource", "joined", "graph_in_turns", "quantised")
_SYNTHESISED = ("mlp_overflows_reuse_3", "classifier_types_reuse_16", "graph_by_name")

_VITIS = "vitis_hls-2021.1"
_PREDICTED = ("classifier", "quantised")

RECORDINGS = (
    Recording(BittrueBackend, "evaluation", of_adapter(BittrueBackend), ALL),
    Recording(EstimateBackend, "evaluation", of_adapter(EstimateBackend), ALL),
    Recording(EstimateBackend, "vitis_hls", of_adapter(EstimateBackend, tool=_VITIS), _PREDICTED),
    Recording(OpenBackend, "verilog", verilog, ALL),
    Recording(OpenBackend, "verilog_of_families", verilog_of_families, ("small",)),
    Recording(OpenclBackend, "plan", plan, _OPENCL),
    Recording(OpenclBackend, "kernels", kernels, ("mlp",)),
    Recording(VitisBackend, "project", of_writer(VitisBackend, stage="impl"), _PROJECTS),
    Recording(VivadoBackend, "project", of_writer(VivadoBackend), _PROJECTS),
    Recording(AocBackend, "tiled", of_writer(AocBackend, kernel="tiled"), _OPENCL),
    Recording(AocBackend, "stream", of_writer(AocBackend, kernel="stream"), ("mlp", "graph")),
    Recording(CsimBackend, "evaluation", of_adapter(CsimBackend), ALL, tool=True),
    Recording(OpenBackend, "evaluation", of_adapter(OpenBackend), _SYNTHESISED, tool=True),
    Recording(OpenBackend, "mapped_by_yosys", mapped_by("yosys"), ("small",), tool=True),
    Recording(OpenBackend, "mapped_by_pyosys", mapped_by("pyosys"), ("small",), tool=True),
    Recording(OpenclBackend, "outputs", on_device, _OPENCL, tool=True),
    Recording(CpuBackend, "outputs", with_keras, _KERAS, tool=True),
)
