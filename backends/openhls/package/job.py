"""The package of a job: its design, written, simulated and summed up."""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

import dse
from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.job_graph import Converted
from backends.modelgraph.names import own_name
from backends.modelgraph.rtl.circuit import Circuit
from backends.modelgraph.rtl.stream.circuit import StreamCircuit
from backends.openhls.package import writing
from backends.openhls.package.contents import contents
from backends.openhls.package.design import Design
from dse.contracts.backend import Job
from dse.contracts.errors import EvaluationError, FailureKind


def design_of(
    job: Job,
    made: Converted,
    lowered: tuple[Circuit | StreamCircuit, str],
    inputs: Sequence[NDArray[Any]],
    title: str,
) -> Design:
    """Return what is packaged: the circuit, with `bittrue`'s outputs for some inputs.

    Args:
        job: supplies the parameters.
        made: the converted network.
        lowered: its circuit and Verilog.
        inputs: of the network, in its order, first axis inferences.
        title: what the package is.

    Raises:
        EvaluationError: the network has several outputs.
    """
    graph = made.graph
    if len(graph.outputs) > 1:
        raise EvaluationError(
            FailureKind.INVALID_POINT,
            f"a package has one output, the network has {len(graph.outputs)}",
            hint="built_outputs: scored builds the scored one alone",
        )
    names = [variable.name for variable in graph.get_input_variables()]
    return Design(
        title=title,
        circuit=lowered[0],
        text=lowered[1],
        output=graph.outputs[0],
        layers={own_name(node): node.class_name for node in graph.get_layers()},
        inputs=dict(zip(names, inputs, strict=True)),
        outputs=evaluate(graph, list(inputs)).outputs,
        parameters=job.parameters,
        made_by={"dse": dse.__version__, "hls4ml": version("hls4ml")},
        fingerprint=job.fingerprint,
    )


def write_package(design: Design, folder: Path) -> Sequence[str]:
    """Write a package into an empty folder; its simulation has passed.

    Returns:
        What its testbenches say.

    Raises:
        EvaluationError: there is no simulator, or an output differs.
    """
    writing.write(contents(design), folder)
    said = writing.simulate(folder)
    writing.finish(folder)
    return said
