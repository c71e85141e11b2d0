"""Addresses are read leniently and written exactly."""

import math
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.address import Address, is_number


@given(st.text(min_size=1), st.text(min_size=1))
def test_a_link_leads_back_to_its_texts(study: str, value: str) -> None:
    link = Address({"study": study}).link("point", point=value)
    found = Address.parse(f"?{urlsplit(link).query}")
    assert (found.text("study"), found.text("point")) == (study, value)


@given(st.text())
def test_any_text_is_an_address(search: str) -> None:
    address = Address.parse(search)
    assert address.numbers("selection") is not None
    assert address.items("limits") is not None
    address.interval("limit.x")


def test_what_is_not_legal_is_as_if_it_were_not_there() -> None:
    address = Address.parse("?x=lut&y=&z=nonsense&selection=3,,x,5&limit.a=1..2.5&limit.b=1-2")
    assert address.choice("x", ["lut"], "auc") == "lut"
    assert address.choice("y", ["", "lut"], "auc") == ""
    assert address.choice("z", ["", "lut"], "lut") == "lut"
    assert address.choice("absent", ["", "lut"], "lut") == "lut"
    assert address.numbers("selection") == [3, 5]
    assert address.interval("limit.a") == (1.0, 2.5)
    assert address.interval("limit.b") is None


def test_an_end_that_is_left_out_is_infinite() -> None:
    address = Address({"low": "2.5..", "high": "..4"})
    assert address.interval("low") == (2.5, math.inf)
    assert address.interval("high") == (-math.inf, 4.0)


@pytest.mark.parametrize("text", ["nan..inf", "1..nan", "-inf..3", "9..3", "a..b", "..", "1..2..3"])
def test_no_interval(text: str) -> None:
    assert Address({"limit": text}).interval("limit") is None


def test_numbers_that_no_point_has() -> None:
    assert Address({"selection": "1,99999999999999999999999,2"}).numbers("selection") == [1, 2]


@pytest.mark.parametrize("page", ["front", "point"])
def test_a_link_names_only_what_is_asked(page: str) -> None:
    address = Address.parse("?study=a&x=lut&where=b")
    assert parse_qs(urlsplit(address.link(page)).query) == {"study": ["a"]}


def test_points_chosen_for_comparison_go_along() -> None:
    address = Address.parse("?study=a&points=3,7&x=lut")
    assert parse_qs(urlsplit(address.link("scans")).query) == {"study": ["a"], "points": ["3,7"]}
    assert "1%2C2" in address.link("compare", points="1,2")


@pytest.mark.parametrize(
    ("text", "holds"), [("7", True), ("", False), ("-1", False), ("9" * 5000, False)]
)
def test_what_can_be_the_number_of_a_point(text: str, holds: bool) -> None:
    assert is_number(text) is holds
