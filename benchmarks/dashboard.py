"""Response times of the dashboard on large stores, beside optuna-dashboard's.

Wall times depend on what else the machine does: the seconds of the server's and the browser's
processors stand beside those of cold starts.
"""

import os
import re
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from statistics import median

from dashboard_stores import make_optuna_store, make_store
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from browser import MISSING, chromium, dashboard

_TIMEOUT_S = 120.0
_TIMES = 6
_OPTUNA_DASHBOARD = "optuna-dashboard==0.21.0"
_STUDY = "study=study_0"
_FRONT = "#front-figure .js-plotly-plot"
_PARALLEL = "#parallel .js-plotly-plot"
_IMPORTANCE = "#importance .js-plotly-plot .trace"
_INTERACTIONS: dict[str, tuple[str, object]] = {
    "log axis": ("show", ["log_x", "beaten"]),
    "other metric": ("x", "b.lut"),
    "colour": ("colour", "total_bits"),
    "limit": ("limit.b.latency_ns", [150, 300]),
    "condition": ("where", "total_bits <= 12 and b.auc > 0.8"),
}
"""Name of a control and the value that it is given."""
_GOALS = {20_000: "", 100_000: "goal < 200 ms", 1_000_000: "goal < 500 ms"}
_GIVE = f"""
const [name, given] = arguments, plot = document.querySelector("{_FRONT}");
const controls = [...document.querySelectorAll("[id^='{{']")].map((one) => one.id);
const id = controls.filter((text) => text.endsWith("}}")).map((text) => JSON.parse(text))
  .find((one) => one.type === "control" && one.name === name);
const several = name.startsWith("limit.") ? id.default.split("..").map(Number)
  : id.default.split("|");
const value = given ?? (name === "show" || name.startsWith("limit.") ? several : id.default);
window.plain_fetch ??= window.fetch;
window.took_ms = null;
const start = performance.now();
const wait = (before) => requestAnimationFrame(() => {{
  if (plot.data === before) wait(before);
  else requestAnimationFrame(() => {{ window.took_ms = performance.now() - start; }});
}});
/* only the answer to this request counts: pages also redraw for other reasons */
window.fetch = async (...request) => {{
  const answer = await window.plain_fetch(...request);
  if (String(request[1]?.body).includes("front-figure.figure")) wait(plot.data);
  return answer;
}};
dash_clientside.set_props(id, {{ value }});
"""
"""Gives a control a value as a visitor does; without one, that it had at first."""


Row = tuple[str, str, str]


def bench_dashboard(folder: Path) -> Iterator[Row]:
    """Time cold starts and interactions on studies of 20,000, 100,000 and 1,000,000 points."""
    if MISSING:
        raise SystemExit(MISSING)
    yield from _many_studies(folder)
    yield from _parameters(folder)
    for count, goal in _GOALS.items():
        yield from _one_study(folder, count, goal)


def _many_studies(folder: Path) -> Iterator[Row]:
    """The first page with 100 studies."""
    file, theirs = folder / "many.db", folder / "many.optuna"
    make_store(file, [1000] * 100)
    make_optuna_store(theirs, [1000] * 100)
    with dashboard(file) as address, chromium() as page:
        ours_s, cpu_s = _loaded(page, address, lambda: _has_text(page, "study_99"))
    yield "100 studies, 100,000 points: first page", _took(ours_s, cpu_s), "goal < 1.5 s"
    with _optuna(theirs) as address, chromium() as page:
        seconds, cpu_s = _loaded(page, address, lambda: _has_text(page, "study_99"))
    label = "100 studies, 100,000 trials: optuna-dashboard's first page"
    yield label, _took(seconds, cpu_s), f"{seconds / ours_s:.1f} times ours"


def _parameters(folder: Path) -> Iterator[Row]:
    file = folder / "parameters.db"
    make_store(file, [20_000])
    with dashboard(file) as address, chromium() as page:
        url = f"{address}/parameters?{_STUDY}"
        for what in ("a cold start", "a second visit"):
            found = _loaded(page, url, lambda: _has_images(page))
            yield f"20,000 points: Parameters after {what}", _took(*found), "goal < 2 s"
            seconds = _until(lambda: _has(page, _IMPORTANCE))
            yield "20,000 points: importance, after the plot", f"{seconds:.2f} s", ""
            page.get("about:blank")


