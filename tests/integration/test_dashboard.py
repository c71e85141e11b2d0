"""The dashboard in a real browser, on stores of real sweeps."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import axe_playwright_python
import browser as support
import pandas as pd
import pytest
from browser import chromium, dashboard, problems, resize, show, until
from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from dse.contracts.backend import Outcome
from dse.contracts.metrics import Fidelity, Metric
from dse.store.records import StudyRecord
from dse.store.store import Store
from dse.testing.stores import evaluation

pytestmark = pytest.mark.skipif(bool(support.MISSING), reason=support.MISSING)

PAGES = (
    "",
    "build",
    "front",
    "scans",
    "parameters",
    "point",
    "compare",
    "failures",
    "search",
    "time",
)
HOSTILE = ("<script>alert(1)</script>", "../../etc", "x" * 200, "日本 ünï", "a&b=c?d#e")
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
LONG = """
name: long
workload: {name: noop}
space: {sleep_s: [30, 31, 32]}
backends: [noop]
"""
OBJECTIVES: Any = {"accuracy": "maximise", "latency_ns": "minimise"}


def add_study(database: Path, name: str, n: int, step_ns: float = 1) -> None:
    """A study of `n` points with two numbers each, the latencies 1 to `n` times a step."""
    store = Store(str(database))
    study = store.save_study(StudyRecord(name, "made for a test", "", "", OBJECTIVES))
    points = store.save_points(study, [{"bits": i % 17, "seed": i} for i in range(n)])
    done = [
        evaluation(
            f"{name} {i}",
            Outcome(
                (
                    Metric.of("accuracy", (i * 7919 % n) / n, Fidelity.EMULATED),
                    Metric.of("latency_ns", step_ns * (1 + (i * 104729 % n)), Fidelity.RTL),
                )
            ),
        )
        for i in range(n)
    ]
    store.record(done, {e.job.key: [p.id] for e, p in zip(done, points, strict=True)})
    store.set_state(study, "done")
    store.close()


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep of the jet classifier, by two backends."""
    folder = tmp_path_factory.mktemp("dashboard")
    settings = ("space.total_bits.values=[6,8,12,16]", "space.reuse_factor=[1,4]")
    arguments = [part for setting in settings for part in ("--set", setting)]
    command = [sys.executable, "-m", "dse.cli.main", "run", "studies/jet_mlp.yaml", *arguments]
    more = ["--db", str(folder / "results.db"), "--cache", str(folder / "cache")]
    subprocess.run([*command, *more, "--executor", "serial"], check=True, capture_output=True)
    return folder / "results.db"


@pytest.fixture(scope="module")
def address(database: Path) -> Iterator[str]:
    with dashboard(database) as found:
        yield found


@pytest.fixture(scope="module")
def shared_browser() -> Iterator[Chrome]:
    with chromium(height=1100) as found:  # the whole plot is in view
        yield found


@pytest.fixture
def page(shared_browser: Chrome) -> Chrome:
    """The browser, with an empty console and no theme chosen."""
    shared_browser.get("about:blank")
    shared_browser.get_log("browser")
    return shared_browser


def body(page: Chrome) -> str:
    return page.find_element(By.TAG_NAME, "main").text


def press(page: Chrome, path: str) -> None:
    """Click what an XPath names; on a page that is being drawn again it is looked up again."""

    def click() -> bool:
        page.find_element(By.XPATH, path).click()
        return True

    until(click)


def open_front(page: Chrome, address: str, more: str = "") -> None:
    page.get(f"{address}/front?study=jet_mlp{more}")
    until(lambda: "points on the front" in body(page))
    until(lambda: page.find_elements(By.CSS_SELECTOR, "#front-figure .scatterlayer .trace"))
    until(lambda: rows_of(page))


def loaded(page: Chrome, file: str) -> int:
    """How many scripts of this name the page has asked for."""
    count = "return [...document.scripts].filter(s => s.src.endsWith(arguments[0])).length"
    found: int = page.execute_script(count, file)
    return found


