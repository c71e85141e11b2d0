"""Figures as functions of frames."""

from base64 import b64decode
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dashboards.figures import bars, density, failures, front, parallel, scans, style
from dashboards.figures.axes import Axis
from dashboards.figures.importance import importance
from dashboards.figures.style import BY_FIDELITY, IN_SPACE, axis_of, escaped
from dashboards.quantities import Quantity
from dse.analysis.columns import Column
from dse.analysis.references import References
from dse.contracts.metrics import Fidelity
from dse.contracts.registry import reference_folders

AUC = Column("auc", "bittrue", Fidelity.EMULATED, "", "maximise")
AXES = {
    "x": Quantity("open.lut", "LUT (open, rtl)"),
    "y": Quantity("bittrue.auc", "AUC (bittrue, emulated)", column=AUC),
}
HOSTILE = "<script>alert(1)</script>"


def frame(n: int = 6) -> pd.DataFrame:
    x = np.arange(n, dtype=float)
    made = pd.DataFrame({"x": x, "y": x / n, "y_low": x / n - 0.1, "y_high": x / n + 0.2})
    made["reason"] = ["", *["too large"] * (n > 1), *[""] * (n - 2)]
    made["allowed"] = made["reason"] == ""
    made["comparable"] = True
    made["on_front"] = [index % 2 == 0 for index in range(n)]
    return made


def traces(figure: Any) -> dict[str, Any]:
    return {trace.name: trace for trace in figure.data}


def test_each_kind_of_point_has_a_trace() -> None:
    found = traces(front.figure([front.Series("s", frame())], front.Look(AXES)))
    assert set(found) == {"s: not allowed", "s: dominated", "s: border", "s: front"}
    assert list(found["s: front"].x) == [0, 2, 4]
    assert list(found["s: dominated"].x) == [3, 5]
    assert list(found["s: not allowed"].x) == [1]
    assert "too large" in found["s: not allowed"].customdata[0][1]


def test_markers_tell_the_fidelity() -> None:
    both = [front.Series("s", frame(), Fidelity.ESTIMATE), front.Series("t", frame(), Fidelity.RTL)]
    found = traces(front.figure(both, front.Look(AXES)))
    assert (
        found["s: front"].marker.symbol == found["s: dominated"].marker.symbol == "triangle-up-open"
    )
    assert found["t: front"].marker.symbol == "diamond"
    assert set(BY_FIDELITY) == set(Fidelity)
    assert len(set(BY_FIDELITY.values())) == len(Fidelity)


def test_what_no_tool_gave_is_hollow() -> None:
    """On the page and in space: a predicted number never looks like a measured one."""
    for markers in (BY_FIDELITY, IN_SPACE):
        hollow = {fidelity for fidelity, marker in markers.items() if marker.endswith("-open")}
        assert hollow == {Fidelity.ESTIMATE, Fidelity.PREDICTED}


def test_truth_values_are_no_numbers() -> None:
    shown = frame().assign(colour=[True, False] * 3)
    axes = {**AXES, "colour": Quantity("pragma", "pragma")}
    found = front.figure([front.Series("s", shown)], front.Look(axes))
    assert {"pragma: True", "pragma: False"} <= set(traces(found))
    assert found.layout.coloraxis.colorbar.title.text is None


def test_texts_have_a_place_each_on_every_axis() -> None:
    shown = frame().assign(x=list("abcabc"), z=1.0)
    axes = {**AXES, "x": Quantity("network", "network")}
    flat = front.figure([front.Series("s", shown)], front.Look(axes))
    assert flat.layout.xaxis.type == "category"
    assert flat.layout.yaxis.type == "linear"
    space = front.figure([front.Series("s", shown)], front.Look({**axes, "z": AXES["x"]}))
    assert space.layout.scene.xaxis.type == "category"


def test_colours_of_texts_have_a_key() -> None:
    shown = frame().assign(colour=["qat", "float"] * 3)
    axes = {**AXES, "colour": Quantity("training", "training")}
    page = front.figure([front.Series("s", shown)], front.Look(axes))
    keys = {t.name: t.marker.color for t in page.data if t.name.startswith("training: ")}
    assert set(keys) == {"training: qat", "training: float"}
    assert len(set(keys.values())) == 2
    for trace in page.data:
        if trace.name == "s: front":  # points 0, 2 and 4
            assert set(trace.marker.color) == {keys["training: qat"]}


