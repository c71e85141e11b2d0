"""Chromium without a screen, and the dashboard as a process of its own.

Used by the tests, by docs/pictures/dashboard.py and by benchmarks/dashboard.py.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from typing import Any

from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

DRIVER, BROWSER = which("chromedriver"), which("chromium")
MISSING = (
    "" if DRIVER and BROWSER else "needs chromium and chromedriver: apt-get install chromium-driver"
)

_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)
TOKEN = "token-of-the-tests"
HARMLESS = ("favicon", "GPU stall due to ReadPixels", "willReadFrequently")

_PHONE_PX = 500
"""Width below which the browser passes for that of a phone."""
_DRAWN = """
    return document.querySelector('main h1') && document.querySelector('header nav a')
        && !document.querySelector('.dash-loading, [aria-busy]')
        && !document.body.innerText.includes('Loading …')
"""


@contextmanager
def chromium(width: int = 1366, height: int = 768, *flags: str) -> Iterator[Chrome]:
    """A browser that sends the token with every request."""
    options = ChromeOptions()
    for flag in (*_FLAGS, f"--window-size={width},{height}", *flags):
        options.add_argument(flag)
    options.binary_location = str(BROWSER)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = Chrome(options=options, service=Service(str(DRIVER)))
    browser.execute_cdp_cmd("Network.enable", {})
    given = {"headers": {"Authorization": f"Bearer {TOKEN}"}}
    browser.execute_cdp_cmd("Network.setExtraHTTPHeaders", given)
    try:
        yield browser
    finally:
        browser.quit()


@contextmanager
def dashboard(database: Path, *arguments: str) -> Iterator[str]:
    """Its address, while it runs; without the token if it is that of the tests."""
    command = [sys.executable, "-m", "dse.cli.main", "dashboard", "--db", str(database)]
    process = subprocess.Popen(
        [*command, "--port", "0", *arguments], stderr=subprocess.PIPE, text=True,
        env={**os.environ, "DSE_TOKEN": TOKEN},
    )  # fmt: skip
    assert process.stderr is not None
    try:
        line = process.stderr.readline()
        found = re.search(r"http://\S+", line)
        assert found, line + process.stderr.read()
        yield found.group().removesuffix(f"/?token={TOKEN}")
    finally:
        process.terminate()
        process.wait(timeout=20)
        process.stderr.close()


def resize(browser: Chrome, width: int, height: int) -> None:
    """Give the page the size of a screen."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < _PHONE_PX}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def show(browser: Chrome, address: str, theme: str) -> None:
    """Load a page of the dashboard that the browser is at, and wait until it is drawn."""
    browser.execute_script("localStorage.setItem('dse-theme', arguments[0])", theme)
    browser.get(address)
    until(lambda: browser.execute_script(_DRAWN))


def until(what: Callable[[], Any], seconds: float = 60.0) -> Any:
    """The first true answer; a page that changes meanwhile is asked again."""
    end = time.monotonic() + seconds
    while True:
        try:
            if found := what():
                return found
        except WebDriverException:
            if time.monotonic() > end:
                raise
        assert time.monotonic() < end, "nothing came"
        time.sleep(0.1)


def problems(browser: Chrome) -> list[str]:
    """What the console holds, but for what the browser says about itself."""
    messages = [entry["message"] for entry in browser.get_log("browser")]
    return [text for text in messages if not any(known in text for known in HARMLESS)]
