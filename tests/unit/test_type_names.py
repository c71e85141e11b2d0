"""Types as hls4ml writes them."""

import pytest

from backends.hls4ml.settings import HARDWARE, PRECISION
from backends.hls4ml.type_names import refuse_layer_types, refuse_type


@pytest.mark.parametrize(
    "text",
    ["fixed<16,6>", "ap_fixed<8, 3>", "ufixed<8,2,RND>", "fixed<8,-2,RND_CONV,SAT_SYM>",
     "int<8>", "uint<4>", "ap_int<64>"],
)  # fmt: skip
def test_types(text: str) -> None:
    assert not refuse_type(text)


@pytest.mark.parametrize(
    "text",
    ["", "fixed", "fixed<16>", "fixed<16,6", "fixed<0,0>", "fixed<65,6>", "float", "int<>",
     "fixed<8,3,SAT>", "fixed<8,3,RND,WRAPS>", 8, None],
)  # fmt: skip
def test_what_is_no_type(text: object) -> None:
    assert refuse_type(text)


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
    assert reason in refuse_layer_types(given)
    assert bool(reason) == bool(refuse_layer_types(given))


def test_wrong_types_are_found_in_the_study_file() -> None:
    for parameter in (*PRECISION, *HARDWARE):
        if parameter.refuse is not None:
            value = {"a": "rubbish"} if parameter.type is dict else "rubbish"
            with pytest.raises(ValueError, match=parameter.name):
                parameter.check(value)
