"""NSGA-II of pymoo with its operators for whole numbers, a population of 20."""

import numpy as np
from protocol import Question, serve
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.evaluator import Evaluator
from pymoo.core.problem import Problem
from pymoo.core.termination import NoTermination
from pymoo.operators.crossover.sbx import SBX
from pymoo.operators.mutation.pm import PM
from pymoo.operators.repair.rounding import RoundingRepair
from pymoo.operators.sampling.rnd import IntegerRandomSampling
from pymoo.problems.static import StaticProblem

POPULATION = 20
"""As many as dse gives Optuna's NSGA-II."""


class Search:
    """Generations of NSGA-II, asked for design by design."""

    def __init__(self, question: Question) -> None:
        last = np.array(question.lengths) - 1
        self._n = question.objectives
        self._problem = Problem(
            n_var=len(last), n_obj=self._n, n_ieq_constr=1, xl=0 * last, xu=last, vtype=int
        )
        repair = RoundingRepair()
        self._algorithm = NSGA2(
            pop_size=POPULATION,
            sampling=IntegerRandomSampling(),
            crossover=SBX(prob=1.0, eta=3.0, vtype=float, repair=repair),
            mutation=PM(prob=1.0, eta=3.0, vtype=float, repair=repair),
        )
        self._algorithm.setup(self._problem, termination=NoTermination(), seed=question.seed)
        self._asked, self._costs = None, []

    def ask(self) -> list[int] | None:
        """Return the rows of the next design."""
        if self._asked is None:
            self._asked, self._costs = self._algorithm.ask(), []
        if self._asked is None or not len(self._asked):
            self._asked = None
            return None  # all that it finds was asked before
        return [int(row) for row in self._asked[len(self._costs)].X]

    def tell(self, costs: list[float] | None) -> None:
        """Take its costs."""
        if self._asked is None:
            return
        self._costs.append(costs)
        if len(self._costs) < len(self._asked):
            return
        values = np.array([one or [0.0] * self._n for one in self._costs])
        broken = np.array([[float(one is None)] for one in self._costs])
        Evaluator().eval(StaticProblem(self._problem, F=values, G=broken), self._asked)
        self._algorithm.tell(infills=self._asked)
        self._asked = None


serve(Search)
