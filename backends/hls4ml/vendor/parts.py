"""Names of AMD parts: the tools write one part as xc7z020clg400-1 and as xc7z020-clg400-1."""

import re

from backends.modelgraph.part_names import bare

# Names of 7-series devices, whose part names join device and package; other families always have a
# hyphen. The Zynq devices with one core end in "s", the larger Artix and Kintex devices in "t".
_SERIES_7 = re.compile(
    r"(x[ac]7(?:z(?:007s|012s|014s|\d{3})|[aks]\d+t?|v[xh]?\d+t?))([a-z]{2,4}\d{3,4}.*)",
    re.IGNORECASE,
)


def spelled(part: str) -> str:
    """Return a part's name with a hyphen between device and package, as HLS reports have it."""
    found = _SERIES_7.fullmatch(part.strip())
    return f"{found.group(1)}-{found.group(2)}" if found else part.strip()


def same_device(first: str, second: str) -> bool:
    """Whether two names can be of one part.

    Vivado's reports leave out the prefix "xc", hyphens and the temperature grade, so one name may
    be longer than the other.
    """
    one, other = (bare(name).removeprefix("xc") for name in (first, second))
    return one.startswith(other) or other.startswith(one)
