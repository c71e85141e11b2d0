"""Names of layers in C++ and Verilog."""

import keyword
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.modelgraph.names import identifier, legal_names

_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*\Z", re.ASCII)


@given(st.lists(st.text(max_size=12), max_size=8))
def test_any_names_become_different_identifiers(names: list[str]) -> None:
    legal = legal_names(names)
    assert set(legal) == set(names)
    assert all(_IDENTIFIER.match(name) for name in legal.values())
    assert len({name.lower() for name in legal.values()}) == len(legal)


@pytest.mark.parametrize("name", ["dense", "q_dense_12", "Conv2D", "a", "edge_block_0_relu"])
def test_a_legal_name_stays(name: str) -> None:
    assert legal_names(["my-layer", name, "my layer"])[name] == name


def test_a_legal_name_has_precedence_over_a_cleaned_one() -> None:
    assert legal_names(["a-b", "a_b"]) == {"a-b": "a_b_2", "a_b": "a_b"}


def test_names_that_differ_in_case_alone_are_told_apart() -> None:
    """hls4ml finds the types of a layer by its name in lower case."""
    assert legal_names(["Dense", "dense"]) == {"Dense": "Dense", "dense": "dense_2"}


@pytest.mark.parametrize("name", ["input", "float", "template", "reg", "wire", "always_ff", "Case"])
def test_keywords_are_no_names(name: str) -> None:
    assert identifier(name) == f"{name}_layer"


def test_common_keywords_are_in_the_lists() -> None:
    """Those that Python shares with C++ or Verilog, as an independent sample."""
    shared = {"and", "assert", "break", "class", "continue", "else", "for", "if", "not", "or"}
    assert shared <= set(keyword.kwlist)
    assert all(identifier(name) != name for name in shared)