def test_space_tells_fidelity_and_size_too() -> None:
    shown = frame().assign(z=1.0, size=[1.0, 2, 3, 4, 5, 6])
    axes = {**AXES, "z": Quantity("w", "W", "W"), "size": Quantity("bits", "bits")}
    page = front.figure([front.Series("s", shown, Fidelity.RTL)], front.Look(axes))
    found = traces(page)["s: front"]
    assert found.marker.symbol == "diamond"
    assert list(found.marker.size) == sorted(found.marker.size)
    assert len(set(found.marker.size)) == 3
    assert page.layout.scene.zaxis.title.text == "W [W]"
    assert set(IN_SPACE) == set(Fidelity)


def test_intervals_are_bars_of_the_front() -> None:
    found = traces(front.figure([front.Series("s", frame())], front.Look(AXES)))
    np.testing.assert_allclose(found["s: front"].error_y.array, 0.2)
    np.testing.assert_allclose(found["s: front"].error_y.arrayminus, 0.1)
    without = traces(front.figure([front.Series("s", frame())], front.Look(AXES, bars=False)))
    assert without["s: front"].error_y.array is None


@pytest.mark.parametrize(("direction", "shape"), [("minimise", "hv"), ("maximise", "vh")])
def test_the_border_bends_away_from_what_is_beaten(direction: Any, shape: str) -> None:
    column = Column("m", "b", Fidelity.RTL, "", direction)
    axes = {**AXES, "x": Quantity("b.m", "m", column=column)}
    found = traces(front.figure([front.Series("s", frame())], front.Look(axes)))
    assert found["s: border"].line.shape == shape


def test_beaten_points_can_be_hidden_and_marked_ones_have_a_ring() -> None:
    look = front.Look(AXES, dominated=False, marked=(2,))
    found = traces(front.figure([front.Series("s", frame())], look))
    assert set(found) == {"s: border", "s: front", "selected in the table"}
    assert list(found["selected in the table"].x) == [2]


def test_what_lacks_an_objective_is_not_called_dominated() -> None:
    shown = frame().assign(comparable=[True, True, True, False, True, True])
    found = traces(front.figure([front.Series("s", shown)], front.Look(AXES)))
    assert list(found["s: dominated"].x) == [5]
    assert list(found["s: not compared: lacks an objective"].x) == [3]


def test_three_axes_are_a_scene() -> None:
    axes = {**AXES, "z": Quantity("z", "depth", "m")}
    figure = front.figure([front.Series("s", frame().assign(z=1.0))], front.Look(axes))
    assert {trace.type for trace in figure.data} == {"scatter3d"}
    assert figure.layout.scene.zaxis.title.text == "depth [m]"


def test_many_points_go_through_webgl() -> None:
    many = pd.concat([frame(2)] * 4000, ignore_index=True)
    found = traces(front.figure([front.Series("s", many)], front.Look(AXES)))
    assert found["s: front"].type == "scattergl"


def test_colour_and_size_follow_their_columns() -> None:
    axes = {**AXES, "colour": Quantity("mode", "mode"), "size": Quantity("bits", "bits")}
    shown = frame().assign(colour=list("ababab"), size=[1.0, 2, 3, 4, 5, np.nan])
    found = traces(front.figure([front.Series("s", shown)], front.Look(axes)))
    assert len(set(found["s: dominated"].marker.color)) == 1
    assert list(found["s: front"].marker.size) == [10, 18, 26]


def test_texts_are_shown_literally() -> None:
    look = front.Look({**AXES, "x": Quantity(HOSTILE, HOSTILE)})
    text = front.figure([front.Series(HOSTILE, frame())], look).to_json()
    assert "<script>" not in text
    assert escaped(HOSTILE).startswith("&lt;script")


def scan_rows(**more: Any) -> pd.DataFrame:
    rows = {"point": [0, 1, 2], "x": [4, 8, 8], "y": [1.0, 2.0, 3.0], "low": np.nan, "high": np.nan}
    base = {"metric": "lut", "line": "open", "panel": "", "best": [True, False, True]}
    base |= {"value": "", "origin": "open"}
    return pd.DataFrame({**rows, **base, **more})


def test_a_line_goes_through_the_best_and_the_others_are_dots() -> None:
    figure = scans.figure(scan_rows(), scans.Scan("bits", {"lut": "LUT"}))
    dots, line = figure.data
    assert (list(line.x), list(line.y)) == ([4, 8], [1.0, 3.0])
    assert (list(dots.x), dots.mode) == ([8], "markers")
    assert figure.layout.xaxis.title.text == "bits"
    assert figure.layout.yaxis.title.text == "LUT"


