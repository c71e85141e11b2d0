"""Parse metric names as users write them: ``lut``, ``open.lut`` or ``vitis.lut.csynth``."""

from dataclasses import dataclass
from keyword import iskeyword

SHORT_NAMES = {"latency": ("latency_ns", "latency_cycles"), "interval": ("interval_ns",)}
"""Abbreviations with the metrics that they may stand for, in order of preference."""

LEGAL = "letters of a to z, digits and '_', such as my_name; no word of expressions such as 'in'"
"""Names of backends and metrics, in words."""


def is_legal_name(name: str) -> bool:
    """Whether a backend or metric may have a name: `open.lut < 5` has to be an expression.

    A hyphen would be read as a minus, and a dot as the end of the name.
    """
    is_word = iskeyword(name) or name in {"true", "false", "null"}
    return name.isascii() and name.isidentifier() and not is_word


@dataclass(frozen=True)
class MetricName:
    """A metric name as written, split into its parts.

    Args:
        metric: name of a metric, or a key of `SHORT_NAMES`.
        backend: the backend that gives it; empty for any.
        fidelity: the fidelity of its values, where one backend gives several; empty for any.
    """

    metric: str
    backend: str = ""
    fidelity: str = ""

    @classmethod
    def parse(cls, text: str) -> "MetricName":
        """Split ``metric``, ``backend.metric`` or ``backend.metric.fidelity`` into its parts."""
        first, *others = text.strip().split(".", 2)
        if not others:
            return cls(first)
        return cls(others[0], first, others[1] if len(others) > 1 else "")

    @property
    def metrics(self) -> tuple[str, ...]:
        """Metrics that the name may stand for, in order of preference."""
        return SHORT_NAMES.get(self.metric, (self.metric,))

    def matches(self, metric: str, backend: str, fidelity: str) -> bool:
        """Whether the name may stand for this metric of this backend at this fidelity."""
        return (
            metric in self.metrics
            and self.backend in {"", backend}
            and self.fidelity in {"", fidelity}
        )