def _one_study(folder: Path, count: int, goal: str) -> Iterator[Row]:
    """The front after a cold start, and interactions; optuna-dashboard's first plot beside it."""
    file, theirs = folder / f"{count}.db", folder / f"{count}.optuna"
    make_store(file, [count])
    with dashboard(file) as address, chromium() as page:
        found = _loaded(page, address, lambda: _has_text(page, "study_0"))
        yield f"{count:,} points: first page after a cold start", _took(*found), "goal < 2 s"
    with dashboard(file) as address, chromium() as page:
        url = f"{address}/front?{_STUDY}"
        ours_s, cpu_s = _loaded(page, url, lambda: _has_front(page))
        label = f"{count:,} points: the front after a cold start"
        yield label, _took(ours_s, cpu_s), "goal < 2 s" if count <= 100_000 else ""
        page.get(f"{url}&limits=b.latency_ns")
        _until(lambda: _has_front(page))
        time.sleep(5 + 20 * count / 1_000_000)  # until other columns are read ahead, in quiet
        yield from _interactions(page, f"{count:,} points", goal)
    if count > 100_000:
        return
    make_optuna_store(theirs, [count])
    with _optuna(theirs) as address, chromium() as page:
        url = f"{address}/dashboard/studies/1"
        seconds, cpu_s = _loaded(page, url, lambda: _has(page, ".js-plotly-plot .trace"))
    more = "more than " if seconds >= _TIMEOUT_S else ""
    label = f"{count:,} trials: optuna-dashboard's first plot after a cold start"
    yield label, more + _took(seconds, cpu_s), f"{more}{seconds / ours_s:.0f} times ours"


def _took(seconds: float, cpu_s: float) -> str:
    return f"{seconds:.2f} s ({cpu_s:.1f} s of processors)"


def _has_text(page: Chrome, name: str) -> bool:
    return bool(page.execute_script("return document.body.innerText.includes(arguments[0])", name))


def _has(page: Chrome, selector: str) -> bool:
    return bool(page.execute_script("return !!document.querySelector(arguments[0])", selector))


def _has_front(page: Chrome) -> bool:
    found = f"return !!document.querySelector('{_FRONT}')?.data?.length"
    return bool(page.execute_script(found))


def _has_images(page: Chrome) -> bool:
    found = f"return !!document.querySelector('{_PARALLEL}')?.layout?.images?.length"
    return bool(page.execute_script(found))


def _loaded(page: Chrome, url: str, condition: Callable[[], bool]) -> tuple[float, float]:
    """Return the seconds from the request until a condition holds, and those of processors."""
    start, cpu_s = time.perf_counter(), _cpu_s()
    page.get(url)
    _until(condition)
    return time.perf_counter() - start, _cpu_s() - cpu_s


def _until(condition: Callable[[], bool]) -> float:
    """Return the seconds until a condition holds, at most `_TIMEOUT_S`."""
    start = time.perf_counter()
    while time.perf_counter() - start < _TIMEOUT_S:
        with suppress(WebDriverException):  # the page is too busy to answer
            if condition():
                break
        time.sleep(0.02)
    return time.perf_counter() - start


def _cpu_s() -> float:
    """Return the processor seconds of what this process started and has not ended."""
    parents, spent = {}, {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended meanwhile
            fields = entry.read_text().rpartition(")")[2].split()
            parents[int(entry.parent.name)] = int(fields[1])
            spent[int(entry.parent.name)] = int(fields[11]) + int(fields[12])
    ours = {os.getpid()}
    while more := {one for one, parent in parents.items() if parent in ours} - ours:
        ours |= more
    ticks = sum(spent.get(one, 0) for one in ours - {os.getpid()})
    return ticks / os.sysconf("SC_CLK_TCK")


def _interactions(page: Chrome, what: str, goal: str) -> Iterator[Row]:
    """Time from a change of a control until the plot is drawn again, six times each.

    The first time, browser and server run code that they have not run before, and read columns:
    it stands beside the median of the others. Seconds of processors are of all that follows too,
    such as the table.
    """
    took: dict[str, list[float]] = {name: [] for name in _INTERACTIONS}
    spent: dict[str, list[float]] = {name: [] for name in _INTERACTIONS}
    for _ in range(_TIMES):
        for name, (control, value) in _INTERACTIONS.items():
            before = _cpu_s()
            took[name].append(_drawn_ms(page, control, value))
            spent[name].append(_cpu_s() - before)
            _drawn_ms(page, control, None)
    for name, (first, *others) in took.items():
        shown = f"{median(others):.0f} ms, first {first:.0f} ms"
        yield f"{what}: {name}", f"{shown} ({median(spent[name][1:]):.1f} s of processors)", goal


def _drawn_ms(page: Chrome, control: str, value: object) -> float:
    """Change the address as a control does; return the milliseconds until the new plot."""
    page.execute_script(_GIVE, control, value)
    end = time.perf_counter() + 60
    while time.perf_counter() < end:
        found = page.execute_script("return window.took_ms")
        if found:
            time.sleep(0.7)  # until what follows, such as the table, is drawn too
            return float(found)
        time.sleep(0.02)
    raise SystemExit(f"the plot was not drawn again for {control}")


@contextmanager
def _optuna(database: Path) -> Iterator[str]:
    """Yield the address of optuna-dashboard, in an environment of its own."""
    tool = Path(".dse") / "optuna_dashboard"
    if not (tool / "bin" / "optuna-dashboard").exists():
        sys.stderr.write(f"making an environment for optuna-dashboard in {tool}\n")
        venv.create(tool, with_pip=True)
        install = ("-m", "pip", "install", "--quiet", f"optuna=={version('optuna')}")
        subprocess.run([str(tool / "bin" / "python"), *install, _OPTUNA_DASHBOARD], check=True)
    command = [str(tool / "bin" / "optuna-dashboard"), f"sqlite:///{database}", "--port", "8931"]
    with _server(command) as address:
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