def test_colour_is_the_parameter_and_dashes_are_the_backend() -> None:
    rows = pd.concat(
        scan_rows(line=f"{value} · {origin}", value=value, origin=origin, best=True)
        for origin in ("bittrue", "open")
        for value in ("bits 8", "bits 16")
    )
    page = scans.figure(rows, scans.Scan("rf", {"lut": "LUT"}))
    styles = {trace.name: (trace.line.color, trace.line.dash) for trace in page.data}
    for origin in ("bittrue", "open"):
        assert styles[f"bits 8 · {origin}"][0] == styles["bits 8 · open"][0]
        assert styles[f"bits 8 · {origin}"][1] == styles[f"bits 16 · {origin}"][1]
    assert len(set(styles.values())) == 4


def test_few_lines_are_hidden_one_by_one() -> None:
    rows = pd.concat(
        scan_rows(line=f"8 bits · {origin}", value="8 bits", origin=origin, best=True)
        for origin in ("bittrue", "estimate", "open")
    )
    page = scans.figure(rows, scans.Scan("rf", {"lut": "LUT"}))
    assert len({trace.legendgroup for trace in page.data}) == 3


def test_many_lines_are_listed_by_value_and_by_backend() -> None:
    rows = pd.concat(
        scan_rows(line=f"{value} · {origin}", value=value, origin=origin, best=True)
        for origin in ("bittrue", "open")
        for value in ("bits 4", "bits 8", "bits 16")
    )
    rows = pd.concat([rows, scan_rows(line="cpu", value="", origin="cpu", best=True)])
    page = scans.figure(rows, scans.Scan("rf", {"lut": "LUT"}))
    listed = [trace for trace in page.data if trace.showlegend is not False]
    assert [trace.name for trace in listed] == ["bits 4", "bits 8", "bits 16", "cpu"]
    assert listed[-1].legendgroup == "cpu"
    for entry in listed[:-1]:  # has the colour of its lines, and hides them all
        lines = [t for t in page.data if t.name.startswith(f"{entry.name} · ")]
        assert len(lines) == 2
        assert {t.legendgroup for t in lines} == {entry.legendgroup}
        assert {t.line.color for t in lines} == {entry.line.color}
    assert page.layout.legend.title.text == "──● bittrue &nbsp; ╌╌■ open &nbsp; ┈┈◆ cpu"


def test_powers_of_two_are_ticks() -> None:
    rows = scan_rows(x=[1, 4, 16])
    page = scans.figure(rows, scans.Scan("reuse factor", {"lut": "LUT"}, log_x=True))
    assert list(page.layout.xaxis.ticktext) == ["1", "4", "16"]
    assert not style.are_powers(pd.Series([1, 3, 9]))
    assert not style.are_powers(pd.Series([0, 8, 64]))


def test_each_metric_and_value_has_a_panel_and_each_line_one_legend_entry() -> None:
    rows = pd.concat(
        [scan_rows(panel="a"), scan_rows(panel="b"), scan_rows(panel="b", metric="ff")]
    )
    figure = scans.figure(rows, scans.Scan("bits", {"lut": "LUT", "ff": "FF"}))
    assert len({trace.xaxis for trace in figure.data}) == 3
    assert sum(bool(trace.showlegend) for trace in figure.data) == 1


def cells(figure: Any) -> dict[str, tuple[float, float]]:
    """Left and lower end of every panel, by its title and the title of its axis."""
    titles = [note.text for note in figure.layout.annotations]
    axes = [figure.layout[f"yaxis{n or ''}"] for n in (0, *range(2, len(titles) + 1))]
    across = [figure.layout[axis.anchor.replace("x", "xaxis")] for axis in axes]
    found = zip(titles, axes, across, strict=True)
    return {f"{t} {y.title.text}": (x.domain[0], y.domain[0]) for t, y, x in found}


def test_every_metric_begins_a_row_of_panels_in_order() -> None:
    rows = pd.concat(
        [scan_rows(panel=p, metric=m) for m in ("lut", "ff") for p in ("p 16", "p 4", "p 8")]
    ).query("not (panel == 'p 8' and metric == 'ff')")
    scan = scans.Scan("x", {"lut": "LUT", "ff": "FF"}, panels=("p 2", "p 4", "p 8", "p 16"))
    found = cells(scans.figure(rows, scan))
    assert len(found) == 5
    left = [found[f"{panel} LUT"][0] for panel in ("p 4", "p 8", "p 16")]
    assert left == sorted(left)
    assert found["p 16 LUT"][0] == found["p 16 FF"][0]  # the other row has a gap
    assert len({found[f"{panel} LUT"][1] for panel in ("p 4", "p 8", "p 16")}) == 1
    assert found["p 4 LUT"][1] > found["p 4 FF"][1] == found["p 16 FF"][1]


