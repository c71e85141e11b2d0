"""Pictures of docs/how-to/dashboard.md, from the database of the studies named in `VIEWS`.

Usage: python docs/pictures/dashboard.py results.db [NAME ...]; needs Debian's chromium-driver.
"""

import sys
import time
from pathlib import Path

from selenium.webdriver import Chrome
from selenium.webdriver.support.wait import WebDriverWait

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "tests" / "support"))

from browser import chromium, dashboard, resize, show, until  # noqa: E402

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
WIDTH, STILL_S = 1366, 2.0
_BUSY = "main [aria-busy]"
"""What is being worked out anew."""


def is_answered(page: Chrome) -> bool:
    """Whether nothing of the page waits for an answer."""
    return not page.find_elements("css selector", "[aria-busy=true]")


def main() -> None:
    """All pictures, or those that are named, beside this file."""
    database, *names = sys.argv[1:]
    with dashboard(Path(database)) as root, chromium(WIDTH, 1000, "--hide-scrollbars") as page:
        page.get(root)
        for name in names or VIEWS:
            path, theme, height = VIEWS[name]
            resize(page, WIDTH, height)
            show(page, root + path, theme)
            WebDriverWait(page, 120).until(is_answered)
            time.sleep(STILL_S)  # plots and tables take their size
            until(lambda: not page.find_elements("css selector", _BUSY))
            time.sleep(STILL_S)
            page.save_screenshot(str(HERE / f"dashboard-{name}.png"))


if __name__ == "__main__":
    main()
