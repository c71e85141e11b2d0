"""Contract of backends whose circuits can be written as a package that stands alone."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

from dse.contracts.backend import Backend, Context, Job


class CircuitBackend(Backend):
    """A backend that makes circuits, and can hand them out with all that it takes to build them."""

    boards: ClassVar[Mapping[str, str]] = {}
    """Boards that it makes bitstreams for: what each is, by name."""

    @abstractmethod
    def write_package(
        self, job: Job, context: Context, title: str, board: str | None
    ) -> Sequence[str]:
        """Write the circuit of a job into the evaluation's folder, which is empty.

        Files depend on nothing but the arguments, versions of what makes the circuit, and, for a
        bitstream, versions of the tools that make it: no times, names of machines or paths.

        Args:
            job: the job.
            context: its network, and the folder to write.
            title: what the package is, such as ``point 3 of study jet_mlp``.
            board: a name of `boards`, whose bitstream is made too; None for no board.

        Returns:
            What was checked and reached, one line each.

        Raises:
            dse.contracts.errors.EvaluationError: the circuit cannot be made, or its simulation is
                not what it should be, or it does not fit the board.
        """
