"""Contract of backends that describe a network's layers, for a study that is written from it."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from dse.contracts.backend import Context, Job
from dse.contracts.tensors import ProfilingBackend


@dataclass(frozen=True)
class LayerSummary:
    """What of a layer matters to the choice of a design space.

    Args:
        name: name of the layer in the user's network.
        kind: its class in the tool.
        shape: of its output, without the samples.
        weights: number of its weights, biases included.
        reuse_factors: the legal ones with the resource strategy; empty for layers without.
        integer_bits: most integer bits, sign included, that its values and weights take on the
            evaluation set; None where they are not known.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    weights: int
    reuse_factors: tuple[int, ...]
    integer_bits: int | None


class InspectingBackend(ProfilingBackend):
    """A backend that can describe a network layer by layer."""

    @abstractmethod
    def layers(self, job: Job, context: Context) -> Sequence[LayerSummary]:
        """Return the layers of a network in order.

        Raises:
            dse.contracts.errors.EvaluationError: the network cannot be converted.
        """
