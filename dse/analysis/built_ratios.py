"""What was built against what was estimated: the ratio of the two for every metric with both."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from dse.contracts.metrics import SHARE_SUFFIX, Fidelity
from dse.store.queries import StoredMetric, StoredPoint

_ESTIMATED = (Fidelity.ESTIMATE, Fidelity.PREDICTED)
_BUILT = (Fidelity.CSYNTH, Fidelity.RTL, Fidelity.VSYNTH, Fidelity.IMPLEMENTED)
"""Without measured numbers, which may be of a processor."""


@dataclass(frozen=True)
class BuiltRatio:
    """One metric that was estimated and built; both numbers are in the same unit."""

    estimated: StoredMetric
    built: StoredMetric

    @property
    def ratio(self) -> float | None:
        """The built number over the estimated one; None where the estimate is 0."""
        return self.built.value / self.estimated.value if self.estimated.value else None


def built_ratios(point: StoredPoint) -> list[BuiltRatio]:
    """Return the ratios of a point, by the backend that built it, then by the estimate.

    Shares of a part are left out: their ratio is that of the count.
    """
    counted = [one for one in point.metrics if not one.name.endswith(SHARE_SUFFIX)]
    pairs = [
        BuiltRatio(guess, built)
        for guess in counted
        for built in counted
        if guess.fidelity in _ESTIMATED
        and built.fidelity in _BUILT
        and (guess.name, guess.unit) == (built.name, built.unit)
    ]
    return sorted(pairs, key=_place)


def _place(one: BuiltRatio) -> tuple[str, str, str, str]:
    return (*_of(one), one.built.name)


def _of(one: BuiltRatio) -> tuple[str, str, str]:
    return one.built.backend, one.built.fidelity, one.estimated.backend


def ratio_sentences(found: Sequence[BuiltRatio], titles: dict[str, str]) -> Iterator[str]:
    """Yield a sentence for every two backends, such as ``open has 0.16 of the LUT that …``.

    Args:
        found: from `built_ratios`.
        titles: of the metrics by name.
    """
    for (built, _, estimated), some in groupby(found, _of):
        words = [
            _words(one.ratio, titles.get(one.built.name, one.built.name))
            for one in some
            if one.ratio is not None
        ]
        words = list(dict.fromkeys(words))  # cycles and time of a latency have the same title
        if words:
            listed = ", ".join(words[:-1]) + (" and " if len(words) > 1 else "") + words[-1]
            yield f"{built} has {listed} that {estimated} predicted."


def _words(ratio: float, title: str) -> str:
    if f"{ratio:.2g}" == "1":
        return f"as much {title}"
    return f"{ratio:.2g} {'times' if ratio > 1 else 'of'} the {title}"