def test_plotly_is_loaded_once(page: Chrome, address: str) -> None:
    """It is loaded before graphs ask for it; they wait for that instead of loading it again."""
    open_front(page, address)
    assert (loaded(page, "plotly-basic.min.js"), loaded(page, "plotly.min.js")) == (1, 0)
    page.get(address)
    until(lambda: loaded(page, "plotly-basic.min.js") == 1)  # when there is nothing else to do


def rows_of(page: Chrome) -> list[str]:
    row = "#front-rows .ag-center-cols-container .ag-row"
    script = f"return [...document.querySelectorAll('{row}')].map(r => r.innerText)"
    return list(page.execute_script(script))


@pytest.mark.parametrize("path", PAGES)
def test_every_page_loads_without_errors(page: Chrome, address: str, path: str) -> None:
    page.get(f"{address}/{path}?study=jet_mlp")
    until(lambda: "jet_mlp" in body(page))
    if path not in {"", "failures", "point", "compare"}:
        until(lambda: page.find_elements(By.CSS_SELECTOR, ".js-plotly-plot .main-svg"))
    until(lambda: "dash-loading" not in page.page_source)
    assert problems(page) == []


_NOT_DIMMED = """
    const style = document.createElement("style");
    style.textContent = "[aria-busy] { opacity: 1 !important; transition: none !important; }";
    document.head.append(style);
"""
"""Another size is worked out anew, and until it is there the page is dimmed on purpose."""


_MORE = {"front": "&limits=estimate.lut"}
"""What the address of a page has besides, so that all kinds of controls are shown."""


@dataclass
class Sweep:
    """A browser that goes through pages, themes and sizes, and loads a page once for all sizes."""

    page: Chrome
    address: str
    shown: str = ""

    def show(self, path: str, theme: str) -> None:
        """Load a page, unless it is shown already."""
        wanted = f"{self.address}/{path}?study=jet_mlp&theme={theme}{_MORE.get(path, '')}"
        if self.shown == wanted:
            return
        self.shown = ""
        self.page.get(self.address)
        show(self.page, wanted, theme)
        self.page.execute_script(_NOT_DIMMED)
        self.page.execute_script(AXE.read_text(encoding="utf-8"))
        self.shown = wanted


@pytest.fixture(scope="module")
def sweep(address: str) -> Iterator[Sweep]:
    with chromium() as found:
        yield Sweep(found, address)


@pytest.mark.parametrize("size", [(390, 844), (1366, 768), (1920, 1080)], ids=lambda s: f"{s[0]}px")
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", [*PAGES, "paper"])
def test_every_page_fits_and_is_accessible(
    sweep: Sweep, path: str, theme: str, size: tuple[int, int]
) -> None:
    """No page scrolls sideways; all rules of axe-core, on all that is shown."""
    resize(sweep.page, *size)
    sweep.show(path, theme)
    page, root = sweep.page, "document.documentElement"
    until(lambda: page.execute_script(f"return {root}.scrollWidth <= {root}.clientWidth"), 10)
    page.execute_script("document.querySelectorAll('details').forEach(d => { d.open = true })")
    script = "const done = arguments[0]; axe.run().then(r => done(r.violations))"
    found = page.execute_async_script(script)
    assert [(v["id"], [node["html"] for node in v["nodes"]]) for v in found] == []
    assert problems(page) == []


def test_the_front_is_that_of_the_command_line(page: Chrome, address: str, database: Path) -> None:
    command = ["-m", "dse.cli.main", "pareto", "--format", "json", "--study", "jet_mlp"]
    options = ["--db", str(database)]
    done = subprocess.run([sys.executable, *command, *options], check=True, capture_output=True)
    members = len(json.loads(done.stdout))
    open_front(page, address)
    assert f"{members} of 8 points on the front" in body(page)
    assert "The front is over 3 objectives" in body(page)