def test_what_spans_decades_is_logarithmic() -> None:
    wide = scan_rows(y=[1.0, 10.0, 1e5])
    assert scans.figure(wide, scans.Scan("bits", {"lut": "LUT"})).layout.yaxis.type == "log"
    narrow = scans.figure(scan_rows(), scans.Scan("bits", {"lut": "LUT"}))
    assert narrow.layout.yaxis.type == "linear"


def test_published_numbers_lie_over_ours() -> None:
    rows = scan_rows(metric="latency_ns")
    scan = scans.Scan("pT", {"latency_ns": "latency [ns]"})
    known = References(reference_folders())
    published = known.curves("pt_min_gev", known.figures["heintz2020.2-centre"])
    figure = scans.figure(rows, scan, published)
    names = {trace.name for trace in figure.data if "Arria 10" in (trace.name or "")}
    assert len(names) == 3


def test_the_published_curves_are_those_of_their_sources() -> None:
    known = References(reference_folders())
    found = known.curves("pt_min_gev", known.figures["heintz2020.2-centre"])
    eight = found[found["line"].str.contains(" 8 bit, total")]
    assert eight["x"].tolist() == [1, 1.5, 3, 5]
    assert eight["y"].tolist() == [1.902e9, 312_947e3, 30_852e3, 13_895e3]
    appendix = known.curves("total_bits", known.figures["heintz2020.4-bits"])
    assert len(appendix) == 11
    assert appendix["y"].between(0.4, 1).all()
    assert len(known.curves("pt_min_gev")) == 26  # times, those of the kernels, sizes
    assert known.curves("nothing").empty


def test_no_rows_give_an_empty_figure_that_says_so() -> None:
    empty = scan_rows().iloc[:0]
    for figure in (
        scans.figure(empty, scans.Scan("bits", {})),
        parallel.parallel(pd.DataFrame({"a": []}), {"a": "a"}, "a", "light"),
        importance({}, "dark"),
        bars.by_layer(pd.DataFrame(), "light", "no layers"),
        bars.roc({}, "light"),
        failures.by_parameter(pd.DataFrame({"kind": ["", ""]}), {"a": "a"}, "light"),
    ):
        assert len(figure.data) == 0
        assert figure.layout.annotations[0].text


def test_few_points_are_lines_that_name_their_point() -> None:
    rows = pd.DataFrame({"bits": [4, 8], "mode": ["WRAP", "SAT"], "auc": [0.5, 0.9]}, [3, 7])
    page = parallel.parallel(rows, {"bits": "bits", "mode": "mode", "auc": "AUC"}, "auc", "light")
    lines = [trace for trace in page.data if trace.mode == "lines"]
    assert {trace.customdata[0][0] for trace in lines} == {3, 7}
    low = next(trace for trace in lines if trace.customdata[0][0] == 3)
    assert list(low.y[:3]) == [0.25, 0.75, 0.25]  # SAT is the first of two bands, WRAP the second
    assert {"<b>bits</b>", "WRAP", "SAT"} <= {one.text for one in page.layout.annotations}


def test_axes_of_texts_are_in_order_and_can_colour() -> None:
    rows = pd.DataFrame({"rows": ["none", "16", "4"], "auc": [0.5, 0.9, 0.7]})
    page = parallel.parallel(rows, {"rows": "rows", "auc": "AUC"}, "rows", "light")
    assert Axis.of(rows["rows"], "rows").values == ("4", "16", "none")
    (bar,) = [trace.marker.colorbar for trace in page.data if trace.marker.colorbar.ticktext]
    assert list(bar.ticktext) == ["4", "16", "none"]


def test_an_axis_is_logarithmic_over_decades_and_for_powers_of_two() -> None:
    reuse = Axis.of(pd.Series([1, 2, 4, 64], name="r"), "r")
    rate = Axis.of(pd.Series(np.geomspace(1e-4, 1e-2, 99), name="lr"), "lr")
    bits = Axis.of(pd.Series([4, 8, 12], name="b"), "b")
    assert (reuse.kind, rate.kind, bits.kind) == ("log", "log", "linear")
    assert [text for _, text in reuse.ticks()] == ["1", "2", "4", "64"]
    assert [text for _, text in rate.ticks()] == [
        "0.0001", "0.0002", "0.0005", "0.001", "0.002", "0.005", "0.01",
    ]  # fmt: skip
    assert [rate.value(p) for p in rate.at([1e-4, 1e-3])] == pytest.approx([1e-4, 1e-3])


