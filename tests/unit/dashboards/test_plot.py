"""Figures as a public Python API."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import dse.plot
from dse.contracts.errors import UsageError

from .conftest import FRONT


def test_a_front_has_the_data_of_the_dashboard(database: str) -> None:
    figure = dse.plot.front("bits", database=database, colour="mode")
    rows = dse.plot.data(figure)
    assert rows[rows["series"] == "bits: front"]["point"].tolist() == FRONT
    assert {"series", "mode", "point"} < set(rows)
    assert not {"x", "y"} & set(rows)


def test_the_last_study_is_the_default(database: str) -> None:
    for make in (dse.plot.front, dse.plot.scan, dse.plot.parallel, dse.plot.timeline):
        assert make(database=database).data


def test_sizes_that_make_no_sense_are_refused(database: str, tmp_path: Path) -> None:
    figure = dse.plot.front(database=database)
    with pytest.raises(UsageError, match="is no width"):
        dse.plot.save(figure, tmp_path / "a.pdf", width="wide")
    with pytest.raises(UsageError, match="is no picture"):
        dse.plot.save(figure, tmp_path / "a.docx")
    with pytest.raises(UsageError, match="have to be positive"):
        dse.plot.save(figure, tmp_path / "a.pdf", font_pt=0)


def test_a_figure_has_the_width_of_a_column(database: str) -> None:
    from dashboards.exports import for_paper

    page = for_paper(dse.plot.front(database=database), "column", font_pt=9)
    assert page.layout.width == round(86 / 25.4 * 96)
    assert page.layout.font.size == pytest.approx(12)


def test_nothing_heavy_is_imported_before_a_figure() -> None:
    code = "import sys, dse.plot; print(sorted({'pandas', 'plotly', 'dash'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_picture_is_written(database: str, tmp_path: Path) -> None:
    pytest.importorskip("kaleido", reason="needs the package kaleido")
    figure = dse.plot.front(database=database)
    for kind, begins in (("pdf", b"%PDF"), ("svg", b"<svg"), ("png", b"\x89PNG")):
        dse.plot.save(figure, tmp_path / f"front.{kind}")
        assert (tmp_path / f"front.{kind}").read_bytes().startswith(begins)
    pdf = (tmp_path / "front.pdf").read_bytes()
    assert b"/Title (front)" in pdf
    assert b"/Creator (dse " in pdf
    (table,) = re.findall(rb"startxref\n(\d+)", pdf)
    assert pdf[int(table) :].startswith(b"xref")  # nothing has moved
