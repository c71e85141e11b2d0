"""A figure of merit with its 95 % bootstrap interval over samples."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dse.analysis.roc import bootstrap_auc, resamples
from workloads.score_functions import UndefinedScoreError
from workloads.scores import Score

N_REPLICAS = 50
"""Resamples of scores that are computed anew for each; AUCs of one output have more."""


@dataclass(frozen=True)
class Scored:
    """A value with its 95 % interval.

    Args:
        value: the value, finite.
        low: lower end; None where it is not known.
        high: upper end; None where it is not known or infinite.
        replicas: bootstrap replicas, (n_replicas,); None where one is infinite or not defined.
    """

    value: float
    low: float | None
    high: float | None
    replicas: NDArray[np.float64] | None


def with_interval(
    name: str, function: Score, targets: NDArray[np.generic], outputs: NDArray[np.generic]
) -> Scored:
    """Return a score with its interval.

    `resamples` draws the same samples for every network, so that differences between networks are
    compared pairwise. Resamples on which the score is not defined, because a class is absent, are
    left out.

    Args:
        name: name of the score.
        function: the score.
        targets: (samples, …).
        outputs: (samples, …).

    Raises:
        UndefinedScoreError: the score is not defined on these samples, or infinite.
        DataError: targets and outputs do not fit, or a user's function fails.
    """
    if name == "auc" and outputs.size == targets.size == len(targets):
        try:
            area = bootstrap_auc(targets.ravel(), outputs.ravel(), np.arange(len(targets)))
        except ValueError as error:  # the targets are of one class
            raise UndefinedScoreError(f"the score 'auc' is not defined: {error}") from error
        return Scored(area.value, area.low, area.high, area.replicas)
    value = function(targets, outputs)
    if not np.isfinite(value):
        hint = "give a larger test set, or a higher signal efficiency"
        raise UndefinedScoreError(
            f"the score '{name}' is infinite: no background passes", hint=hint
        )
    replicas = _replicas(function, targets, outputs)
    low, high = _ends(replicas)
    # Networks are compared replica by replica. Which ones our scores leave out depends on the
    # targets alone; of a user's function it may depend on the network.
    paired = len(replicas) == N_REPLICAS or ":" not in name
    complete = paired and bool(np.isfinite(replicas).all())
    return Scored(value, low, high, replicas if complete else None)


def _replicas(
    function: Score, targets: NDArray[np.generic], outputs: NDArray[np.generic]
) -> NDArray[np.float64]:
    draws = resamples(len(targets), N_REPLICAS).astype(np.int64)
    found = []
    for counts in draws:
        rows = np.repeat(np.arange(len(targets)), counts)
        try:
            found.append(function(targets[rows], outputs[rows]))
        except UndefinedScoreError:
            continue
    return np.array(found)


def _ends(replicas: NDArray[np.float64]) -> tuple[float | None, float | None]:
    """Return the ends of the 95 % interval; None for those that are infinite."""
    if not len(replicas):
        return None, None
    # NumPy interpolates between replicas, which infinite ones do not allow
    method = "linear" if np.isfinite(replicas).all() else "inverted_cdf"
    low, high = np.quantile(replicas, [0.025, 0.975], method=method)  # type: ignore[call-overload]
    return tuple(float(end) if np.isfinite(end) else None for end in (low, high))  # type: ignore[return-value]
