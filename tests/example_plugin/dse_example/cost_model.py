"""Backend `cost_model`: cost of a dot product of the inputs, by formula."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from dse.plugins import (
    Backend,
    Context,
    Fidelity,
    Job,
    Metric,
    MetricInfo,
    Outcome,
    Parameter,
    Probe,
    Resources,
)
from dse_example.metrics import TOGGLE_RATE


class CostModelBackend(Backend):
    """Backend that counts the look-up tables of array multipliers, and how often inputs change."""

    name: ClassVar[str] = "cost_model"
    fidelity: ClassVar[Fidelity] = Fidelity.ESTIMATE
    version: ClassVar[int] = 1  # raise it when the same job would give another result
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("total_bits", int, 8, "bits of every input", minimum=2, maximum=16),
        Parameter("scale", float, 4.0, "largest input that can be represented", minimum=1e-3),
    )
    metrics: ClassVar[tuple[str, ...]] = ("lut", TOGGLE_RATE.name)
    metric_definitions: ClassVar[tuple[MetricInfo, ...]] = (TOGGLE_RATE,)
    computes_outputs: ClassVar[bool] = False  # if True, the workload scores its outputs

    def probe(self) -> Probe:
        """Return that the model is available; a missing tool would say how to install it."""
        return Probe(available=True, tool="cost model 1")

    def plan(self, job: Job) -> Resources:
        """Return the resources: some milliseconds, so no separate process is worth its start."""
        return Resources(expected_s=0.01)

    def evaluate(self, job: Job, context: Context) -> Outcome:
        """Count one multiplier per input, with half a look-up table per pair of bits."""
        bits, scale = int(str(job.parameters["total_bits"])), float(str(job.parameters["scale"]))
        inputs = np.concatenate([a.reshape(len(a), -1) for a in context.prepared.inputs], axis=1)
        luts = inputs.shape[1] * bits**2 / 2
        toggles = toggle_rate(inputs, bits, scale)
        return Outcome(
            metrics=(
                Metric.of("lut", luts, self.fidelity),
                TOGGLE_RATE.metric(toggles, self.fidelity),
            ),
            effective={"multipliers": inputs.shape[1], "total_bits": bits},
        )


def toggle_rate(inputs: NDArray[np.generic], bits: int, scale: float) -> float:
    """Return the share of bits that differ between neighbouring samples.

    Args:
        inputs: shape (samples, features).
        bits: of each feature, two's complement.
        scale: largest value that can be represented; larger ones saturate.
    """
    steps = 2 ** (bits - 1)
    raw = np.clip(np.round(np.asarray(inputs, float) / scale * steps), -steps, steps - 1)
    words = raw.astype(np.int64) & (2**bits - 1)  # two's complement, sign bit included
    changed = words[1:] ^ words[:-1]
    ones = sum(int(((changed >> bit) & 1).sum()) for bit in range(bits))
    return ones / max(1, changed.size * bits)
