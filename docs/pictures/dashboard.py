"""Pictures of docs/how-to/dashboard.md, from the database of the studies named in `VIEWS`.

Usage: python docs/pictures/dashboard.py results.db; needs Debian's chromium and chromedriver.
"""

import re
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
    "front": (f"/front?study=jet_mlp&{_FRONT}", "light", 960),
    "scans": ("/scans?study=bitwidth", "light", 900),
    "parameters": ("/parameters?study=jet_mlp", "dark", 820),
    "point": ("/point?study=reuse_factor&point=3&beside=4", "light", 1100),
    "search": ("/search?study=jet_mlp", "dark", 640),
}  # fmt: skip
"""Address, theme and height of every picture."""
WIDTH, SETTLE_S = 1366, 6.0


@contextmanager
def served(database: str) -> Iterator[str]:
    """The address of a dashboard of its own."""
    command = [sys.executable, "-m", "dse.cli.main", "dashboard", "--port", "0", "--db", database]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        found = re.search(r"http://[^\s/]+", process.stderr.readline())
        if not found:
            raise SystemExit(process.stderr.read())
        yield found.group()
    finally:
        process.terminate()


def browser(height: int) -> Chrome:
    """Chromium without a screen, whose page is `WIDTH` by `height`."""
    options = ChromeOptions()
    size = f"--window-size={WIDTH},{height + 143}"  # what is around the page
    for flag in ("--headless=new", "--no-sandbox", "--hide-scrollbars", size):
        options.add_argument(flag)
    return Chrome(options=options, service=Service("/usr/bin/chromedriver"))


def main() -> None:
    """All pictures, beside this file."""
    with served(sys.argv[1]) as root:
        for name, (path, theme, height) in VIEWS.items():
            page = browser(height)
            page.get(root)
            page.execute_script("localStorage.setItem('dse-theme', arguments[0])", theme)
            page.get(root + path)
            time.sleep(SETTLE_S)
            page.save_screenshot(str(HERE / f"dashboard-{name}.png"))
            page.quit()


if __name__ == "__main__":
    main()