def test_a_design_is_chosen_under_limits(page: Chrome, address: str, database: Path) -> None:
    page.get(f"{address}/build?study=jet_mlp")
    until(lambda: "beats" in body(page))
    field = page.find_element(By.XPATH, "//label[contains(., 'LUT share')]//input")
    field.send_keys("3", Keys.ENTER)
    until(lambda: "at.estimate.lut_pct=3" in page.current_url)
    command = ["-m", "dse.cli.main", "best", "--where", "estimate.lut_pct <= 3"]
    options = ["--study", "jet_mlp", "--db", str(database)]
    done = subprocess.run([sys.executable, *command, *options], check=True, capture_output=True)
    said = " ".join(done.stdout.decode().split()).partition(";")[0]
    until(lambda: said in " ".join(body(page).split()))
    drag(page, "build-figure", (0.02, 0.05), (0.9, 0.95))
    until(lambda: "at.bittrue.accuracy=" in page.current_url)
    assert problems(page) == []


def test_a_figure_of_another_study_says_which(page: Chrome, address: str) -> None:
    page.get(f"{address}/scans?study=jet_mlp&preset=heintz2020.2-left")
    until(lambda: "dse run opencl_area" in body(page))
    assert not page.find_elements(By.CSS_SELECTOR, "#scans-figure .scatterlayer .trace")


def test_a_dead_server_is_announced(page: Chrome, database: Path) -> None:
    with dashboard(database) as root:
        page.get(f"{root}/build?study=jet_mlp")
        until(lambda: "beats" in body(page))
    until(lambda: "has not answered" in page.find_element(By.ID, "disconnected").text)
    page.get("about:blank")


def test_the_study_is_reached_from_the_first_page(page: Chrome, address: str) -> None:
    page.get(address)
    press(page, "//a[.='jet_mlp']")
    until(lambda: "points on the front" in body(page))
    assert parse_qs(urlsplit(page.current_url).query)["study"] == ["jet_mlp"]
    assert page.title == "Front · jet_mlp · dse"


def test_another_study_is_chosen_and_one_can_go_back(
    page: Chrome, address: str, database: Path
) -> None:
    add_study(database, "another", 5)
    open_front(page, address)
    press(page, "//*[@id='chooser']//option[.='another']")
    until(lambda: "of 5 points on the front" in body(page))
    assert page.title == "Front · another · dse"
    page.back()
    until(lambda: "of 8 points on the front" in body(page))
    time.sleep(1)  # whatever is still on its way from the other study changes nothing
    assert parse_qs(urlsplit(page.current_url).query)["study"] == ["jet_mlp"]


def test_a_short_address_leads_to_a_point(page: Chrome, address: str) -> None:
    page.get(f"{address}/point/jet_mlp/3")
    until(lambda: "jet_mlp, point 3" in body(page))
    assert parse_qs(urlsplit(page.current_url).query) == {"study": ["jet_mlp"], "point": ["3"]}
    assert page.title == "Point · jet_mlp · dse"


