"""The scripts that draw plots: a part of plotly.js for nearly all of them, and the whole.

Running the whole takes a browser more than a second, running its basic part a fifth of that.
"""

import re
from pathlib import Path

from plotly.offline import get_plotlyjs_version

BASIC = "plotly-basic.min.js"
"""File in the folder of assets, as the package ``plotly.js-basic-dist-min`` of npm has it."""
BASIC_FILE = Path(__file__).parent / "assets" / BASIC
DRAWN_BY_BASIC = frozenset({"bar", "scatter"})
"""Types of the traces of ours that the basic part draws."""
WHOLE = "/_dash-component-suites/plotly/package_data/plotly.min.js"
"""Address at which Dash serves the script of the installed package plotly."""
_HEAD = 200
"""Characters within which the script tells its version."""


def basic_version() -> str:
    """Return the version of plotly.js whose basic part comes with the dashboard."""
    with BASIC_FILE.open(encoding="utf-8") as file:
        found = re.search(r"plotly\.js \(basic - minified\) v(\S+)", file.read(_HEAD))
    return found.group(1) if found else ""


def whole_version() -> str:
    """Return the version of plotly.js in the installed package plotly."""
    return str(get_plotlyjs_version())


def basic_fits() -> bool:
    """Whether the basic part has the version of the installed package plotly.

    That may be another one than the dashboard was tested with; then the whole draws everything.
    """
    return basic_version() == whole_version()


def first_script() -> str:
    """Return the address of the script that pages load first: the basic part if it fits."""
    return f"/assets/{BASIC}" if basic_fits() else WHOLE


def meta_tag() -> dict[str, str]:
    """Return what `plotly_parts.js` reads: the first script, and the traces of the basic part."""
    return {
        "name": "plotly",
        "content": first_script(),
        "data-basic": " ".join(sorted(DRAWN_BY_BASIC)),
    }
