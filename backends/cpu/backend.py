"""Backend `cpu`: accuracy and latency of the network as trained, on this machine."""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from time import perf_counter_ns
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from dse.analysis.intervals import central_95
from dse.contracts.backend import Backend, Context, Job, Outcome, Probe, Resources
from dse.contracts.metrics import Fidelity, Metric
from dse.contracts.parameters import Parameter, Value
from dse.runtime.keras_model import load_model
from dse.runtime.outputs import builds_all


class CpuBackend(Backend):
    """Reference: the network as trained, in Keras, or in onnxruntime if it is in ONNX.

    Latencies are medians of calls after a warm-up; their intervals hold the central 95 % of the
    calls.
    """

    name: ClassVar[str] = "cpu"
    fidelity: ClassVar[Fidelity] = Fidelity.FLOAT
    version: ClassVar[int] = 1
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("batch", int, 100, "samples of one call in the batched measurement", minimum=1),
        Parameter("repeats", int, 30, "timed calls of each measurement", minimum=3),
        Parameter("threads", int, 1, "threads that TensorFlow or onnxruntime may use", minimum=1),
    )
    metrics: ClassVar[tuple[str, ...]] = ("latency_ns", "batch_latency_ns", "throughput_hz")
    computes_outputs: ClassVar[bool] = True

    def probe(self) -> Probe:
        """Return the versions of what computes with the processor, on which times depend."""
        try:
            tools = f"keras {version('keras')}, tensorflow {version('tensorflow')}"
        except PackageNotFoundError as error:
            reason = f"{error.name} is not installed"
            return Probe(False, "keras, tensorflow", reason, "pip install 'dse-fpga[hls]'")
        with suppress(PackageNotFoundError):  # an extra, for networks in ONNX alone
            tools += f", onnxruntime {version('onnxruntime')}"
        return Probe(True, f"{tools} on {_cpu_name()}")

    def plan(self, job: Job) -> Resources:
        """Return resources; isolated, because it loads TensorFlow and sets its threads."""
        return Resources(
            cpus=float(str(job.parameters["threads"])),
            memory_gb=2.0,
            expected_s=15.0,
            isolated=True,
        )

    def evaluate(self, job: Job, context: Context) -> Outcome:
        """Predict and score the evaluation set, then time single samples and batches.

        Raises:
            EvaluationError: the network cannot be loaded, or has more than one output and the
                workload names none.
        """
        threads, repeats, batch = (
            int(str(job.parameters[name])) for name in ("threads", "repeats", "batch")
        )
        predict = _load(context, threads)
        inputs = context.prepared.inputs
        outputs = np.concatenate([predict(part) for part in _parts(inputs, 256)])
        scores = context.workload.score(context.prepared, outputs, self.fidelity)
        size = min(batch, len(inputs[0]))
        single = _time(predict, [array[:1] for array in inputs], repeats)
        batched = _time(predict, [array[:size] for array in inputs], repeats)
        timings = (
            _latency("latency_ns", single),
            _latency("batch_latency_ns", batched),
            Metric.of("throughput_hz", size * 1e9 / np.median(batched), Fidelity.MEASURED),
        )
        effective: dict[str, Value] = {
            "threads": threads,
            "batch": size,
            "repeats": repeats,
            "device": _cpu_name(),
            **context.roc(outputs),
        }
        return Outcome((*scores, *timings), effective)


def _load(context: Context, threads: int) -> Callable[[Sequence[Any]], NDArray[np.float32]]:
    """Return a function that computes the network's outputs."""
    if context.prepared.model_path.suffix == ".onnx":
        return _in_onnxruntime(context, threads)
    return _in_keras(context, threads)


def _in_onnxruntime(
    context: Context, threads: int
) -> Callable[[Sequence[Any]], NDArray[np.float32]]:
    """Return a function that computes the outputs of a network in ONNX."""
    from dse.runtime.onnx_runner import runner_of  # onnx is an extra

    prepared = context.prepared
    every = builds_all(prepared.manifest)
    output = prepared.manifest.get("output")
    runner = runner_of(prepared.model_path, output, threads, every=every)
    return lambda inputs: np.asarray(runner.run(inputs)[0], dtype=np.float32)


def _in_keras(context: Context, threads: int) -> Callable[[Sequence[Any]], NDArray[np.float32]]:
    """Return a function that computes the outputs in Keras, compiled as a TensorFlow graph."""
    import tensorflow as tf  # here, because it takes 9 to 16 s

    # TensorFlow accepts the numbers of threads only before its first operation.
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    model = load_model(context.prepared)
    compiled = tf.function(
        lambda *tensors: model(tensors[0] if len(tensors) == 1 else list(tensors), training=False)
    )

    def predict(inputs: Sequence[Any]) -> NDArray[np.float32]:
        found = compiled(*inputs)  # of several outputs the scored one comes first
        first = found[0] if isinstance(found, list | tuple) else found
        return np.asarray(first, dtype=np.float32)

    return predict


def _parts(inputs: Sequence[NDArray[Any]], size: int) -> list[list[NDArray[Any]]]:
    """Return the inputs in parts of `size` samples; the last may have fewer."""
    starts = range(0, len(inputs[0]), size)
    return [[array[start : start + size] for array in inputs] for start in starts]


def _time(
    predict: Callable[[Sequence[Any]], Any], inputs: Sequence[Any], repeats: int
) -> NDArray[np.float64]:
    """Return the time of each call in ns, after three calls that trace the graph and warm up."""
    for _ in range(3):
        predict(inputs)
    times = []
    for _ in range(repeats):
        start = perf_counter_ns()
        predict(inputs)
        times.append(perf_counter_ns() - start)
    return np.array(times, dtype=np.float64)


def _latency(name: str, times: NDArray[np.float64]) -> Metric:
    """Return the median, with the bounds of the central 95 % of the calls."""
    low, high = central_95(times)
    return Metric.of(name, float(np.median(times)), Fidelity.MEASURED, low=low, high=high)


@cache
def _cpu_name() -> str:
    """Return model and number of cores of the processor; the model is "CPU" if unknown."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123
            names = [line.split(":", 1)[1].strip() for line in file if "model name" in line]
    except OSError:
        names = []
    return f"{names[0] if names else 'CPU'}, {os.cpu_count()} cores"
