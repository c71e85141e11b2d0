"""How people write the name of a metric: ``lut``, ``open.lut`` or ``vitis.lut.csynth``."""

from dataclasses import dataclass

SHORT_NAMES = {"latency": ("latency_ns", "latency_cycles"), "interval": ("interval_ns",)}
"""Names people type, with the metrics they may stand for, the best unit first."""


@dataclass(frozen=True)
class MetricName:
    """A written name in its parts.

    Args:
        metric: a metric or a short name.
        backend: the backend that gives it; empty for a bare name.
        fidelity: of its numbers, where one backend gives several; empty for any.
    """

    metric: str
    backend: str = ""
    fidelity: str = ""

    @classmethod
    def parse(cls, text: str) -> "MetricName":
        """Take ``metric``, ``backend.metric`` or ``backend.metric.fidelity`` apart."""
        first, *others = text.strip().split(".", 2)
        if not others:
            return cls(first)
        return cls(others[0], first, others[1] if len(others) > 1 else "")

    @property
    def metrics(self) -> tuple[str, ...]:
        """Metrics that it may stand for, the best unit first."""
        return SHORT_NAMES.get(self.metric, (self.metric,))

    def matches(self, metric: str, backend: str, fidelity: str) -> bool:
        """Whether it may mean this metric of this backend and fidelity."""
        return (
            metric in self.metrics
            and self.backend in {"", backend}
            and self.fidelity in {"", fidelity}
        )
