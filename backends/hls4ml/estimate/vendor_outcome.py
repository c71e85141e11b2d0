"""Outcome of `estimate` for a vendor's tool: metrics with intervals, and where they come from."""

from collections.abc import Iterator
from typing import Any

from backends.hls4ml.estimate.vendor_network import Layers, layer_answers, network_answers
from backends.modelgraph.effective import effective
from backends.modelgraph.job_graph import Converted
from backends.modelgraph.names import own_name
from backends.modelgraph.part_names import bare
from backends.modelgraph.vendor_hls.calibration import calibrated, calibration_problem
from backends.modelgraph.vendor_hls.predicted import (
    LEVEL_PERCENT,
    Answers,
    Predicted,
    Unknown,
    outside,
)
from backends.modelgraph.vendor_hls.tools import RULE_SET, TOOLS, VITIS_2021, Target
from dse.contracts.backend import Outcome
from dse.contracts.errors import EvaluationError, FailureKind
from dse.contracts.metrics import Fidelity, Metric
from dse.contracts.parameters import Assignment, Parameter, Value

OPEN = "open"

VENDOR = (
    Parameter(
        "tool",
        str,
        OPEN,
        "whose numbers: open: a circuit of dse, by formulas; else the report of this version of "
        "the vendor's C synthesis, predicted by rules of the weights",
        choices=(OPEN, *TOOLS),
    ),
    Parameter(
        "multiplier_impl",
        str,
        "dsp",
        "what `config_op mul -impl` says to the vendor's tool; read with vitis_hls-2021.1, whose "
        "published results all have it (hls4ml itself does not write it)",
        choices=("dsp", "fabric"),
    ),
    Parameter(
        "calibration",
        dict,
        {},
        "corrections of the vendor's numbers by your own reports: the path of a file that `dse "
        "calibrate` wrote, or its content",
        validator=calibration_problem,
        file=True,
    ),
)
"""Parameters that choose the vendor's tool."""


def target_of(parameters: Assignment) -> Target | None:
    """Return the vendor's tool that parameters ask for; None for ``tool: open``."""
    name = str(parameters["tool"])
    if name == OPEN:
        return None
    fabric = parameters["multiplier_impl"] == "fabric" and TOOLS[name] is VITIS_2021
    clock = float(str(parameters["clock_period_ns"]))
    return Target(TOOLS[name], clock, "fabric" if fabric else "dsp")


def of_vendor(made: Converted, target: Target, parameters: Assignment) -> Outcome:
    """Return what the vendor's report is predicted to say.

    Args:
        made: the converted network.
        target: the vendor's tool.
        parameters: of the job: part and calibration.

    Raises:
        EvaluationError: no number of the network can be predicted; the message says why. Or its
            data are streamed.
    """
    if made.settings.io_type == "io_stream":
        raise EvaluationError(
            FailureKind.INVALID_POINT,
            f"nothing of a stream can be predicted for {target.tool.name}",
            hint="use tool: open with io_type: io_stream, or io_type: io_parallel",
        )
    layers = layer_answers(made.graph, target)
    content: Any = parameters["calibration"]
    part = str(parameters["part"])
    raw = network_answers(layers, target)
    found = calibrated(raw, content, target.tool.name, part)
    corrected: list[Value] = [name for name in raw if raw[name] != found[name]]
    found = {**_of_part(raw, target, part), **{str(name): found[str(name)] for name in corrected}}
    missing = {name: each.reason for name, each in found.items() if isinstance(each, Unknown)}
    metrics = tuple(_metrics(found, target))
    if not metrics:
        raise EvaluationError(
            FailureKind.INVALID_POINT,
            f"nothing of this network can be predicted for {target.tool.name}; the DSP slices, for "
            f"instance, because of {missing['dsp']}",
            hint="use tool: open, or the backends vitis and vivado where the tool is installed",
        )
    warnings = [*_warnings(found)]
    if content and not corrected:
        warnings.append(
            f"calibration has nothing for {target.tool.name}, {part} and rule set {RULE_SET}: "
            "run dse calibrate again"
        )
    with_warnings = made._replace(warnings=(*made.warnings, *warnings))
    resolved = effective(with_warnings, hardware=True)
    facts: dict[str, Value] = {
        "clock": "requested",
        "predicted": {**_provenance(target), "calibrated": corrected},
        "unknown": dict(missing),
    }
    return Outcome(metrics, {**resolved, **facts, "costs": _by_layer(layers)})


def _of_part(answers: Answers, target: Target, part: str) -> Answers:
    """Return the answers, extrapolated where the published designs are of another device."""
    if bare(part).startswith(bare(target.tool.device)):
        return answers
    return outside(answers, f"part {part} (data: {target.tool.device})")


def _warnings(found: Answers) -> Iterator[str]:
    """Yield a sentence for each number that is missing or outside the data."""
    for name, answer in found.items():
        if isinstance(answer, Unknown):
            yield f"no {name}: {answer.reason}"
        elif answer.extrapolated:
            yield f"{name} is extrapolated: {'; '.join(answer.extrapolated)}"


def _metrics(found: Answers, target: Target) -> Iterator[Metric]:
    """Yield the metrics with their intervals; cycles as nanoseconds too."""
    for name, answer in found.items():
        if isinstance(answer, Unknown):
            continue
        yield _metric(name, answer, 1.0)
        if name.endswith("_cycles"):
            yield _metric(f"{name.removesuffix('_cycles')}_ns", answer, target.clock_ns)


def _metric(name: str, answer: Predicted, scale: float) -> Metric:
    value, low, high = (round(each) * scale for each in (answer.value, answer.low, answer.high))
    return Metric.of(name, value, Fidelity.PREDICTED, low=low, high=high)


def _provenance(target: Target) -> dict[str, Value]:
    """Return where the numbers come from, as JSON."""
    return {
        "tool": target.tool.name,
        "rule_set": RULE_SET,
        "interval_percent": LEVEL_PERCENT,
        "designs": target.tool.designs,
        "source": target.tool.source,
    }


def _by_layer(layers: Layers) -> dict[str, Value]:
    """Return the numbers of every layer that has any."""
    listed = {
        own_name(node): {
            name: round(each.value) for name, each in answers.items() if isinstance(each, Predicted)
        }
        for node, answers in layers
    }
    return {name: dict(numbers) for name, numbers in listed.items() if numbers}