def lasso(page: Chrome) -> bool:
    """Around the whole plot; the page may still be moving, then it is tried again."""
    area = page.find_element(By.CSS_SELECTOR, "#front-figure .nsewdrag")
    width, height = area.size["width"], area.size["height"]
    drag = ActionChains(page, duration=30).move_to_element(area)
    drag.move_by_offset(-width // 2 + 3, -height // 2 + 3).click_and_hold()
    for x, y in ((width - 6, 0), (0, height - 6), (6 - width, 0), (0, 6 - height)):
        for _ in range(4):
            drag.move_by_offset(x // 4, y // 4)
    drag.release().perform()
    return True


def test_a_lasso_in_the_plot_fills_the_table(page: Chrome, address: str) -> None:
    open_front(page, address)
    before = rows_of(page)
    until(lambda: lasso(page))
    until(lambda: "selected points" in body(page))
    until(lambda: len(rows_of(page)) > len(before))
    assert "selection=" in page.current_url


def test_a_plot_in_space_is_drawn_by_the_whole_of_plotly(page: Chrome, address: str) -> None:
    """Once it is there it draws the plot that the part drew before, which still tells of lassos."""
    open_front(page, address)
    press(page, "//label[contains(., 'z axis')]//option[contains(., 'reuse')]")
    until(lambda: page.find_elements(By.CSS_SELECTOR, "#front-figure .gl-container canvas"))
    assert loaded(page, "plotly.min.js") == 1
    press(page, "//label[contains(., 'z axis')]//option[.='none'][not(@disabled)]")
    until(lambda: page.find_elements(By.CSS_SELECTOR, "#front-figure .scatterlayer .trace"))
    until(lambda: lasso(page))
    until(lambda: "selected points" in body(page))
    assert problems(page) == []


# Before all of Plotly is there, which the first figure waits for, the second is drawn.
TWO_FIGURES = """
    const done = arguments[0];
    const plot = document.body.appendChild(document.createElement("div"));
    const figure = (type) => ({ data: [{ type, x: [1, 2], y: [1, 2], z: [1, 2] }], layout: {} });
    const older = window.Plotly.react(plot, figure("scatter3d"));
    const newer = window.Plotly.react(plot, figure("scatter"));
    Promise.all([older, newer]).then(() => done(plot.data[0].type));
"""


def test_plotly_draws_no_older_figure_once_all_of_it_is_there(page: Chrome, address: str) -> None:
    open_front(page, address)
    assert page.execute_async_script(TWO_FIGURES) == "scatter"
    assert loaded(page, "plotly.min.js") == 1


def test_a_row_of_the_table_is_marked_in_the_plot(page: Chrome, address: str) -> None:
    open_front(page, address)
    box = "#front-rows .ag-row .ag-checkbox-input"
    until(lambda: page.execute_script(f"document.querySelector('{box}').click(); return true"))
    until(lambda: "selected in the table" in page.find_element(By.ID, "front-figure").text)
    second = f"document.querySelectorAll('{box}')[1].click(); return true"
    until(lambda: page.execute_script(second))
    until(lambda: "Compare 2 designs" in body(page))
    until(lambda: "points=" in compared_by_menu(page))
    page.execute_script(second)
    until(lambda: compared_by_menu(page) == f"{address}/compare?study=jet_mlp")
    page.execute_script(second)
    until(lambda: "Compare 2 designs" in body(page))
    until(lambda: "points=" in compared_by_menu(page))
    press(page, "//nav//a[.='Compare']")  # as the button of the table does
    until(lambda: len(page.find_elements(By.XPATH, "//main//th[starts-with(., 'point ')]")) >= 2)
    assert re.search(r"points=\d+%2C\d+(&|$)", page.current_url)


def test_points_chosen_for_comparison_survive_other_pages(page: Chrome, address: str) -> None:
    page.get(f"{address}/front?study=jet_mlp&selection=3,5")
    until(lambda: "points=3%2C5" in compared_by_menu(page))
    for name in ("Scans", "Build", "Front", "Time", "Point"):
        press(page, f"//nav//a[.='{name}']")
        until(lambda name=name: f"/{name.lower()}?" in page.current_url)
        until(lambda: "points=3%2C5" in compared_by_menu(page))
    press(page, "//nav//a[.='Compare']")
    until(lambda: {"point 3", "point 5"} <= set(compared_heads(page)))
    page.get(page.current_url)  # a shared address
    field = until(lambda: page.find_element(By.XPATH, "//label[contains(., 'points')]/input"))
    field.send_keys(", 1", Keys.ENTER)
    until(lambda: "point 1" in compared_heads(page))
    press(page, "//main//th/a[.='point 5']")
    until(lambda: "/point?" in page.current_url)
    press(page, "//nav//a[.='Compare']")
    until(lambda: {"point 1", "point 3", "point 5"} <= set(compared_heads(page)))
    assert problems(page) == []


def compared_heads(page: Chrome) -> list[str]:
    return [th.text for th in page.find_elements(By.XPATH, "//main//th[starts-with(., 'point ')]")]


def compared_by_menu(page: Chrome) -> str:
    """Return the address of the page that compares points."""
    return page.find_element(By.ID, "menu-compare").get_attribute("href") or ""


def kind_of_x(page: Chrome) -> str | None:
    """Linear or log."""
    plot = "document.querySelector('#front-figure .js-plotly-plot')"
    found: str | None = page.execute_script(f"return {plot}?.layout?.xaxis?.type")
    return found


def test_the_address_is_the_state(page: Chrome, address: str) -> None:
    open_front(page, address)
    assert kind_of_x(page) == "linear"
    press(page, "//label[contains(., 'log x')]")
    until(lambda: "log_x" in page.current_url)
    until(lambda: kind_of_x(page) == "log")
    link = page.current_url
    page.get("about:blank")
    page.get(link)
    until(lambda: kind_of_x(page) == "log")
    assert page.current_url == link
    page.back()
    until(lambda: page.current_url == "about:blank")


def test_a_limit_greys_points_and_counts_what_passes(page: Chrome, address: str) -> None:
    page.get(f"{address}/front?study=jet_mlp&limits=estimate.lut&limit.estimate.lut=0..1000")
    until(lambda: "points pass" in body(page))
    assert "not allowed" in body(page)


def test_a_slider_has_milliseconds_and_its_address_nanoseconds(
    page: Chrome, address: str, database: Path
) -> None:
    add_study(database, "processor", 100, step_ns=1e5)  # 0.1 to 10 ms
    link = f"{address}/front?study=processor&limits=b.latency_ns&limit.b.latency_ns="
    page.get(f"{link}2000000..4000000")
    until(lambda: "2 to 4 ms: 21 of 100 points pass" in body(page))
    assert page.current_url == f"{link}2000000..4000000"
    low, high = page.find_elements(By.CSS_SELECTOR, "#sliders [role=slider]")
    assert [one.get_attribute("textContent") for one in (low, high)] == ["2 ms", "4 ms"]
    marks = page.find_elements(By.CSS_SELECTOR, "#sliders .dash-slider-mark")
    assert [mark.text for mark in marks] == ["2", "4", "6", "8", "10"]
    assert "latency (b, rtl) [ms]" in body(page)
    assert "latency (b, rtl) [ns]" not in page.page_source
    high.send_keys(Keys.ARROW_LEFT)
    until(lambda: "2 to 3.95 ms: 20 of 100 points pass" in body(page))
    assert page.current_url == f"{link}2000000..3950000"
    assert "80 not allowed" in body(page)
    ActionChains(page).click_and_hold(high).move_by_offset(40, 0).release().perform()
    until(lambda: "3950000" not in page.current_url)
    end_ns = int(page.current_url.rpartition("..")[2])
    assert 4e6 < end_ns < 9e6
    until(lambda: f"2 to {end_ns / 1e6:g} ms: {end_ns // 100_000 - 19} of 100" in body(page))
    high.send_keys(Keys.END)
    until(lambda: "at least 2 ms: 81 of 100 points pass" in body(page))
    assert page.current_url == f"{link}2000000.."
    low.send_keys(Keys.HOME)
    until(lambda: "100 of 100 points pass" in body(page))
    assert "limit." not in page.current_url
    assert problems(page) == []


def test_a_wrong_condition_says_what_is_wrong(page: Chrome, address: str) -> None:
    page.get(f"{address}/front?study=jet_mlp&where=total_bitz%3C3")
    until(lambda: "did you mean 'total_bits'" in body(page))


def test_ranges_are_typed_and_dragged_and_in_the_address(page: Chrome, address: str) -> None:
    page.get(f"{address}/parameters?study=jet_mlp&brush.total_bits=7..13")
    until(lambda: "4 of 8 points" in body(page))
    assert "brush.total_bits=7..13" in page.current_url
    field = until(lambda: page.find_element(By.XPATH, "//label[contains(., 'reuse factor')]/input"))
    field.send_keys("<= 2", Keys.ENTER)
    until(lambda: "2 of 8 points" in body(page), 15)
    page.refresh()
    until(lambda: "2 of 8 points" in body(page), 15)
    press(page, "//button[text()='Clear']")
    until(lambda: "8 of 8 points" in body(page))
    drag(
        page, "parallel", (0.09, 0.4), (0.09, 0.9)
    )  # a line along the upper half of the first axis
    until(lambda: "brush.total_bits=" in page.current_url)
    until(lambda: "4 of 8 points" in body(page))
    assert page.current_url.count("brush.") == 1
    assert problems(page) == []


def drag(page: Chrome, plot: str, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag a box between two places of a plot, as shares of its width and height."""
    where = """
        const plot = document.querySelector(`#${arguments[0]} .js-plotly-plot`);
        const box = plot.getBoundingClientRect(), {xaxis, yaxis, _size} = plot._fullLayout;
        const x = xaxis._length * arguments[1], y = yaxis._length * (1 - arguments[2]);
        return [box.left + _size.l + x, box.top + _size.t + y];
    """
    first = until(lambda: page.execute_script(where, plot, *start))
    last = page.execute_script(where, plot, *end)
    mouse = ActionBuilder(page)
    mouse.pointer_action.move_to_location(*map(round, first)).pointer_down()
    mouse.pointer_action.move_to_location(*map(round, last)).pointer_up()
    mouse.perform()


def test_controls_write_the_address(page: Chrome, address: str) -> None:
    open_front(page, address)
    colours = "//label[contains(., 'colour')]//select"
    box = Select(page.find_element(By.XPATH, colours))
    assert box.first_selected_option.text == "none"
    press(page, f"{colours}/option[.='total bits']")
    until(lambda: "colour=total_bits" in page.current_url)
    head = "//summary[contains(., 'limits')]"
    press(page, head)
    press(page, "//details[contains(@class, 'choices') and contains(., 'limits')]//label")
    until(lambda: "limits=" in page.current_url)
    until(lambda: page.find_element(By.XPATH, head).get_attribute("data-chosen"))
    until(lambda: page.find_elements(By.CSS_SELECTOR, "#sliders [role=slider]"))
    press(page, f"{colours}/option[2]")  # "none"; the first only shows what an empty value means
    until(lambda: "colour=" not in page.current_url)


def test_a_row_leads_to_its_point(page: Chrome, address: str) -> None:
    open_front(page, address)
    link = "//*[@id='front-rows']//*[contains(@class, 'ag-center-cols-container')]//a"
    number = until(lambda: page.find_element(By.XPATH, link).text)
    press(page, f"{link}[.='{number}']")
    until(lambda: f"jet_mlp, point {number}" in body(page))


@pytest.mark.parametrize(
    ("kind", "begins"),
    [("png", b"\x89PNG\r\n\x1a\n"), ("svg", b"<svg "), ("pdf", b"%PDF-")],
    ids=["png", "svg", "pdf"],
)
def test_a_plot_is_downloaded(
    page: Chrome, address: str, tmp_path: Path, kind: str, begins: bytes
) -> None:
    page.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    open_front(page, address)
    press(page, f"//button[.='{kind.upper()}']")
    file = until(lambda: next(iter(tmp_path.glob(f"*.{kind}")), None))
    assert file.name == f"jet_mlp-front.{kind}"
    assert file.read_bytes().startswith(begins)


def test_a_picture_has_the_width_of_a_column(page: Chrome, address: str, tmp_path: Path) -> None:
    page.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    open_front(page, address)
    for what, value in (("size", "86"), ("letters", "9"), ("dots", "600")):
        Select(page.find_element(By.CLASS_NAME, f"plot-{what}")).select_by_value(value)
    press(page, "//button[.='PNG']")
    file = until(lambda: next(iter(tmp_path.glob("*.png")), None))
    assert abs(int.from_bytes(file.read_bytes()[16:20]) - 86 / 25.4 * 600) < 7  # pixels; IHDR
    assert b"\x00\x00\x00\x09pHYs" + 2 * round(600 / 0.0254).to_bytes(4) in file.read_bytes()
    press(page, "//button[.='PDF']")
    file = until(lambda: next(iter(tmp_path.glob("*.pdf")), None))
    found = re.search(rb"/MediaBox \[\s*0 0 ([0-9.]+)", file.read_bytes())
    assert found
    assert float(found[1]) == pytest.approx(86 / 25.4 * 72, abs=1)  # points
    assert problems(page) == []


def test_a_text_of_the_other_theme_can_be_read(page: Chrome, address: str) -> None:
    open_front(page, address)
    page.execute_script("document.documentElement.dataset.theme = 'dark'")
    drawn = "document.querySelector('#front-figure .xtick text')"
    ink = f"getComputedStyle({drawn}).fill"
    assert page.execute_script(f"return {drawn}.style.fill") == "rgb(27, 31, 36)"
    assert page.execute_script(f"return {ink}") == "rgb(230, 233, 238)"


def test_keyboard_and_what_is_read_out(page: Chrome, address: str, database: Path) -> None:
    add_study(database, "read out", 3)
    page.get(f"{address}/front?study=read+out")
    until(lambda: "of 3 points on the front" in body(page))
    assert page.find_element(By.ID, "front-note").get_attribute("role") == "status"
    press(page, "//nav/a[.='Scans']")
    until(lambda: page.title.startswith("Scans"))
    until(lambda: page.switch_to.active_element.get_attribute("id") == "page")
    add_study(database, "read out", 5)
    until(lambda: "read out: 2 new evaluations." in said(page))


def said(page: Chrome) -> str:
    return str(page.find_element(By.ID, "said").get_attribute("textContent"))


def test_a_table_is_downloaded(page: Chrome, address: str, tmp_path: Path) -> None:
    page.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    open_front(page, address)
    press(page, "//button[.='Parquet']")
    file = until(lambda: next(iter(tmp_path.glob("*.parquet")), None))
    assert len(pd.read_parquet(file)) == len(rows_of(page))
    press(page, "//button[.='CSV']")
    file = until(lambda: next(iter(tmp_path.glob("*.csv")), None))
    assert len(pd.read_csv(file)) == len(rows_of(page))


def test_dark_stays_dark(page: Chrome, address: str) -> None:
    page.get(address)
    until(lambda: page.execute_script("return document.documentElement.dataset.theme"))
    ground = "return getComputedStyle(document.body).backgroundColor"
    light = page.execute_script(ground)
    press(page, "//*[@id='switch-theme']")
    until(lambda: page.execute_script(ground) != light)
    page.get(f"{address}/front?study=jet_mlp")
    until(lambda: "points on the front" in body(page))
    assert page.execute_script("return document.documentElement.dataset.theme") == "dark"
    page.execute_script("localStorage.removeItem('dse-theme')")


def test_a_page_follows_a_running_sweep(page: Chrome, address: str, database: Path) -> None:
    page.get(address)
    until(lambda: "jet_mlp" in body(page))
    add_study(database, "arrived later", 7)
    until(lambda: "arrived later" in body(page), 20)
    page.get(f"{address}/front?study=arrived+later")
    until(lambda: "of 7 points" in body(page))
    add_study(database, "arrived later", 9)
    until(lambda: "of 9 points" in body(page), 20)


def test_a_run_shows_its_workers_and_that_it_was_killed(page: Chrome, tmp_path: Path) -> None:
    """A real run of long evaluations, looked at while they run."""
    (tmp_path / "long.yaml").write_text(LONG)
    command = [sys.executable, "-m", "dse.cli.main", "run", "long.yaml", "--executor", "serial"]
    Store(str(tmp_path / "results.db")).close()
    run = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL)
    try:
        with dashboard(tmp_path / "results.db") as address:
            page.get(address)
            until(lambda: "Running now: long" in body(page))
            until(lambda: f"process {run.pid}" in body(page))
            assert "noop" in body(page)
            run.kill()
            until(lambda: "Run lost: long" in body(page))
    finally:
        run.kill()
        run.wait()


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_is_text(page: Chrome, address: str, database: Path, name: str) -> None:
    add_study(database, name, 5)
    for path in ("front", "scans", "point", "search"):
        page.get(f"{address}/{path}?study={quote(name, safe='')}")
        until(lambda: name[:30] in body(page))
    assert problems(page) == []


@pytest.mark.slow
def test_a_hundred_thousand_points(page: Chrome, tmp_path: Path) -> None:
    add_study(tmp_path / "large.db", "large", 100_000)
    with dashboard(tmp_path / "large.db") as address:
        page.get(f"{address}/front?study=large")
        until(lambda: "of 100,000 points on the front" in body(page), 120)
        until(lambda: page.find_elements(By.CSS_SELECTOR, "#front-figure canvas"))
        assert problems(page) == []


def test_a_link_asks_for_the_token_and_leads_on(page: Chrome, database: Path) -> None:
    with dashboard(database, "--token", "secret") as address:
        root = address.partition("/?")[0]
        view = f"{root}/front?study=jet_mlp&where=total_bits+%3C+20"
        page.get(view)
        assert "jet_mlp" not in body(page)
        page.find_element(By.ID, "token").send_keys("guess", Keys.ENTER)
        until(lambda: "not the token" in body(page))
        page.find_element(By.ID, "token").send_keys("secret", Keys.ENTER)
        until(lambda: page.current_url == view)
        until(lambda: "points on the front" in body(page))
        page.execute_script("navigator.clipboard.writeText = (text) => Promise.resolve(text)")
        page.find_element(By.ID, "copy-link").click()
        until(lambda: "needs token" in page.find_element(By.ID, "copy-link").text)
        page.get(address)
        until(lambda: "jet_mlp" in body(page))
        assert "secret" not in page.current_url


def test_a_phone_has_plots_of_its_width_and_the_link(page: Chrome, address: str) -> None:
    try:
        resize(page, 390, 844)
        page.get(address)
        show(page, f"{address}/scans?study=jet_mlp", "light")
        until(lambda: page.find_elements(By.CSS_SELECTOR, "#scans-figure .scatterlayer .trace"))
        axes = "document.querySelector('#scans-figure .js-plotly-plot')._fullLayout"
        panels = page.execute_script(f"return {axes}._plots && Object.keys({axes}._plots).length")
        assert panels == 3
        assert page.execute_script(f"return {axes}.xaxis2.domain") == [0, 1]  # below the first
        assert 300 < page.execute_script(f"return {axes}.width") <= 344
        assert page.find_element(By.ID, "copy-link").is_displayed()
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


SLOW = """
    const before = window.fetch;
    window.fetch = async (...what) => {
        const late = String(what[1]?.body).includes('build-answer');
        if (late) await new Promise((go) => { window.let_go = go; });
        return before(...what);
    };
"""


def test_an_old_answer_is_marked_until_the_new_one_is_there(page: Chrome, address: str) -> None:
    page.get(f"{address}/build?study=jet_mlp")
    until(lambda: "beats" in body(page))
    page.execute_script(SLOW)
    field = page.find_element(By.XPATH, "//label[contains(., 'LUT share')]//input")
    field.send_keys("3", Keys.ENTER)
    until(lambda: page.find_elements(By.CSS_SELECTOR, "#build-answer[aria-busy='true']"))
    shown = "return getComputedStyle(document.body, '::after').content"
    assert page.execute_script(shown) == '"updating …"'
    until(lambda: page.execute_script("return window.let_go && (window.let_go(), true)"))
    until(lambda: not page.find_elements(By.CSS_SELECTOR, "main [aria-busy]"))
    assert page.execute_script(shown) == "none"
