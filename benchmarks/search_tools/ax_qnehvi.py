"""BoTorch's qLogNEHVI as Ax chooses and runs it by default."""

import os
import sys
from pathlib import Path

import torch
from ax.api.client import Client
from ax.api.configs import ChoiceParameterConfig, RangeParameterConfig
from protocol import Question, serve

torch.set_num_threads(1)

# BoTorch compiles a kernel at the first use, and waits for ever at the lock of a compilation that
# was killed: so it has a folder of its own here, whose lock can only be such a one.
EXTENSIONS = Path(sys.prefix) / "torch_extensions"
os.environ["TORCH_EXTENSIONS_DIR"] = str(EXTENSIONS)
for lock in EXTENSIONS.glob("*/lock"):
    lock.unlink()


class Search:
    """Ax by ask and tell."""

    def __init__(self, question: Question) -> None:
        self._names = [f"x{axis}" for axis in range(len(question.lengths))]
        self._client = Client(random_seed=question.seed)
        axes = zip(self._names, question.lengths, question.ordered, strict=True)
        self._client.configure_experiment(parameters=[_parameter(*axis) for axis in axes])
        self._costs = [f"cost{n}" for n in range(question.objectives)]
        self._client.configure_optimization(objective=", ".join(f"-{c}" for c in self._costs))

    def ask(self) -> list[int]:
        """Return the rows of the next design."""
        ((self._trial, design),) = self._client.get_next_trials(max_trials=1).items()
        return [int(design[name]) for name in self._names]

    def tell(self, costs: list[float] | None) -> None:
        """Take its costs."""
        if costs is None:
            self._client.mark_trial_abandoned(self._trial)
        else:
            named = dict(zip(self._costs, costs, strict=True))
            self._client.complete_trial(self._trial, raw_data=named)


def _parameter(
    name: str, length: int, ordered: bool
) -> RangeParameterConfig | ChoiceParameterConfig:
    if ordered:
        return RangeParameterConfig(name=name, parameter_type="int", bounds=(0, length - 1))
    rows = list(range(length))
    return ChoiceParameterConfig(name=name, parameter_type="int", values=rows, is_ordered=False)


serve(Search)
