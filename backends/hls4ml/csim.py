"""Backend `csim`: hls4ml's C++ compiled with g++ and run on the evaluation set."""

import ctypes
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from hls4ml.model import ModelGraph
from hls4ml.model.types import FixedPrecisionType
from numpy.typing import NDArray

from backends.modelgraph.adder_graph import with_solver
from backends.modelgraph.builder import PROJECT, write_project
from backends.modelgraph.effective import effective
from backends.modelgraph.inspection import refusal
from backends.modelgraph.job_graph import converted, hls4ml_probe
from backends.modelgraph.settings import HARDWARE, PRECISION
from dse.contracts.backend import Artifact, Backend, Context, Job, Outcome, Probe, Resources
from dse.contracts.errors import EvaluationError, FailureKind
from dse.contracts.metrics import Fidelity
from dse.contracts.parameters import Assignment, Parameter
from dse.runtime.cache import cached_directory, digest
from dse.runtime.tools import run_tool

# hls4ml's build_lib.sh compiles two units with -O3. One unit with -O1 reads the headers, and
# instantiates the templates, once: half the time.
# -fno-gnu-unique, which is from there: static variables of templates, such as activation tables,
# are otherwise shared with every other such library in the process.
# build_lib.sh passes an absolute WEIGHTS_DIR, with which equal code would differ by project.
_FLAGS = ("-O1", "-fPIC", "-std=c++14", "-fno-gnu-unique", "-Ifirmware/ap_types",
          '-DWEIGHTS_DIR="weights"')  # fmt: skip
_UNIT = ("-include", f"firmware/{PROJECT}.cpp", "-x", "c++", f"{PROJECT}_bridge.cpp")


@cache
def compiler() -> str:
    """Return g++ and its version, such as ``g++ 12.2.0``; empty where it is not on PATH."""
    path = shutil.which("g++")
    if path is None:
        return ""
    answer = subprocess.run([path, "-dumpfullversion"], capture_output=True, text=True, check=True)
    return f"g++ {answer.stdout.strip()}"


class CsimBackend(Backend):
    """C simulation: outputs of the firmware's C++.

    The library reads its weights from text files when it runs, so points that differ in weights
    alone share one compilation.
    """

    name: ClassVar[str] = "csim"
    fidelity: ClassVar[Fidelity] = Fidelity.CSIM
    version: ClassVar[int] = 5
    parameters: ClassVar[tuple[Parameter, ...]] = (*PRECISION, *HARDWARE)
    metrics: ClassVar[tuple[str, ...]] = ()
    computes_outputs: ClassVar[bool] = True

    def probe(self) -> Probe:
        """Return whether hls4ml and g++ are here; both versions are part of the key."""
        probe = hls4ml_probe()
        if probe.available and not compiler():
            install = "Debian: apt-get install g++; others: a C++14 compiler called g++"
            return Probe(False, probe.tool, "g++ is not on PATH", install)
        return replace(probe, tool=f"{probe.tool}, {compiler()}")

    def refusal(self, job: Job, context: Context) -> str:
        """Return why hls4ml cannot convert a network."""
        return refusal(job, context, lambda made: made)

    def tools_used(self, tool: str, parameters: Assignment) -> str:
        """Return the tools, with da4ml where additions replace multipliers."""
        return with_solver(tool, parameters)

    def plan(self, job: Job) -> Resources:  # noqa: ARG002  (all jobs are alike)
        """Return resources; most of the time is g++'s. Isolated, because it loads compiled code."""
        return Resources(cpus=1, memory_gb=1.5, expected_s=15.0, isolated=True)

    def evaluate(self, job: Job, context: Context) -> Outcome:
        """Convert, compile (or take the library from the cache), run, and score the outputs.

        Raises:
            EvaluationError: hls4ml refuses the network, or the compiler fails.
        """
        project = (context.directory / "project").resolve()
        made = converted(job, context, project)
        write_project(made.graph)
        library = compiled(project, context.cache, context.directory / "compile.log")
        outputs = run_library(library, made.graph, context.prepared.inputs)
        metrics = context.workload.score(context.prepared, outputs, self.fidelity)
        left = {"project": "project", "log": "compile.log"}  # a library from the cache has no log
        artifacts = tuple(
            Artifact(role, path)
            for role, path in left.items()
            if (context.directory / path).exists()
        )
        built = {
            **effective(made, hardware=True),
            **context.roc(outputs),
        }
        return Outcome(metrics, built, artifacts)


