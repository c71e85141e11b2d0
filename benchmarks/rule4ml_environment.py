"""An environment of its own for rule4ml, which is GPL and no dependency of dse, and its answers.

`RULE4ML_PYTHON` names the Python of an environment that has it; by default one is made in
``.dse/environments/rule4ml``, of about 4 GB.
"""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

import own_environment

PACKAGES = ("rule4ml==0.2.0", "torch==2.13.0")
SCRIPT = Path(__file__).with_name("rule4ml_answers.py")
LIMIT_S = 1800


class Design(TypedDict):
    """A dense layer as rule4ml is asked for it."""

    n_in: int
    n_out: int
    bits: int
    reuse: int
    strategy: str
    board: str
    tool: str


def answers(designs: Sequence[Design]) -> list[dict[str, float]]:
    """Return rule4ml's numbers by metric, in the order of the designs."""
    # each once: of equal designs it answers one
    texts = [json.dumps(one) for one in designs]
    distinct = list(dict.fromkeys(texts))
    ran = subprocess.run(
        [str(python()), str(SCRIPT)],
        input=f"[{', '.join(distinct)}]",
        stdout=subprocess.PIPE,  # what it complains of is seen
        text=True,
        check=True,
        timeout=LIMIT_S,
    )
    found: dict[str, dict[str, float]] = dict(zip(distinct, json.loads(ran.stdout), strict=True))
    return [found[text] for text in texts]


def python() -> Path:
    """Return the Python that has rule4ml; make its environment where there is none."""
    # triton is not needed without a GPU, and it ends the process beside TensorFlow
    return own_environment.python("rule4ml", PACKAGES, unwanted=("triton",))
