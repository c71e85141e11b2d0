"""FPGA families that nextpnr places and routes, and the parts of each by their ordering codes."""

import re

from backends.openhls.pnr.ecp5 import ECP5
from backends.openhls.pnr.family import Target
from backends.openhls.pnr.gowin import GOWIN
from backends.openhls.pnr.nexus import NEXUS

FAMILIES = (ECP5, GOWIN, NEXUS)


def target_of(part: str) -> Target | None:
    """Return the target that an ordering code names; None where nextpnr has no such part."""
    for family in FAMILIES:
        code = re.fullmatch(family.codes, part.lower())
        if code:
            return Target(family, part, family.arguments(code))
    return None


def named_target(part: str) -> Target:
    """Return the target that a part names.

    Raises:
        ValueError: nextpnr has no such part; the message has legal ones.
    """
    found = target_of(part)
    if found is None:
        raise ValueError(f"nextpnr does not place and route {part} (parts such as {examples()})")
    return found


def examples() -> str:
    """Return an ordering code of every family, for messages."""
    return ", ".join(f"{family.example} ({family.title})" for family in FAMILIES)
