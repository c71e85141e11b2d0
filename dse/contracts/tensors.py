"""Contract of backends that find the types which a network's tensors need."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from dse.contracts.backend import Backend, Context, Job


@dataclass(frozen=True)
class TensorType:
    """Range of a tensor on the evaluation set, and the type that holds it.

    Args:
        layer: name of the layer.
        tensor: which of its tensors, such as ``result`` or ``weight``.
        low: smallest value.
        high: largest value.
        proposed: type of the width asked for that holds the range, in the tool's notation.
    """

    layer: str
    tensor: str
    low: float
    high: float
    proposed: str


class ProfilingBackend(Backend):
    """A backend that can profile the tensors of a network."""

    @abstractmethod
    def tensor_types(self, job: Job, context: Context) -> Sequence[TensorType]:
        """Return the ranges of all tensors, and the types proposed for them, in order of layers.

        Raises:
            dse.contracts.errors.EvaluationError: the network cannot be profiled.
        """

    def type_warnings(self, job: Job, context: Context) -> Sequence[str]:  # noqa: ARG002
        """Return what the proposed types cannot mend, one line each; by default nothing.

        Raises:
            dse.contracts.errors.EvaluationError: the network cannot be profiled.
        """
        return ()
