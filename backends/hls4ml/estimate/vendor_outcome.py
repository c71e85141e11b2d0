"""Outcome of `estimate` for a vendor's tool: metrics with intervals, and where they come from."""

from collections.abc import Iterator
from dataclasses import dataclass
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
from backends.modelgraph.vendor_hls.stages import CSYNTH, STAGES, at_stage
from backends.modelgraph.vendor_hls.tools import (
    NEWEST,
    RULE_SET,
    TOOLS,
    VITIS_2021,
    Target,
    newest_for,
)
from backends.modelgraph.vendor_hls.versions import of_another_version
from dse.contracts.backend import Outcome
from dse.contracts.errors import EvaluationError, FailureKind
from dse.contracts.metrics import Fidelity, Metric
from dse.contracts.parameters import Assignment, Parameter, Value

OPEN, AUTO = "open", "auto"

OF_DEFAULT = ("lut", "dsp", "latency_cycles")
"""What the newest tool must have a number for, or else ``auto`` takes `open`."""

VENDOR = (
    Parameter(
        "tool",
        str,
        AUTO,
        "whose numbers: open: a circuit of dse, by formulas; a tool: the report of this version of "
        "the vendor's C synthesis, predicted by rules of the weights; auto: for a part of Xilinx "
        f"{NEWEST.name}, where the strategy is latency and look-up tables, DSP slices and latency "
        "of the network can be predicted, else open",
        choices=(AUTO, OPEN, *TOOLS),
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
        "predicted_stage",
        str,
        CSYNTH,
        "what the vendor's numbers are of: csynth: its report of C synthesis; vsynth, routed: what "
        "is left of it after logic synthesis or routing, from the few designs that are published",
        choices=STAGES,
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


def resolved_tool(parameters: Assignment) -> str:
    """Return the value of ``tool`` that follows from the other parameters.

    ``auto`` is `open` for parts of other vendors, for streams, of which nothing is predicted, and
    for the resource strategy and distributed arithmetic, of which the newest tool has no published
    look-up tables. Else the network decides (`OF_DEFAULT`).
    """
    name = str(parameters["tool"])
    unpublished = parameters["io_type"] == "io_stream" or parameters["strategy"] != "latency"
    if name == AUTO and (unpublished or newest_for(parameters["part"]) is None):
        return OPEN
    return name


def target_of(parameters: Assignment) -> Target | None:
    """Return the vendor's tool that parameters ask for; None for ``tool: open``."""
    name = resolved_tool(parameters)
    if name == OPEN:
        return None
    name = NEWEST.name if name == AUTO else name
    fabric = parameters["multiplier_impl"] == "fabric" and TOOLS[name] is VITIS_2021
    clock = float(str(parameters["clock_period_ns"]))
    return Target(TOOLS[name], clock, "fabric" if fabric else "dsp")


@dataclass(frozen=True)
class Prediction:
    """What is predicted of a network.

    Args:
        target: the vendor's tool.
        layers: what is predicted of each.
        found: of the network, for the part in question and with the user's calibration.
        corrected: quantities that the calibration has changed.
        stage: of the vendor's flow, one of `STAGES`.
    """

    target: Target
    layers: Layers
    found: Answers
    corrected: list[Value]
    stage: str

    @property
    def missing(self) -> dict[str, str]:
        """Why quantities have no number."""
        return {n: each.reason for n, each in self.found.items() if isinstance(each, Unknown)}


def predicted(made: Converted, target: Target, parameters: Assignment) -> Prediction:
    """Return what the vendor's report is predicted to say.

    Args:
        made: the converted network.
        target: the vendor's tool.
        parameters: of the job: part and calibration.
    """
    content: Any = parameters["calibration"]
    part = str(parameters["part"])
    layers = layer_answers(made.graph, target.rules)
    raw = network_answers(layers, target.rules)
    if target.tool.rules_of:
        raw = of_another_version(raw, target.tool)
    found = calibrated(raw, content, target.tool.name, part)
    corrected: list[Value] = [name for name in raw if raw[name] != found[name]]
    # what was learnt from reports for this part is not outside the data
    found = {**_of_part(raw, target, part), **{str(name): found[str(name)] for name in corrected}}
    stage = str(parameters["predicted_stage"])
    return Prediction(target, layers, at_stage(found, stage), corrected, stage)


def of_vendor(made: Converted, prediction: Prediction, parameters: Assignment) -> Outcome:
    """Return the metrics of a prediction, and where they come from.

    Raises:
        EvaluationError: no number of the network can be predicted; the message says why. Or its
            data are streamed.
    """
    target, found, missing = prediction.target, prediction.found, prediction.missing
    if made.settings.io_type == "io_stream":
        raise EvaluationError(
            FailureKind.INVALID_POINT,
            f"nothing of a stream can be predicted for {target.tool.name}",
            hint="use tool: open with io_type: io_stream, or io_type: io_parallel",
        )
    metrics = tuple(_metrics(found, target))
    if not metrics:
        raise EvaluationError(
            FailureKind.INVALID_POINT,
            f"nothing of this network can be predicted for {target.tool.name}; the DSP slices, for "
            f"instance, because of {missing['dsp']}",
            hint="use tool: open, or the backends vitis and vivado where the tool is installed",
        )
    warnings = [*_warnings(found)]
    if parameters["calibration"] and not prediction.corrected:
        warnings.append(
            f"calibration has nothing for {target.tool.name}, {parameters['part']} and rule set "
            f"{RULE_SET}: run dse calibrate again"
        )
    with_warnings = made._replace(warnings=(*made.warnings, *warnings))
    resolved = effective(with_warnings, hardware=True)
    facts: dict[str, Value] = {
        "clock": "requested",
        "tool": target.tool.name,
        "predicted": {
            **_provenance(target),
            "stage": prediction.stage,
            "calibrated": prediction.corrected,
        },
        "unknown": dict(missing),
    }
    return Outcome(metrics, {**resolved, **facts, "costs": _by_layer(prediction.layers)})


def why_not_default(prediction: Prediction) -> str:
    """Return why ``tool: auto`` does not take the vendor's numbers; empty where it does."""
    missing = [prediction.missing[name] for name in OF_DEFAULT if name in prediction.missing]
    return missing[0] if missing else ""


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
