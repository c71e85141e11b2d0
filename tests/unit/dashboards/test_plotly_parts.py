"""The part of plotly.js that comes with the dashboard belongs to the installed package plotly."""

import re
from importlib.metadata import files
from pathlib import Path

import pytest

import dashboards
from dashboards import plotly_parts

ASSETS = Path(dashboards.__file__).parent / "assets"
UPDATE = "npm pack plotly.js-basic-dist-min@VERSION, and copy its file and its licence (NOTICE)"


def test_part_and_whole_are_of_one_version() -> None:
    """An upgrade of the package plotly needs the same version of the part, or pages get slow."""
    whole = next(f for f in files("plotly") or [] if f.name == "plotly.min.js")
    head = whole.read_text(encoding="utf-8")[:200]
    found = re.search(r"plotly\.js v(\S+)", head)
    assert found
    assert plotly_parts.basic_version() == found.group(1), UPDATE


def test_the_part_keeps_its_licence() -> None:
    head = (ASSETS / plotly_parts.BASIC).read_text(encoding="utf-8")[:300]
    assert "Copyright 2012-" in head
    assert "MIT license" in head


def test_pages_say_what_the_part_draws() -> None:
    """Its own modules of traces are the reference, by their names in the script."""
    drawn = plotly_parts.meta_tag()["data-basic"].split()
    text = (ASSETS / plotly_parts.BASIC).read_text(encoding="utf-8")
    assert drawn
    for kind in drawn:
        assert re.search(rf'moduleType:"trace",name:"{kind}"', text), kind
    assert not re.search(r'moduleType:"trace",name:"scatter3d"', text)


def test_another_version_of_plotly_is_loaded_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    assert plotly_parts.first_script() == "/assets/plotly-basic.min.js"
    monkeypatch.setattr(plotly_parts, "get_plotlyjs_version", lambda: "0.0.1")
    assert plotly_parts.first_script() == plotly_parts.WHOLE
