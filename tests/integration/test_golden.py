"""An adapter's version is held to its results: what needs its tool."""

import golden
import pytest
from golden_results import RECORDINGS, Recording

from dse.contracts.errors import ToolMissingError

CASES = [
    pytest.param(
        recording,
        design,
        id=f"{recording.backend.name}-{recording.section}-{design}",
        # two imports of TensorFlow each, for outputs of Keras
        marks=pytest.mark.slow if recording.backend.name == "cpu" and design != "vectors" else [],
    )
    for recording in RECORDINGS
    if recording.tool
    for design in recording.designs
]


@pytest.mark.parametrize(("recording", "design"), CASES)
def test_results_are_those_of_the_adapter_s_version(recording: Recording, design: str) -> None:
    backend = recording.backend
    probe = backend().probe()
    if not probe.available:
        pytest.skip(f"{backend.name}: {probe.reason}")
    try:
        found = golden.record(recording, design)
    except ToolMissingError as error:
        pytest.skip(error.message)
    says = golden.complaint(recording, design, found)
    if says and backend.name == "open":
        made_with, tool = golden.tools(recording, design, found)
        if made_with != tool:
            pytest.skip(f"cells were counted with {made_with}; here is {tool}")
    assert says == ""


def test_csim_and_bittrue_have_the_same_outputs() -> None:
    """Two adapters, one arithmetic: recorded apart, equal in every digest."""
    by_name = {r.backend.name: golden.stored(r.backend) for r in RECORDINGS}
    csim, bittrue = by_name["csim"]["evaluation"], by_name["bittrue"]["evaluation"]
    assert {name: r["outputs"] for name, r in csim.items()} == {
        name: r["outputs"] for name, r in bittrue.items()
    }
