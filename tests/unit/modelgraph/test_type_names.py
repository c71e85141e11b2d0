"""Types as hls4ml writes them."""

import pytest

from backends.modelgraph.settings import HARDWARE, PRECISION
from backends.modelgraph.type_names import layer_types_problem, type_problem


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
