"""PDFs of figures that a page shows, drawn on the server."""

import json
import re
from threading import Event, Thread
from typing import Any
from zlib import crc32

import plotly.graph_objects as go
import pytest
from flask.testing import FlaskClient
from plotly.colors import hex_to_rgb

from dashboards import exports, pictures
from dashboards.app import create_app
from dashboards.browser_pictures import Page, with_creator
from dashboards.figures.style import SCALE, Theme, colour, plain
from dashboards.source import Source
from dse.contracts.errors import ToolMissingError

FIGURE: dict[str, Any] = {
    "data": [{"type": "scattergl", "x": [1, 2], "y": [2, 1], "name": "a"}],
    "layout": {"images": [{"source": "data:image/png;base64,AA=="}], "template": {"layout": {}}},
    "width": 325.5,
    "height": 200,
}


@pytest.fixture
def client(source: Source) -> FlaskClient:
    return create_app(source).server.test_client()


def test_a_figure_is_drawn_as_it_is(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def drawn(figure: Any, kind: str, title: str) -> bytes:
        seen.extend([figure, title])
        return b"%PDF of " + kind.encode()

    monkeypatch.setattr(pictures, "drawn", drawn)
    answer = client.post(pictures.PATH, json=FIGURE)
    assert (answer.data, answer.mimetype) == (b"%PDF of pdf", "application/pdf")
    figure, title = seen
    assert title == "dse"
    assert figure.data[0].type == "scatter"  # vectors instead of an image
    assert list(figure.data[0].x) == [1, 2]
    assert (figure.layout.width, figure.layout.height) == (325.5, 200)


def test_a_figure_for_paper_is_light_whatever_the_theme(client: FlaskClient) -> None:
    def at_a_column(theme: Theme) -> dict[str, Any]:
        figure = go.Figure(layout=plain(theme))
        for index in range(8):
            bar = {"array": [1], "color": f"rgba{(*hex_to_rgb(colour(index, theme)), 0.4)}"}
            figure.add_scatter(x=[1], y=[2], marker={"color": colour(index, theme)}, error_y=bar)
        scale = {"colorscale": SCALE[theme]}
        figure.update_layout(coloraxis=scale, paper_bgcolor="#1d2127", plot_bgcolor="#1d2127")
        asked = {**json.loads(figure.to_json()), "width": 325.0, "height": 200.0, "letters": 8.0}
        answer = client.post(pictures.LAYOUT, json=asked)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.get_json()
        return found

    dark, light = at_a_column("dark"), at_a_column("light")
    assert dark == light
    assert dark["layout"]["paper_bgcolor"] == "#ffffff"


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"width": "wide"}, "width is wrong"),
        ({"height": 1e9}, "height is wrong"),
        ({"data": [{"type": "choropleth"}]}, "only traces of"),
        ({"data": [{"type": "scatter", "mode": 7}]}, "this is no figure"),
        ({"data": 3}, "data is wrong"),
        ({"layout": {"images": [{"source": "http://other.example/a.png"}]}}, "part of the figure"),
        ({"layout": {"images": [{"source": "file:///etc/passwd"}]}}, "part of the figure"),
        ({"layout": {"images": 1}}, "part of the figure"),
        ({"layout": {"nonsense": 1}}, "this is no figure"),
        ({"more": 1}, "more is wrong"),
        ({"name": "x" * 201}, "name is wrong"),
    ],
)
def test_what_is_no_figure_of_ours_is_refused(
    client: FlaskClient, changed: dict[str, Any], says: str
) -> None:
    answer = client.post(pictures.PATH, json={**FIGURE, **changed})
    assert answer.status_code == 400
    assert says in answer.text


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b"NaN"])
def test_what_is_no_json_is_refused(client: FlaskClient, body: bytes) -> None:
    answer = client.post(pictures.PATH, data=body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.text.startswith("dse: ")


def test_without_a_browser_it_says_what_to_install(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: Any, **__: Any) -> bytes:
        raise RuntimeError("Kaleido requires Google Chrome to be installed.\nmore")

    monkeypatch.setattr(exports, "picture_of", missing)
    answer = client.post(pictures.PATH, json=FIGURE)
    assert answer.status_code == 503
    assert "requires Google Chrome" in answer.text
    assert "apt-get install chromium" in answer.text


def test_drawing_blocks_no_other_request(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    app, started, finish = create_app(source), Event(), Event()

    def slow(*_: Any, **__: Any) -> bytes:
        started.set()
        assert finish.wait(60)
        raise ToolMissingError("no picture", hint="none")

    monkeypatch.setattr(pictures, "drawn", slow)
    codes: list[int] = []
    send = app.server.test_client().post
    thread = Thread(target=lambda: codes.append(send(pictures.PATH, json=FIGURE).status_code))
    thread.start()
    try:
        assert started.wait(60)
        assert app.server.test_client().get("/_dash-layout").status_code == 200
        assert codes == []
    finally:
        finish.set()
        thread.join(60)
    assert codes == [503]


def test_the_numbers_of_a_figure_are_a_table(client: FlaskClient) -> None:
    layout = {"xaxis": {"title": {"text": "bits"}}, "yaxis": {"title": {"text": "delay<br>[ns]"}}}
    answer = client.post(pictures.NUMBERS, json={**FIGURE, "layout": layout})
    assert answer.mimetype == "text/csv"
    assert answer.text.splitlines() == ["series,bits,delay [ns]", "a,1,2", "a,2,1"]


@pytest.mark.parametrize(
    "more",
    [
        {"meta": {"custom": {"low": 7}}, "customdata": [[1], [2]]},
        {"meta": {"axes": 3}},
        {"x": {"bdata": "AA==", "dtype": "f8"}},
        {"x": {"bdata": "AA==", "dtype": "O"}},
    ],
)
def test_numbers_that_cannot_be_read_are_refused(client: FlaskClient, more: dict[str, Any]) -> None:
    answer = client.post(pictures.NUMBERS, json={**FIGURE, "data": [{**FIGURE["data"][0], **more}]})
    assert answer.status_code == 400
    assert "this is no figure" in answer.text


def test_a_page_is_told_the_layout_at_another_width(client: FlaskClient) -> None:
    small = client.post(pictures.LAYOUT, json={**FIGURE, "letters": 12.0}).get_json()["layout"]
    assert (small["width"], small["font"]["size"]) == (326, 12)
    assert small["height"] > 12 * 11
    assert small["xaxis"]["tickfont"]["size"] == 12
    assert client.post(pictures.LAYOUT, json={**FIGURE, "letters": -1.0}).status_code == 400


def test_a_png_says_its_dots_per_inch(monkeypatch: pytest.MonkeyPatch) -> None:
    size = b"IHDR" + bytes([0, 0, 0, 1, 0, 0, 0, 1, 8, 6, 0, 0, 0])
    start = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0d" + size + crc32(size).to_bytes(4)
    monkeypatch.setattr(exports, "picture_of", lambda *_: start + b"rest")
    picture = exports.drawn(exports.go.Figure(), "png", dpi=254)
    dots = b"pHYs" + 2 * (10_000).to_bytes(4) + b"\x01"  # per metre
    assert picture == start + b"\x00\x00\x00\x09" + dots + crc32(dots).to_bytes(4) + b"rest"
    assert exports.drawn(exports.go.Figure(), "pdf", dpi=254) == start + b"rest"


@pytest.mark.parametrize("basic", [True, False])
def test_the_page_that_draws_loads_nothing_from_elsewhere(basic: bool) -> None:
    pytest.importorskip("kaleido", reason="needs the package kaleido")
    page = Page(basic=basic, title="a & <b>").generate_index()
    assert "<title>a &amp; &lt;b&gt;</title>" in page
    assert re.findall(r"https?://", page) == []
    assert [name for name in ("plotly-basic.min.js", "plotly.min.js") if name in page] == [
        "plotly-basic.min.js" if basic else "plotly.min.js"
    ]


def test_the_creator_of_a_pdf_keeps_the_length() -> None:
    browser = rb"<</Title (a)\n/Creator (Mozilla/5.0 \(X11; Linux\) Chrome/1 and more text)\n>>"
    named = with_creator(browser)
    assert b"/Creator (dse " in named
    assert b"Mozilla" not in named
    assert len(named) == len(browser)
    for other in (b"/Creator (x)", b"/Creator <FEFF>", b"none"):
        assert with_creator(other) == other  # too short, or written otherwise
