"""Pages as the server makes them, without a browser."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from dash import Dash
from plotly.utils import PlotlyJSONEncoder

from dashboards.access import guarded
from dashboards.address import Address
from dashboards.answers import answer_text
from dashboards.app import create_app
from dashboards.comparing import compared
from dashboards.downloads import file_name
from dashboards.figures.parallel import axes_of
from dashboards.parameter_rows import dragged, ranges_of
from dashboards.ranges import within
from dashboards.report import write_report
from dashboards.scan_view import ScanPageState, drawn
from dashboards.source import Source
from dashboards.standings import standing_panel
from dse.analysis.spending import Needs, evaluations, lanes, phases, spending
from dse.contracts.backend import Artifact, Outcome
from dse.contracts.errors import StoreError, UsageError
from dse.contracts.metrics import Fidelity, Metric
from dse.store.store import Store
from dse.testing.stores import evaluation

from .conftest import BROKEN, STUDY, fill

PATHS = (
    "/",
    "/build",
    "/front",
    "/scans",
    "/parameters",
    "/point",
    "/compare",
    "/failures",
    "/search",
    "/time",
    "/paper",
)
HOSTILE = ["<script>alert(1)</script>", "../../etc", "x" * 300, "日本 ünï", "a&b=c?d#e", "'; DROP"]


def answer_of(app: Dash, path: str, search: str, **states: Any) -> dict[str, Any]:
    """What the server answers when a browser goes to an address.

    Args:
        app: the application.
        path: of the address.
        search: of the address.
        **states: values of the callback's inputs and states that are not empty.
    """
    client = app.server.test_client()
    client.get("/")
    values = {"pathname": path, "search": search} | states
    found = client.get("/_dash-dependencies").get_json()
    router = next(one for one in found if "_pages_content.children" in one["output"])
    outputs = [part.rpartition(".") for part in router["output"].strip(".").split("...")]

    def given(one: dict[str, str]) -> Any:
        if one["id"].startswith("{"):
            return values.get("all", [])
        value = values.get(one["id"], values.get(one["property"]))
        return {**one, "value": value}

    body = {
        "output": router["output"],
        "outputs": [{"id": name, "property": prop} for name, _, prop in outputs],
        "inputs": [given(one) for one in router["inputs"]],
        "state": [given(one) for one in router["state"]],
        "changedPropIds": states.get("changed", ["_pages_location.pathname"]),
    }
    answer = client.post("/_dash-update-component", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json()["response"])


def page_at(source: Source, path: str, search: str) -> Any:
    """Content of a page, as it is sent to the browser."""
    return answer_of(create_app(source), path, search)["_pages_content"]["children"]


def text_of(page: Any) -> str:
    """All of a page, or of a part of one."""
    return json.dumps(page, cls=PlotlyJSONEncoder)


@pytest.mark.parametrize("path", PATHS)
def test_every_page_shows_the_study(source: Source, path: str) -> None:
    shown = "publication" if path == "/paper" else "bits"
    assert shown in text_of(page_at(source, path, "?study=bits"))
    assert shown in text_of(page_at(source, path, ""))


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("path", PATHS[1:-1])
def test_any_name_of_a_study_is_shown(source: Source, database: str, path: str, name: str) -> None:
    store = Store(database)
    fill(store, replace(STUDY, name=name))
    store.close()
    link = Address({"study": name}).link(path.strip("/"))
    assert json.dumps(name)[1:-1] in text_of(page_at(source, path, link.partition("?")[2]))


def test_what_is_not_there_says_what_to_do(source: Source) -> None:
    assert "This page does not exist" in text_of(page_at(source, "/nonsense", ""))
    assert "there is no study" in text_of(page_at(source, "/front", "?study=nonsense"))


def test_an_empty_store_says_what_to_do(tmp_path: Path) -> None:
    Store(str(tmp_path / "empty.db")).close()
    source = Source(str(tmp_path / "empty.db"))
    assert "dse run" in text_of(page_at(source, "/", ""))
    assert "dse run" in text_of(page_at(source, "/front", ""))


def test_a_point_has_everything(source: Source) -> None:
    page = text_of(page_at(source, "/point", "?study=bits&point=1&beside=4"))
    for part in ("0.8", "0.79", "reuse_factor", "tool 2.0", "all is well", "dse reproduce 1"):
        assert part in page
    for part in ("ROC curve", "Resources by layer (open)", "Overflows by layer (open)"):
        assert part in page
    assert "the exp table of layer dense has steps of 128" in page
    assert "no <b>licence</b>" in page  # a text, which the browser shows literally
    assert "the log" in page


@pytest.mark.parametrize("path", ["k0/a\0b", "x" * 5000, "a/" * 3000, "../../etc/passwd"])
def test_an_odd_path_of_an_artifact_blanks_no_page(database: str, path: str) -> None:
    odd = Outcome(
        (Metric.of("lut", 1.0, Fidelity.RTL),), {}, (Artifact("log", path), Artifact("x", "k0"))
    )
    store = Store(database)
    study = store.save_study(replace(STUDY, name="odd"))
    (point,) = store.save_points(study, [{"bits": 1}])
    done = evaluation("odd", odd, "open")
    store.record([done], {done.job.key: [point.id]})
    store.close()
    page = text_of(page_at(Source(database), "/point", "?study=odd&point=0"))
    assert "dse reproduce 0" in page
    assert "x: k0 (a folder)" in page


def test_the_recommended_design_is_one_point(source: Source) -> None:
    """Of the best AUC and of the least LUT, which are two designs, nothing is put together."""
    assert answer_text(source, "bits") == ("point 3: AUC 0.9 [0.89, 0.92] bit-true, LUT 500 by RTL")


def test_ranges_keep_what_lies_in_all_of_them() -> None:
    frame = pd.DataFrame({"bits": [4, 6, 8, 10], "mode": ["b", "a", "a", "b"]})
    for ranges, kept in (
        ({"bits": ["5..9"]}, [1, 2]),
        ({"bits": ["3 to 4", ">= 9"]}, [0, 3]),
        ({"bits": ["..6"]}, [0, 1]),
        ({"bits": ["8"]}, [2]),
        ({"mode": ["a"]}, [1, 2]),
        ({"bits": ["5..9"], "mode": ["b"]}, []),
        ({"absent": ["5..9"]}, [0, 1, 2, 3]),
    ):
        assert frame.index[within(frame, ranges)].tolist() == kept
    for text in ("wide", "<", "..", "nan", "1e999"):
        with pytest.raises(UsageError, match="not a range"):
            within(frame, {"bits": [text]})
    with pytest.raises(UsageError, match="ends below its start"):
        within(frame, {"bits": ["9..5"]})


def test_ranges_are_read_from_the_address() -> None:
    address = Address.parse("?brush.bits=5..9|11..12&brush.mode=a&brush.x=&bits=1..2")
    assert ranges_of(address) == {"bits": ["5..9", "11..12"], "mode": ["a"]}


def test_a_box_over_axes_types_their_ranges() -> None:
    frame = pd.DataFrame({"bits": [4, 8, 12], "mode": ["a", "b", "a"], "auc": [0.5, 0.9, 0.7]})
    axes = axes_of(frame, {name: name for name in frame})
    assert dragged(axes, {"x": [0.8, 1.3], "y": [0.0, 0.4]}) == {"brush.mode": ["a"]}
    found = dragged(axes, {"x": [-0.2, 0.2], "y": [0.5, 2.0]})
    assert found == {"brush.bits": "8..12"}
    assert dragged(axes, {"x": [0.3, 0.6], "y": [0.0, 1.0]}) == {"brush.bits": "4..12"}
    assert dragged(axes, {"x": [1.96, 1.97], "y": [0.0, 1.0]}) == {"brush.auc": "0.5..0.9"}


def test_a_box_over_the_end_of_an_axis_holds_the_last_point() -> None:
    frame = pd.DataFrame({"auc": [0.99123456, 0.99762]})
    (axis,) = axes_of(frame, {"auc": "AUC"})
    texts = dragged([axis], {"x": [-0.1, 0.1], "y": [0.0, 1.0]})["brush.auc"]
    assert within(frame, {"auc": [str(texts)]}).all()


def test_presets_are_published_figures_of_shipped_studies(source: Source) -> None:
    shipped = {path.stem for path in Path("studies").glob("*.yaml")}
    named = {study for figure in source.references.figures.values() for study in figure.studies}
    assert named <= shipped
    assert {"pt_cut", "event_size", "bitwidth", "reuse_factor"} <= named
    assert ScanPageState.of(source, Address({"study": "bits"})).preset is None
    asked = Address({"study": "bits", "preset": "heintz2020.2-centre"})
    figure = drawn(source, ScanPageState.of(source, asked), "light")
    assert not figure.data  # the paper's title never stands above other numbers
    assert "dse run pt_cut" in figure.layout.annotations[0].text


def test_verdicts_stand_below_the_curves(source: Source, database: str) -> None:
    assert "What publications claim" not in text_of(page_at(source, "/scans", "?study=bits"))
    store = Store(database)
    fill(store, replace(STUDY, name="bitwidth"))
    store.close()
    page = text_of(page_at(Source(database), "/scans", "?study=bitwidth"))
    assert "What publications claim" in page
    assert "At reuse factor 8 the latency lies between 650 ns" in page
    assert "no point has open.latency_ns" in page


def test_designs_are_compared_with_what_is_better_marked(source: Source) -> None:
    """Points 1 and 2: AUC 0.8 and 0.7, LUT 300 and 400, so that 2 is worse in both."""
    page = text_of(compared(source, "bits", [1, 2], "light"))
    assert "▼ 0.7  [0.69, 0.72] (-12.5%)" in page.encode().decode("unicode_escape")
    assert "▼ 400 (+33.3%)" in page.encode().decode("unicode_escape")
    assert "ROC curves" in page
    assert "All effective settings are equal" in page


def test_a_point_says_what_beats_it(source: Source) -> None:
    assert "is on the front: none of 3 others beats it" in text_of(
        standing_panel(source, "bits", 1)
    )
    assert "and it beats 1 of them" in text_of(standing_panel(source, "bits", 1))
    assert "is not on the front" in text_of(standing_panel(source, "bits", 2))
    chosen = Address({"study": "bits", "points": "3,4"})
    assert "points=3%2C4&point=1" in text_of(standing_panel(source, "bits", 2, chosen))
    beaten = text_of(standing_panel(source, "bits", 2)).encode().decode("unicode_escape")
    assert "The nearest, point 1: AUC 0.8 instead of 0.7 (+14.3%); LUT" in beaten
    assert "/compare?study=bits&points=2%2C1" in text_of(standing_panel(source, "bits", 2))
    assert "it has no AUC, LUT" in text_of(standing_panel(source, "bits", BROKEN))


def test_time_is_told_by_backend_and_what_the_store_saved(source: Source, database: str) -> None:
    """Five evaluations of 1.5 s; another study takes them from the store."""
    found = spending(evaluations(source.results, "bits"), {"open": Needs(2.0, 1)})
    (one,) = found
    assert (one.count, one.seconds, one.reused) == (0, 0.0, 5)  # WHEN is before the study was
    frame = evaluations(source.results, "bits").assign(earlier=False)
    (one,) = spending(frame, {"open": Needs(2.0, 1)})
    assert (one.count, one.seconds, one.reused) == (5, 7.5, 0)
    assert (one.cpu_hours, one.licence_hours) == (2 * 7.5 / 3600, 7.5 / 3600)
    assert lanes(frame).tolist() == [0, 1, 2, 3, 4]  # all at a time


def test_time_is_told_by_phase(tmp_path: Path) -> None:
    database = str(tmp_path / "phases.db")
    store = Store(database)
    study = store.save_study(replace(STUDY, name="phases"))
    points = store.save_points(study, [{"bits": bits} for bits in (1, 2, 3)])
    luts = Metric.of("lut", 5, Fidelity.RTL)
    for point, seconds in zip(points, ({"a": 1.0, "b": 3.0}, {"a": 2.0}, None), strict=True):
        done = evaluation(f"p{point.number}", Outcome((luts,), {"seconds": seconds}), "open")
        store.record([done], {done.job.key: [point.id]})
    store.close()
    results = Source(database).results
    frame = evaluations(results, "phases").assign(earlier=False)
    found = {(one.backend, one.phase): one for one in phases(results, "phases", frame)}
    assert {key: (one.count, one.seconds) for key, one in found.items()} == {
        ("open", "a"): (2, 3.0),
        ("open", "b"): (1, 3.0),
    }
    assert phases(results, "phases", frame.assign(earlier=True)) == []


def test_routed_numbers_say_their_seed(tmp_path: Path) -> None:
    database = str(tmp_path / "seeds.db")
    store = Store(database)
    study = store.save_study(replace(STUDY, name="seeds", objectives={"fmax_mhz": "maximise"}))
    (point,) = store.save_points(study, [{"bits": 1}])
    seed = replace(Metric.of("lut", 3, Fidelity.IMPLEMENTED), name="seed")
    clock = Metric.of("fmax_mhz", 210.0, Fidelity.IMPLEMENTED, low=190.0, high=215.0)
    done = evaluation("s", Outcome((clock, seed)), "open")
    store.record([done], {done.job.key: [point.id]})
    store.close()
    source = Source(database)
    assert answer_text(source, "seeds").endswith("210 MHz [190, 215] placed and routed with seed 3")
    assert "placed and routed (seed 3)" in text_of(page_at(source, "/point", "?study=seeds"))


def test_names_of_files_are_harmless() -> None:
    assert file_name("../../etc/passwd") == "etc_passwd"
    assert file_name("<>") == "dse"
    assert len(file_name("x" * 500)) == 80


def test_a_report_is_one_file_with_everything(database: str, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    assert write_report(database, None, out) == "bits"
    text = out.read_text()
    assert "Plotly.newPlot" in text
    assert "3 of 5 points on the front" in text
    assert "no &lt;b&gt;licence&lt;/b&gt;" in text
    assert "tool 2.0" in text
    assert 'src="http' not in text


def test_a_report_of_nothing_is_refused(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "r.db"))
    store.save_study(STUDY)
    store.close()
    with pytest.raises(StoreError, match="no result is stored yet"):
        write_report(str(tmp_path / "r.db"), "bits", tmp_path / "r.html")


def test_the_frame_of_the_application_is_served(source: Source) -> None:
    client = create_app(source).server.test_client()
    assert client.get("/").status_code == 200
    assert b"write_address" in client.get("/_dash-dependencies").data


def test_without_the_token_nothing_is_served(source: Source) -> None:
    app = create_app(source)
    guarded(app.server, "secret")
    client = app.server.test_client()
    for path in ("/", "/_dash-layout", "/?token=wrong", "/assets/style.css", "/?token=sécret"):
        assert client.get(path).status_code == 403
    answer = client.get("/front?token=secret")
    assert answer.status_code == 302
    assert "secret" not in answer.headers["Location"]
    assert client.get("/_dash-layout").status_code == 200


def test_titles_name_the_page_and_the_study(source: Source) -> None:
    app = create_app(source)

    def title(path: str, search: str = "") -> str:
        return str(answer_of(app, path, search)["_pages_store"]["data"]["title"])

    assert title("/") == "Studies · dse"
    assert title("/front", "?study=a%26b") == "Front · a&b · dse"
    assert title("/front") == "Front · dse"
    assert title("/nonsense") == "dse"


def test_a_page_stays_while_its_controls_write_the_address(source: Source) -> None:
    app, search = create_app(source), "?study=bits&show=log_x"
    assert "_pages_content" in answer_of(app, "/front", search, written="/front?study=bits")
    assert "_pages_content" not in answer_of(app, "/front", search, written=f"/front{search}")


@pytest.mark.parametrize(
    ("shown", "is_made"),
    [
        (None, True),
        ({"path": "/front", "study": "bits", "empty": False}, False),
        ({"path": "/front", "study": "bits", "empty": True}, True),
        ({"path": "/scans", "study": "bits", "empty": False}, True),
    ],
    ids=["nothing is there", "the page is there", "nothing was stored", "another page is there"],
)
def test_new_results_make_a_page_only_where_there_is_none(
    source: Source, shown: dict[str, Any] | None, is_made: bool
) -> None:
    old = [{"id": {"type": "shown", "of": "page"}, "property": "data", "value": shown}]
    states = {"changed": ["stamp.data"], "all": old if shown else []}
    answer = answer_of(create_app(source), "/front", "?study=bits", **states)
    assert ("_pages_content" in answer) is is_made


def test_a_short_address_leads_to_the_point(source: Source) -> None:
    page = page_at(source, "/point/a%20b/3", "")
    assert page["props"]["href"] == "/point?study=a+b&point=3"


def test_names_in_an_address_are_only_texts(source: Source) -> None:
    search = "?study=bits&self=1&source=2&make=3&path=4&stamp=5&written=6&shown=7"
    assert "bits" in text_of(page_at(source, "/front", search))


def test_two_applications_have_their_own_results(source: Source, tmp_path: Path) -> None:
    Store(str(tmp_path / "other.db")).close()
    first, second = create_app(source), create_app(Source(str(tmp_path / "other.db")))
    for app, text in ((first, "bits"), (second, "There are no studies yet"), (first, "bits")):
        assert text in text_of(answer_of(app, "/", "")["_pages_content"])
