"""Find the optional dependency group (extra) that installs a missing package."""

import re
from importlib.metadata import PackageNotFoundError, requires

from dse.contracts.errors import ToolMissingError

DISTRIBUTION = "dse-fpga"
"""Name on the package index; the name ``dse`` belongs to another project there."""

_OPTIONAL = re.compile(r"""(?P<package>[\w.-]+).*;.*\bextra\s*==\s*["'](?P<extra>[\w.-]+)["']""")
"""Optional requirement in a distribution's metadata (PEP 508): ``keras<4,>=3; extra == "hls"``."""


def extra_of(module: str, distribution: str = DISTRIBUTION) -> str:
    """Return the extra of a distribution that installs a module; empty if none does.

    A package matches a module if it has the module's name, or the name followed by a hyphen and
    more: ``qkeras-v3`` installs `qkeras`.

    Args:
        module: as imported, such as ``dash_ag_grid.AgGrid``.
        distribution: name of the distribution whose metadata is read.
    """
    wanted = _normal(module.partition(".")[0])
    try:
        requirements = requires(distribution) or []
    except PackageNotFoundError:  # a source tree on the path, without metadata
        return ""
    matches = filter(None, map(_OPTIONAL.match, requirements))
    found = {_normal(match["package"]): match["extra"] for match in matches}
    found.pop(_normal(distribution), None)  # an extra that includes others requires itself
    like = (extra for name, extra in found.items() if name.startswith(f"{wanted}-"))
    return found.get(wanted) or next(like, "")


def install_hint(error: ImportError, distribution: str = DISTRIBUTION) -> str:
    """Return the command that installs the package an import lacked; empty if no extra does."""
    extra = extra_of(error.name or "", distribution)
    return f"pip install '{distribution}[{extra}]'" if extra else ""


def missing_package(error: ImportError) -> ToolMissingError | None:
    """Return the error to raise if an extra of dse installs the missing package, else None."""
    hint = install_hint(error)
    return ToolMissingError(f"this needs the package '{error.name}'", hint=hint) if hint else None


def _normal(name: str) -> str:
    """Return the normalised form in which package indices compare names (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
