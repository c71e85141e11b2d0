"""Figures of merit of the `keras` workload by name: dse's, with a number in it, or a user's."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dse.contracts.errors import DataError, nearest
from dse.contracts.metrics import CATALOGUE, MetricInfo
from dse.runtime.modules import import_beside
from workloads import score_functions as functions

Score = Callable[[NDArray[np.generic], NDArray[np.generic]], float]
"""A function of (targets, outputs), both with samples on the first axis; returns one number."""

Task = Literal["classes", "binary", "squares", "distances"]
"""What a network is trained for whose score it is; the loss of a training follows from it."""


@dataclass(frozen=True)
class NamedScore:
    """A figure of merit of dse.

    Args:
        info: the metric that it gives, under its own name.
        function: the score.
        task: what a network is trained for whose score it is.
    """

    info: MetricInfo
    function: Score
    task: Task


_STATIC: dict[str, tuple[Score, Task]] = {
    "accuracy": (functions.accuracy, "classes"),
    "auc": (functions.macro_auc, "binary"),
    "f1": (functions.f1, "classes"),
    "mse": (functions.mse, "squares"),
    "mae": (functions.mae, "distances"),
    "r2": (functions.r2, "squares"),
}

SCORES: dict[str, Score] = {name: function for name, (function, _) in _STATIC.items()}
"""The scores whose names have no number in them."""

LEGAL = (*SCORES, "top_3", "auc_0", "rejection_50", "rejection_50_of_0")
"""Names of scores, with examples of those with numbers."""

_TOP = re.compile(r"top_([1-9]\d{0,3})")
_AUC = re.compile(r"auc_(\d{1,4})")
_REJECTION = re.compile(r"rejection_([1-9]\d?)(?:_of_(\d{1,4}))?")


def named_score(name: str) -> NamedScore | None:
    """Return a figure of merit of dse by its name; None if there is none of this name."""
    if name in _STATIC:
        return NamedScore(CATALOGUE[name], *_STATIC[name])
    if found := _TOP.fullmatch(name):
        k = int(found[1])
        text = f"share of targets among the {k} largest outputs"
        info = MetricInfo(name, "", "maximise", text, label=f"top-{k} accuracy")
        return NamedScore(info, partial(functions.top_k, k=k), "classes")
    if found := _AUC.fullmatch(name):
        number = int(found[1])
        text = f"area under the ROC curve of class {number} against the others"
        info = MetricInfo(name, "", "maximise", text, label=f"AUC of class {number}")
        return NamedScore(info, partial(functions.class_auc, number=number), "classes")
    if found := _REJECTION.fullmatch(name):
        return _rejection(name, int(found[1]), found[2])
    return None


def _rejection(name: str, percent: int, signal: str | None) -> NamedScore:
    of = f" of class {signal}" if signal else ""
    text = f"background per background that passes where {percent} % of the signal{of} does"
    label = f"background rejection at {percent} % efficiency{of}"
    function = partial(
        functions.background_rejection,
        efficiency=percent / 100,
        number=int(signal) if signal else None,
    )
    return NamedScore(MetricInfo(name, "", "maximise", text, label=label), function, "classes")


def score_problem(name: str) -> str:
    """Return why a score cannot be one, by its name alone; empty where it may be one."""
    if named_score(name) or _OWN.fullmatch(name):
        return ""
    return f"there is no such score ({nearest(name, LEGAL)}, or module:function)"


def scores_problem(names: list[object]) -> str:
    """Return why one of several scores cannot be one; empty where all may be one."""
    return next(filter(None, (score_problem(str(name)) for name in names)), "")


_OWN = re.compile(r"[\w.]+:\w+")
"""A user's function: a module's full name and the function's."""


def score_function(name: str, folder: Path) -> Score:
    """Return a figure of merit by name: one of dse's, or ``module:function``.

    Args:
        name: name of the figure of merit.
        folder: folder that is searched for the module besides the installed packages.

    Raises:
        DataError: if the function cannot be found, or has the name of a metric of dse.
    """
    if known := named_score(name):
        return known.function
    module, _, function = name.partition(":")
    if not function:
        raise DataError(f"there is no score '{name}'", hint=nearest(name, LEGAL))
    if function in CATALOGUE or named_score(function):
        hint = f"give the function another name, such as my_{function}"
        raise DataError(f"the score '{name}' has the name of a metric of dse", hint=hint)
    try:
        found: Score = getattr(import_beside(module, folder), function)
    except (DataError, AttributeError) as error:
        raise DataError(f"the score '{name}' cannot be imported: {error}") from error
    return _with_named_errors(name, found)


def _with_named_errors(name: str, function: Score) -> Score:
    """Wrap a user's function so that its exceptions become DataErrors that name it."""

    def score(targets: NDArray[np.generic], outputs: NDArray[np.generic]) -> float:
        try:
            value = float(function(targets, outputs))
        except Exception as error:
            message = f"the score '{name}' failed: {type(error).__name__}: {error}"
            raise DataError(message) from error
        if not np.isfinite(value):
            raise functions.UndefinedScoreError(
                f"the score '{name}' gave {value}, not a finite number"
            )
        return value

    return score
