"""The state of a page is its address: texts by name, read leniently, since people edit them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from urllib.parse import parse_qsl, urlencode

_LONGEST = 16
"""Digits of a whole number; the browser knows no longer ones."""


def is_number(text: str) -> bool:
    """Whether it is a whole number that can be one of a point."""
    return text.isdecimal() and len(text) < _LONGEST


@dataclass(frozen=True)
class Address:
    """The part of an address behind the question mark.

    Args:
        values: texts by name.
    """

    values: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, search: str | None) -> "Address":
        """From ``?name=text&…``; of a name that is there twice, the last text counts."""
        return cls(dict(parse_qsl((search or "").removeprefix("?"), keep_blank_values=True)))

    def text(self, name: str, default: str = "") -> str:
        """One text."""
        return self.values.get(name, default)

    def choice(self, name: str, legal: Mapping[str, object] | list[str], default: str = "") -> str:
        """One text, if it is among the legal ones."""
        text = self.text(name, default)
        return text if text in legal else default

    def flag(self, name: str, default: bool = False) -> bool:
        """Whether the text is ``1``."""
        return self.text(name, "1" if default else "0") == "1"

    def items(self, name: str, default: list[str] | None = None) -> list[str]:
        """Texts separated by vertical bars."""
        if name not in self.values:
            return list(default or [])
        return [item for item in self.values[name].split("|") if item]

    def numbers(self, name: str) -> list[int]:
        """Whole numbers separated by commas; what is none is left out."""
        parts = [part.strip() for part in self.text(name).split(",")]
        return [int(part) for part in parts if is_number(part)]

    def interval(self, name: str) -> tuple[float, float] | None:
        """Two numbers separated by two dots, the lower first."""
        low, dots, high = self.text(name).partition("..")
        try:
            found = (float(low), float(high)) if dots else None
        except ValueError:
            return None
        return found if found and all(map(isfinite, found)) and found[0] <= found[1] else None

    def link(self, page: str, **changes: str) -> str:
        """Address of a page with these texts and no others but the study's name."""
        values = {"study": self.text("study"), **changes}
        kept = {name: text for name, text in values.items() if text}
        return f"/{page}?{urlencode(kept)}" if kept else f"/{page}"