def test_many_points_are_a_density_whose_lines_are_counted() -> None:
    rng = np.random.default_rng(0)
    left, right, shade = rng.random((3, 5000))
    counts, sums = density.between(left, right, shade)
    assert counts.shape == (density.ROWS, density.COLUMNS)
    assert (counts.sum(axis=0) == 5000).all()  # every line crosses every column once
    assert sums.sum(axis=0) == pytest.approx(shade.sum())
    frame = pd.DataFrame({"a": left, "b": right, "mode": "x", "auc": shade})
    page = parallel.parallel(frame, {name: name for name in frame}, "auc", "dark")
    (image,) = page.layout.images
    assert image.source.startswith("data:image/png;base64,")
    assert not [trace for trace in page.data if trace.mode == "lines"]
    chosen = parallel.parallel(frame, {n: n for n in frame}, "auc", "dark", {"a": ["..0.5"]})
    assert chosen.layout.images[0].source != image.source  # what is outside of the range is grey
    assert "<b>0.5</b>" in {one.text for one in chosen.layout.annotations}


def test_the_picture_of_lines_is_what_other_programs_read() -> None:
    from _plotly_utils import png

    where = np.array([[0.25, 0.75], [0.25, 0.75]])
    layer = density.Layer(where, np.ones(2), np.array([[0.0, 0, 0], [10, 20, 30]]))
    source = density.picture([layer])
    width, height, rows, _ = png.Reader(bytes=b64decode(source.partition(",")[2])).read()
    pixels = np.vstack(list(rows)).reshape(height, width, 4)
    assert (height, width) == (density.ROWS, density.COLUMNS)
    found, _ = np.nonzero(pixels[:, :1, 3])
    assert found[0] == pytest.approx(0.75 * density.ROWS, abs=2)  # low values are at the bottom
    assert set(map(tuple, pixels[pixels[..., 3] > 0])) == {(10, 20, 30, 255)}


def test_the_most_important_parameter_is_on_top() -> None:
    figure = importance({"a": 0.2, "b": 0.7, "c": 0.1}, "light")
    assert list(figure.data[0].y) == ["c", "a", "b"]


def test_many_values_of_a_parameter_are_intervals() -> None:
    rates = np.geomspace(1e-4, 1e-1, 1000)
    rows = pd.DataFrame({"rate": rates, "kind": np.where(rates > 0.05, "licence", "")})
    (bars_of_kind,) = failures.by_parameter(rows, {"rate": "rate"}, "light").data
    assert len(bars_of_kind.x) == 12
    assert bars_of_kind.x[0].startswith("0.0001 to ")
    assert bars_of_kind.x[-1].endswith(" to 0.1")
    assert [share > 0 for share in bars_of_kind.y] == [False] * 10 + [True] * 2


def test_shares_of_failures_are_per_value() -> None:
    rows = pd.DataFrame({"bits": [4, 4, 8, 8], "kind": ["licence", "", "licence", "crashed"]})
    figure = failures.by_parameter(rows, {"bits": "bits"}, "light")
    found = {trace.name: list(trace.y) for trace in figure.data}
    assert found == {"crashed": [0, 0.5], "licence": [0.5, 0.5]}


def test_layers_keep_their_order_and_empty_columns_are_left_out() -> None:
    layers = pd.DataFrame({"lut": [3, 1], "dsp": [0, 0]}, index=["first", "second"])
    figure = bars.by_layer(layers, "light", "")
    assert [trace.name for trace in figure.data] == ["lut"]
    assert list(figure.data[0].y) == ["first", "second"]
    assert figure.layout.yaxis.autorange == "reversed"


def test_axes_are_linear_unless_told() -> None:
    assert axis_of(pd.Series([1, 2.5]), log=False) == {"type": "linear"}
    assert axis_of(pd.Series([1, 2.5]), log=True)["type"] == "log"
    texts = axis_of(pd.Series(["none", "16", "b", "4", "16"]), log=True)
    assert (texts["type"], texts["categoryarray"]) == ("category", ["4", "16", "b", "none"])
