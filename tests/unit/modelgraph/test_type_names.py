"""Types as hls4ml writes them."""

from pathlib import Path
from typing import Any

import pytest

from backends.modelgraph.settings import HARDWARE, PRECISION
from backends.modelgraph.type_names import layer_types_problem, type_problem
from dse.contracts.errors import StudyError
from dse.contracts.registry import Registry
from dse.study.validate import parse_binding


@pytest.mark.parametrize(
    "text",
    ["fixed<16,6>", "ap_fixed<8, 3>", "ufixed<8,2,RND>", "fixed<8,-2,RND_CONV,SAT_SYM>",
     "int<8>", "uint<4>", "ap_int<64>"],
)  # fmt: skip
def test_types(text: str) -> None:
    assert not type_problem(text)


@pytest.mark.parametrize(
    "text",
    ["", "fixed", "fixed<16>", "fixed<16,6", "fixed<0,0>", "fixed<65,6>", "float", "int<>",
     "fixed<8,3,SAT>", "fixed<8,3,RND,WRAPS>", 8, None],
)  # fmt: skip
def test_what_is_no_type(text: object) -> None:
    assert type_problem(text)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({}, ""),
        ({"*": "fixed<8,3>"}, ""),
        ({"a": {"weight": "fixed<8,3>", "accum": "auto"}}, ""),
        ({"a": {"wieght": "fixed<8,3>"}}, "did you mean 'weight'"),
        ({"a": {"weight": "fixed<8>"}}, "not a type"),
        ({"a": 8}, "not a type"),
    ],
)
def test_types_by_layer(given: dict[str, object], reason: str) -> None:
    assert reason in layer_types_problem(given)
    assert bool(reason) == bool(layer_types_problem(given))


def test_wrong_types_are_found_in_the_study_file() -> None:
    for parameter in (*PRECISION, *HARDWARE):
        if parameter.validator is not None:
            value = {"a": "rubbish"} if parameter.type is dict else "rubbish"
            with pytest.raises(ValueError, match=parameter.name):
                parameter.check(value)


STUDY = """
name: s
workload: {{name: tracking}}
space: {space}
backends: [{{name: {backend}, {settings}}}]
"""


def parameters(backend: str, space: str, settings: str) -> list[dict[str, Any]]:
    """The parameters of every point of a study."""
    text = STUDY.format(space=space, settings=settings, backend=backend)
    binding = parse_binding(text, Path("s.yaml"), Registry.installed())
    return [binding.backend_parameters(backend, point) for point in binding.space.points()]


@pytest.mark.parametrize("backend", ["bittrue", "estimate", "open", "csim", "vitis"])
def test_a_whole_type_means_the_same_as_its_parts(backend: str) -> None:
    whole = parameters(
        backend, "{precision: ['ap_fixed<16,6,AP_RND,AP_SAT>', 'fixed<8, 3>', profiled]}", ""
    )
    first = parameters(backend, "{total_bits: 16}", "integer_bits: 6, rounding: RND, overflow: SAT")
    second = parameters(backend, "{total_bits: 8}", "integer_bits: 3")
    third = parameters(backend, "{precision: profiled}", "")
    assert whole == [*first, *second, *third]


@pytest.mark.parametrize(
    ("space", "settings", "says"),
    [
        ("{precision: ['ap_fixed<16,6>']}", "total_bits: 8", "stands for total_bits = 16"),
        ("{precision: ['ap_fixed<16,6>'], total_bits: [16, 8]}", "", "total_bits = 8 is given"),
        ("{precision: ['ap_fixed<16,6,AP_RND,AP_SATT>']}", "", "legal: uniform, profiled"),
        ("{precision: ['ap_ufixed<16,6>']}", "", "legal: uniform, profiled"),
        ("{precision: ['ap_fixed<80,6>']}", "", "1 to 64 bits"),
    ],
)
def test_a_whole_type_that_contradicts_or_is_none(space: str, settings: str, says: str) -> None:
    with pytest.raises(StudyError) as caught:
        parameters("bittrue", space, settings)
    assert says in str(caught.value)
