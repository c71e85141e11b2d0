"""Search tools outside dse, each in an environment of its own, asked design by design."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import own_environment

from dse.contracts.metrics import Direction
from dse.search.candidates import Rows
from dse.search.encoding import is_ordered
from dse.study.space import Space

TOOLS = Path(__file__).with_name("search_tools")


@dataclass(frozen=True)
class OutsideTool:
    """A tool that `search_tools` has a runner for.

    Args:
        runner: file name of the runner, without its end.
        environment: name of the environment.
        packages: what it needs, with versions.
    """

    runner: str
    environment: str
    packages: tuple[str, ...]

    @property
    def command(self) -> list[str]:
        """The command that starts the runner; makes the environment at the first use."""
        python = own_environment.python(self.environment, self.packages)
        return [str(python), str(self.script)]

    @property
    def script(self) -> Path:
        """The runner."""
        return TOOLS / f"{self.runner}.py"


OUTSIDE = {
    "pymoo": OutsideTool("pymoo_nsga2", "pymoo", ("pymoo==0.6.2",)),
    "smac3": OutsideTool("smac3_parego", "smac3", ("smac==2.4.1",)),
    # pip takes the build of PyTorch that its index has: on most machines one with CUDA
    "qnehvi": OutsideTool("ax_qnehvi", "ax", ("torch==2.13.0", "ax-platform==1.3.1")),
}


class OutsideSearch:
    """One search by a tool in a process of its own; use it in a `with` statement.

    Args:
        command: starts the runner.
        space: the design space; axes with one row are not told.
        directions: of the objectives.
        seed: of the tool's random choices.
        budget: designs that will be evaluated.
    """

    def __init__(
        self,
        command: Sequence[str],
        space: Space,
        directions: Sequence[Direction],
        seed: int,
        budget: int,
    ) -> None:
        self._free = [i for i, axis in enumerate(space.axes) if len(axis.rows) > 1]
        self._rows = [0] * len(space.axes)
        self._signs = [-1.0 if way == "maximise" else 1.0 for way in directions]
        axes = [space.axes[index] for index in self._free]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
        self._write(
            {
                "lengths": [len(axis.rows) for axis in axes],
                "ordered": [is_ordered(axis) for axis in axes],
                "objectives": len(directions),
                "seed": seed,
                "budget": budget,
            }
        )

    def ask(self) -> Rows | None:
        """Return the next design; None where the tool has none to propose.

        Raises:
            RuntimeError: the tool has ended.
        """
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args!r} ended with {self._process.wait()}")
        rows = json.loads(line)
        if rows is None:
            return None
        for index, row in zip(self._free, rows, strict=True):
            self._rows[index] = row
        return tuple(self._rows)

    def tell(self, values: tuple[float, ...] | None) -> None:
        """Tell the objectives of the design that was asked last; None where it has none."""
        costs = None if values is None else np.multiply(values, self._signs).tolist()
        self._write(costs)

    def _write(self, value: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(value) + "\n")
        self._process.stdin.flush()

    def close(self) -> None:
        """End the tool."""
        self._process.kill()  # it may be thinking about the next design
        self._process.communicate()
