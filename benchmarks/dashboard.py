"""Response times of the dashboard on large stores, beside optuna-dashboard's."""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from dashboard_stores import make_optuna_store, make_store
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

_FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1366,900")
_GL = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
_TIMEOUT_S = 120.0
_FRONT = "#front-figure .js-plotly-plot"
_INTERACTIONS = {
    "log axis": "show=log_x|beaten",
    "other metric": "x=b.lut",
    "colour": "colour=total_bits",
    "limit": "limits=b.latency_ns&limit.b.latency_ns=0..300",
    "condition": "where=total_bits <= 12 and auc > 0.8",
}
_CHANGE_ADDRESS = f"""
const plot = document.querySelector("{_FRONT}"), search = arguments[0];
window.plain_fetch ??= window.fetch;
window.took_ms = null;
const start = performance.now();
const wait = (before) => requestAnimationFrame(() => {{
  if (plot.data === before) wait(before);
  else requestAnimationFrame(() => {{ window.took_ms = performance.now() - start; }});
}});
/* only the answer to this request counts: pages also redraw for other reasons */
window.fetch = async (...request) => {{
  const answer = await window.plain_fetch(...request), body = String(request[1]?.body);
  if (body.includes("front-figure.figure") && body.includes(JSON.stringify(search)))
    wait(plot.data);
  return answer;
}};
/* as controls do: the page stays, its contents change */
dash_clientside.set_props("written", {{ data: "/front" + search }});
dash_clientside.set_props("url", {{ search }});
"""


def bench_dashboard(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Time the first page with 100 studies, and interactions at 100,000 and 1,000,000 points."""
    many, large, huge = folder / "many.db", folder / "large.db", folder / "huge.db"
    make_store(many, [1000] * 100)
    first_s = _first_page(_dse(many), "study_99")
    yield "100 studies, 100,000 points: first page", f"{first_s:.2f} s", "goal < 1.5 s"
    make_store(large, [100_000])
    with _dse(large) as address, _chromium() as page:
        front_s = _seconds_until(page, f"{address}/front?study=study_0", _has_front)
        yield "one study, 100,000 points: the front after a cold start", f"{front_s:.2f} s", ""
        yield from _interactions(page, "100,000 points", "goal < 300 ms")
    yield from _beside_optuna(folder, first_s, front_s)
    make_store(huge, [1_000_000])
    with _dse(huge) as address, _chromium() as page:
        seconds = _seconds_until(page, f"{address}/front?study=study_0", _has_front)
        yield "one study, 1,000,000 points: the front after a cold start", f"{seconds:.1f} s", ""
        time.sleep(15)  # until the server has read the other columns ahead
        yield from _interactions(page, "1,000,000 points", "goal < 1 s")


def _beside_optuna(folder: Path, first_s: float, front_s: float) -> Iterator[tuple[str, str, str]]:
    """Time optuna-dashboard on as many trials, if it is installed.

    Args:
        folder: for the stores.
        first_s: seconds until our first page.
        front_s: seconds until our front of one study.
    """
    many, large = folder / "many.optuna", folder / "large.optuna"
    try:
        make_optuna_store(many, [1000] * 100)
        theirs = _first_page(_optuna(many), "study_99")
    except FileNotFoundError:
        yield "optuna-dashboard", "not installed", "pip install optuna-dashboard"
        return
    label = "100 studies, 100,000 trials: optuna-dashboard's first page"
    yield label, f"{theirs:.2f} s", f"{theirs / first_s:.1f} times ours"
    make_optuna_store(large, [100_000])
    with _optuna(large) as address, _chromium() as page:
        seconds = _seconds_until(
            page, f"{address}/dashboard/studies/1", _has_plot, limit_s=_TIMEOUT_S
        )
    label = "100,000 trials: optuna-dashboard's first plot of the study after a cold start"
    more = "more than " if seconds >= _TIMEOUT_S else ""
    yield label, f"{more}{seconds:.0f} s", f"{more}{seconds / front_s:.0f} times ours"


def _first_page(server: AbstractContextManager[str], name: str) -> float:
    """Return the seconds from the request until a study's name is on the page."""
    with server as address, _chromium() as page:
        return _seconds_until(page, address, lambda p: _has_text(p, name))


def _has_text(page: Chrome, name: str) -> bool:
    return bool(page.execute_script("return document.body.innerText.includes(arguments[0])", name))


def _has_front(page: Chrome) -> bool:
    found = f"return !!document.querySelector('{_FRONT}')?.data?.length"
    return bool(page.execute_script(found))


def _has_plot(page: Chrome) -> bool:
    return bool(page.execute_script("return !!document.querySelector('.js-plotly-plot .trace')"))


def _seconds_until(
    page: Chrome, url: str, condition: Callable[[Chrome], bool], limit_s: float = _TIMEOUT_S
) -> float:
    """Return the seconds from the request until a condition holds, at most `limit_s`."""
    start = time.perf_counter()
    page.get(url)
    while time.perf_counter() - start < limit_s:
        with suppress(WebDriverException):  # the page is too busy to answer
            if condition(page):
                break
        time.sleep(0.02)
    return time.perf_counter() - start


def _interactions(page: Chrome, what: str, goal: str) -> Iterator[tuple[str, str, str]]:
    """Time from a change of the address until the plot is drawn again; the slower of two."""
    worst: dict[str, float] = {}
    for _ in range(2):
        for name, search in _INTERACTIONS.items():
            worst[name] = max(worst.get(name, 0.0), _drawn_ms(page, f"?study=study_0&{search}"))
            _drawn_ms(page, "?study=study_0")
    for name, milliseconds in worst.items():
        yield f"{what}: {name}", f"{milliseconds:.0f} ms", goal


def _drawn_ms(page: Chrome, search: str) -> float:
    """Change the address as a control does; return the milliseconds until the new plot."""
    page.execute_script(_CHANGE_ADDRESS, search)
    end = time.perf_counter() + 60
    while time.perf_counter() < end:
        found = page.execute_script("return window.took_ms")
        if found:
            time.sleep(0.7)  # until what follows, such as the table, is drawn too
            return float(found)
        time.sleep(0.02)
    raise SystemExit(f"the plot was not drawn again for {search}")


@contextmanager
def _dse(database: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "dse.cli.main", "dashboard", "--port", "0"]
    with _server([*command, "--db", str(database)]) as address:
        yield address


@contextmanager
def _optuna(database: Path) -> Iterator[str]:
    tool = Path(sys.executable).with_name("optuna-dashboard")
    with _server([str(tool), f"sqlite:///{database}", "--port", "8931"]) as address:
        yield address


@contextmanager
def _server(command: list[str]) -> Iterator[str]:
    process = subprocess.Popen(command, stderr=subprocess.STDOUT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if found := re.search(r"http://[^\s/]+", line):
                yield found.group()
                break
        else:
            raise SystemExit(f"{command[0]} did not start")
    finally:
        process.terminate()
        process.wait()


@contextmanager
def _chromium() -> Iterator[Chrome]:
    options = ChromeOptions()
    for flag in (*_FLAGS, *_GL):
        options.add_argument(flag)
    try:
        browser = Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    except WebDriverException as error:
        raise SystemExit(f"needs chromium and chromedriver: {error.msg}") from error
    try:
        browser.get("about:blank")
        yield browser
    finally:
        browser.quit()
