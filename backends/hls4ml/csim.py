"""Backend `csim`: hls4ml's C++ compiled with g++, run on the evaluation set."""

import ctypes
import os
import shutil
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from hls4ml.model import ModelGraph
from numpy.typing import NDArray

from backends.modelgraph.builder import PROJECT, write_project
from backends.modelgraph.effective import effective
from backends.modelgraph.job_graph import converted, hls4ml_probe
from backends.modelgraph.settings import HARDWARE, PRECISION
from dse.contracts.backend import Artifact, Backend, Context, Job, Outcome, Probe, Resources
from dse.contracts.errors import EvaluationError, FailureKind
from dse.contracts.metrics import Fidelity
from dse.contracts.parameters import Parameter
from dse.runtime.cache import cached_directory, digest
from dse.runtime.tools import run_tool

_FLAGS = ("-O1", "-fPIC", "-std=c++14", "-fno-gnu-unique", "-Ifirmware/ap_types")
_UNITS = (f"firmware/{PROJECT}.cpp", f"{PROJECT}_bridge.cpp")


@cache
def compiler() -> str:
    """g++ and its version, or empty."""
    path = shutil.which("g++")
    if path is None:
        return ""
    answer = subprocess.run([path, "-dumpfullversion"], capture_output=True, text=True, check=True)
    return f"g++ {answer.stdout.strip()}"


class CsimBackend(Backend):
    """C simulation: the firmware's own outputs.

    Weights are read when the library starts, so points whose code is equal (only weights
    differ) share one compilation.
    """

    name: ClassVar[str] = "csim"
    fidelity: ClassVar[Fidelity] = Fidelity.CSIM
    version: ClassVar[int] = 2
    parameters: ClassVar[tuple[Parameter, ...]] = (*PRECISION, *HARDWARE)
    metrics: ClassVar[tuple[str, ...]] = ()
    computes_outputs: ClassVar[bool] = True

    def probe(self) -> Probe:
        """Needs hls4ml and g++."""
        probe = hls4ml_probe()
        if probe.available and not compiler():
            install = "Debian: apt-get install g++; others: a C++14 compiler called g++"
            return Probe(False, probe.tool, "g++ is not on PATH", install)
        return replace(probe, tool=f"{probe.tool}, {compiler()}")

    def plan(self, job: Job) -> Resources:  # noqa: ARG002  (all jobs are alike)
        """About ten seconds, most of them g++, in a process of its own."""
        return Resources(cpus=1, memory_gb=1.5, expected_s=15.0, isolated=True)

    def evaluate(self, job: Job, context: Context) -> Outcome:
        """Convert, compile (or find compiled), run, score."""
        project = (context.directory / "project").resolve()
        graph, settings, warnings = converted(job, context, project)
        write_project(graph)
        library = compiled(project, context.cache, context.directory / "compile.log")
        outputs = run_library(library, graph, context.prepared.inputs)
        metrics = context.workload.score(context.prepared, outputs, self.fidelity)
        left = {"project": "project", "log": "compile.log"}  # no log where it was compiled before
        artifacts = tuple(
            Artifact(role, path)
            for role, path in left.items()
            if (context.directory / path).exists()
        )
        built = {
            **effective(graph, settings, hardware=True, warnings=warnings),
            **context.roc(outputs),
        }
        return Outcome(metrics, built, artifacts)


def compiled(project: Path, cache_root: Path, log: Path) -> Path:
    """The project as a shared library; equal preprocessed code is compiled once.

    Raises:
        EvaluationError: tool_failed with the compiler's message.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    sources = [_preprocessed(project, unit) for unit in _UNITS]
    key = digest("csim", compiler(), _FLAGS, sources)
    folder = cached_directory(cache_root / "csim", key, partial(_compile, project, log.resolve()))
    return (folder / "firmware.so").resolve()


def _preprocessed(project: Path, unit: str) -> str:
    command = ["g++", "-E", "-P", *_FLAGS, '-DWEIGHTS_DIR="weights"', unit]
    answer = subprocess.run(command, cwd=project, capture_output=True, check=False)
    if answer.returncode:
        message = answer.stderr.decode("utf-8", "replace")
        raise EvaluationError(FailureKind.TOOL_FAILED, "g++ -E failed", log=message)
    return answer.stdout.decode("utf-8", "replace")


def _compile(project: Path, log: Path, folder: Path) -> None:
    """Both translation units side by side, then the link."""
    objects = [folder.resolve() / f"{number}.o" for number in range(len(_UNITS))]

    def unit(source: str, target: Path) -> None:
        flags = (*_FLAGS, '-DWEIGHTS_DIR="weights"')
        run_tool(["g++", *flags, "-c", source, "-o", target], directory=project, log=log)

    with ThreadPoolExecutor(len(_UNITS)) as pool:
        list(pool.map(unit, _UNITS, objects))
    library = folder.resolve() / "firmware.so"
    run_tool(["g++", "-shared", *objects, "-o", library], directory=project, log=log)


def run_library(
    library: Path, graph: ModelGraph, inputs: Sequence[NDArray[Any]]
) -> NDArray[np.float64]:
    """Outputs (samples, *output shape) of a compiled project.

    Changes the working directory to the project's firmware folder for the time of the call,
    because that is where the library looks for weights: call it in a process of its own.
    """
    (output,) = graph.get_output_variables()
    function = getattr(ctypes.CDLL(str(library)), f"{PROJECT}_double")
    pointer = np.ctypeslib.ndpointer(np.float64, flags="C_CONTIGUOUS")
    function.restype, function.argtypes = None, [pointer] * (len(inputs) + 1)
    arrays = [np.ascontiguousarray(array, dtype=np.float64) for array in inputs]
    results = np.zeros((len(arrays[0]), output.size()))
    before = Path.cwd()
    os.chdir(Path(graph.config.get_output_dir()) / "firmware")
    try:
        for sample, result in zip(zip(*arrays, strict=True), results, strict=True):
            function(*sample, result)
    finally:
        os.chdir(before)
    return results.reshape(len(results), *output.shape)
