"""SMAC3: random forests, with ParEGO for several objectives."""

import tempfile

from ConfigSpace import Categorical, ConfigurationSpace, Integer
from protocol import Question, serve
from smac import HyperparameterOptimizationFacade, Scenario
from smac.initial_design import SobolInitialDesign
from smac.multi_objective.parego import ParEGO
from smac.runhistory.dataclasses import TrialValue
from smac.runhistory.enumerations import StatusType


class Search:
    """SMAC by ask and tell; designs at the start are at most a quarter of the budget."""

    def __init__(self, question: Question) -> None:
        self._names = [f"x{axis}" for axis in range(len(question.lengths))]
        space = ConfigurationSpace(seed=question.seed)
        for name, length, ordered in zip(
            self._names, question.lengths, question.ordered, strict=True
        ):
            rows = range(length)
            space.add(Integer(name, (0, length - 1)) if ordered else Categorical(name, rows))
        scenario = Scenario(
            space,
            objectives=[f"cost{n}" for n in range(question.objectives)],
            deterministic=True,
            n_trials=100 * question.budget,  # the benchmark ends it: repeated designs are free
            seed=question.seed,
            output_directory=tempfile.mkdtemp(),
        )
        at_start = min(10 * len(self._names), question.budget // 4)  # its default
        self._smac = HyperparameterOptimizationFacade(
            scenario,
            lambda config, seed: 0.0,  # noqa: ARG005  (never called: told from outside)
            initial_design=SobolInitialDesign(scenario, n_configs=at_start, seed=question.seed),
            multi_objective_algorithm=ParEGO(scenario),
            logging_level=40,
        )
        self._n, self._worst = question.objectives, [0.0] * question.objectives

    def ask(self) -> list[int]:
        """Return the rows of the next design."""
        self._trial = self._smac.ask()
        return [int(self._trial.config[name]) for name in self._names]

    def tell(self, costs: list[float] | None) -> None:
        """Take its costs."""
        status = StatusType.SUCCESS if costs else StatusType.CRASHED
        if costs:
            self._worst = [max(pair) for pair in zip(self._worst, costs, strict=True)]
        self._smac.tell(self._trial, TrialValue(cost=costs or self._worst, status=status))


serve(Search)