def compiled(project: Path, cache_root: Path, log: Path) -> Path:
    """Return the path of a project's shared library, compiled once for equal preprocessed code.

    Args:
        project: folder of the written hls4ml project.
        cache_root: folder of the cache; libraries are in `csim` below it.
        log: file for the compiler's output.

    Raises:
        EvaluationError: tool_failed with the compiler's message.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    key = digest("csim", compiler(), _FLAGS, _preprocessed(project))
    folder = cached_directory(cache_root / "csim", key, partial(_compile, project, log.resolve()))
    return (folder / "firmware.so").resolve()


def _preprocessed(project: Path) -> str:
    """Return the translation unit after the preprocessor, without line markers (-P).

    This is what the key is made of: headers count, but comments and the project's path do not.
    """
    command = ["g++", "-E", "-P", *_FLAGS, *_UNIT]
    answer = subprocess.run(command, cwd=project, capture_output=True, check=False)
    if answer.returncode:
        message = answer.stderr.decode("utf-8", "replace")
        raise EvaluationError(FailureKind.TOOL_FAILED, "g++ -E failed", log=message)
    return answer.stdout.decode("utf-8", "replace")


def _compile(project: Path, log: Path, folder: Path) -> None:
    """Compile the firmware and hls4ml's bridge to it into `firmware.so`."""
    library = folder.resolve() / "firmware.so"
    run_tool(["g++", "-shared", *_FLAGS, *_UNIT, "-o", library], directory=project, log=log)


def run_library(
    library: Path, graph: ModelGraph, inputs: Sequence[NDArray[Any]]
) -> NDArray[np.float64]:
    """Return the scored output of a compiled project, (samples, *output shape).

    See `run_outputs`.
    """
    return run_outputs(library, graph, inputs)[0]


def run_outputs(
    library: Path, graph: ModelGraph, inputs: Sequence[NDArray[Any]]
) -> list[NDArray[np.float64]]:
    """Return all outputs of a compiled project, each (samples, *output shape), the scored first.

    The library looks for `weights/` in the working directory, so this changes the working
    directory to the project's firmware folder during the call: call it in an isolated process.

    Args:
        library: path of the shared library.
        graph: the converted model; names the project's folder and the outputs' shapes.
        inputs: one array per model input, first axis samples.
    """
    outputs = graph.get_output_variables()
    function = getattr(ctypes.CDLL(str(library)), f"{PROJECT}_double")
    # The bridge's <project>_double(inputs..., outputs...) takes one sample as flat arrays.
    pointer = np.ctypeslib.ndpointer(np.float64, flags="C_CONTIGUOUS")
    function.restype, function.argtypes = None, [pointer] * (len(inputs) + len(outputs))
    variables = graph.get_input_variables()
    arrays = [_as_given(array, of) for array, of in zip(inputs, variables, strict=True)]
    results = [np.zeros((len(arrays[0]), output.size())) for output in outputs]
    before = Path.cwd()
    os.chdir(Path(graph.config.get_output_dir()) / "firmware")
    try:
        for sample in zip(*arrays, *results, strict=True):
            function(*sample)
    finally:
        os.chdir(before)
    return [
        array.reshape(len(array), *output.shape)
        for array, output in zip(results, outputs, strict=True)
    ]


def _as_given(array: NDArray[Any], variable: Any) -> NDArray[np.float64]:
    """Return an input as the library takes it.

    Fractions of an input of an integer type are dropped here: the constructor of ap_int from a
    double does so too, but makes 1 of numbers between -1/2 and 0.
    """
    values = np.ascontiguousarray(array, dtype=np.float64)
    fixed = isinstance(variable.type.precision, FixedPrecisionType)
    return values if fixed else np.trunc(values)
