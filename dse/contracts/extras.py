"""Packages that come with an extra: which extra of a distribution brings a missing one."""

import re
from importlib.metadata import PackageNotFoundError, requires

from dse.contracts.errors import ToolMissingError

DISTRIBUTION = "dse-fpga"
"""Name on the package index, where ``dse`` is another project's."""

_OPTIONAL = re.compile(r"""(?P<package>[\w.-]+).*;.*\bextra\s*==\s*["'](?P<extra>[\w.-]+)["']""")
"""A requirement in a distribution's metadata (PEP 508): ``keras<4,>=3; extra == "hls"``."""


def extra_of(module: str, distribution: str = DISTRIBUTION) -> str:
    """Return the extra of a distribution that brings a module, or an empty text.

    A package is taken for the module's when its name is the module's, or starts with it and a
    hyphen (`qkeras` comes with ``qkeras-v3``).

    Args:
        module: as imported, such as ``dash_ag_grid.AgGrid``.
        distribution: whose metadata is read.
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
    """Return the command that installs what an import missed, or an empty text."""
    extra = extra_of(error.name or "", distribution)
    return f"pip install '{distribution}[{extra}]'" if extra else ""


def missing_package(error: ImportError) -> ToolMissingError | None:
    """Return what to raise for an import that an extra of dse would mend; None for others."""
    hint = install_hint(error)
    return ToolMissingError(f"this needs the package '{error.name}'", hint=hint) if hint else None


def _normal(name: str) -> str:
    """Spell a name as package indices compare them (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
