"""Pictures of docs/how-to/dashboard.md, from the database of the studies named in `VIEWS`.

Usage: python docs/pictures/dashboard.py results.db; needs Debian's chromium and chromedriver.
"""

import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

HERE = Path(__file__).parent
_FRONT = "x=estimate.latency_ns&y=estimate.lut&colour=total_bits&where=accuracy>0.9"
VIEWS = {
    "studies": ("/", "light", 520),
    "build": ("/build?study=tradeoff", "light", 900),
    "front": (f"/front?study=jet_mlp&{_FRONT}", "light", 960),
    "scans": ("/scans?study=bitwidth", "light", 900),
    "parameters": ("/parameters?study=jet_mlp", "dark", 820),
    "point": ("/point?study=reuse_factor&point=3&beside=4", "light", 1100),
    "compare": ("/compare?study=tradeoff", "dark", 1000),
    "search": ("/search?study=jet_mlp", "dark", 640),
    "time": ("/time?study=tradeoff", "light", 760),
    "paper": ("/paper", "light", 1000),
}  # fmt: skip
"""Address, theme and height of every picture."""
WIDTH, LONGEST_S, STILL_S = 1366, 60.0, 2.0


@contextmanager
def served(database: str, token: str) -> Iterator[str]:
    """The address of a dashboard of its own."""
    command = [sys.executable, "-m", "dse.cli.main", "dashboard", "--port", "0", "--db", database]
    own = {**os.environ, "DSE_TOKEN": token}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=own)
    assert process.stderr is not None  # noqa: S101
    try:
        found = re.search(r"http://[^\s/]+", process.stderr.readline())
        if not found:
            raise SystemExit(process.stderr.read())
        yield found.group()
    finally:
        process.terminate()
        process.wait()


@contextmanager
def browser(token: str) -> Iterator[Chrome]:
    """Chromium without a screen, which sends the token with every request."""
    options = ChromeOptions()
    for flag in ("--headless=new", "--no-sandbox", "--hide-scrollbars"):
        options.add_argument(flag)
    options.add_argument("--enable-unsafe-swiftshader")  # density plots use WebGL
    page = Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    try:
        page.execute_cdp_cmd("Network.enable", {})
        headers = {"headers": {"Authorization": f"Bearer {token}"}}
        page.execute_cdp_cmd("Network.setExtraHTTPHeaders", headers)
        yield page
    finally:
        page.quit()


def settle(page: Chrome, address: str) -> None:
    """Wait until the page is drawn."""
    shown = "document.querySelector('h1') && !document.body.innerText.includes('Loading …')"
    end = time.monotonic() + LONGEST_S
    while not page.execute_script(f"return {shown}"):
        if time.monotonic() > end:
            raise SystemExit(f"{address} is not drawn after {LONGEST_S:.0f} s")
        time.sleep(0.2)
    time.sleep(STILL_S)  # plots and tables take their size


def main() -> None:
    """All pictures, or those that are named, beside this file."""
    database, *names = sys.argv[1:]
    token = secrets.token_urlsafe()
    with served(database, token) as root, browser(token) as page:
        page.get(root)
        for name in names or VIEWS:
            path, theme, height = VIEWS[name]
            size = {"width": WIDTH, "height": height, "deviceScaleFactor": 1, "mobile": False}
            page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
            page.execute_script("localStorage.setItem('dse-theme', arguments[0])", theme)
            page.get(root + path)
            settle(page, path)
            page.save_screenshot(str(HERE / f"dashboard-{name}.png"))


if __name__ == "__main__":
    main()
