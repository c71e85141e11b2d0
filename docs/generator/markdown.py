"""Pieces of Markdown."""

from collections.abc import Iterable, Sequence


def cell(text: str) -> str:
    """Return text that keeps its meaning inside a table's cell."""
    for sign in ("|", "<", "*"):  # a bar would end the cell; the others are HTML and emphasis
        text = text.replace(sign, f"\\{sign}" if sign != "<" else "&lt;")
    return " ".join(text.split())


def code(value: object) -> str:
    """Return a value in code letters; a bar in it would end a table's cell."""
    text = str(value).replace("|", "&#124;")
    return f"`{text}`" if text else ""


def table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; cells are Markdown already."""
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def sentence(text: str) -> str:
    """Return text with a capital letter at its beginning and a full stop at its end."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")


def generated(title: str, what: str, body: str) -> str:
    """Return a page that says that nobody wrote it."""
    return f"# {title}\n\n{what}\n\n{body.rstrip()}\n"
