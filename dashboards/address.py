"""The address of a page is its state: texts by name.

People edit addresses, so an illegal value is replaced by the default and is not an error.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf, isfinite
from urllib.parse import parse_qsl, urlencode

_LONGEST = 16
"""A number has fewer digits: JavaScript represents integers of up to 15 digits exactly."""


def is_number(text: str) -> bool:
    """Whether a text is a whole number that can be the number of a point."""
    return text.isdecimal() and len(text) < _LONGEST


def separate(text: str) -> list[str]:
    """Return the parts of a list with commas, spaces or both between them."""
    return text.replace(",", " ").split()


@dataclass(frozen=True)
class Address:
    """The query string of an address.

    Args:
        values: texts by name.
    """

    values: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, search: str | None, settled: Mapping[str, str] | None = None) -> "Address":
        """Parse ``?name=text&…``; of a repeated name the last text counts.

        Args:
            search: query string.
            settled: texts of names that the query string does not have.
        """
        given = parse_qsl((search or "").removeprefix("?"), keep_blank_values=True)
        return cls({**(settled or {}), **dict(given)})

    def text(self, name: str, default: str = "") -> str:
        """Return a text, `default` if the address does not have it."""
        return self.values.get(name, default)

    def choice(self, name: str, legal: Mapping[str, object] | list[str], default: str = "") -> str:
        """Return a text if it is legal, else `default`."""
        text = self.text(name, default)
        return text if text in legal else default

    def flag(self, name: str, default: bool = False) -> bool:
        """Whether the text is ``1``."""
        return self.text(name, "1" if default else "0") == "1"

    def items(self, name: str, default: list[str] | None = None) -> list[str]:
        """Return texts that are separated by vertical bars."""
        if name not in self.values:
            return list(default or [])
        return [item for item in self.values[name].split("|") if item]

    def numbers(self, name: str) -> list[int]:
        """Return whole numbers between commas or spaces; anything else is left out."""
        return [int(part) for part in separate(self.text(name)) if is_number(part)]

    def interval(self, name: str) -> tuple[float, float] | None:
        """Return the ends of ``low..high``; one that is left out is infinite.

        None if there are none, or if they are not finite numbers in order.
        """
        low, dots, high = self.text(name).partition("..")
        try:
            ends = [float(end) for end in (low, high) if end]
        except ValueError:
            return None
        if not dots or not ends or not all(map(isfinite, ends)) or ends != sorted(ends):
            return None
        return ends[0] if low else -inf, ends[-1] if high else inf

    def of_study(self, study: str) -> "Address":
        """Return this address if it is of a study, else one with the study's name alone."""
        return self if self.text("study") == study else Address({"study": study})

    def link(self, page: str, **changes: str) -> str:
        """Return the address of a page with the study's name and these texts.

        The points that were chosen for comparison go along, so that they are still chosen where
        the menu leads to the page that compares them; nothing else does.
        """
        values = {"study": self.text("study"), "points": self.text("points"), **changes}
        kept = {name: text for name, text in values.items() if text}
        return f"/{page}?{urlencode(kept)}" if kept else f"/{page}"
