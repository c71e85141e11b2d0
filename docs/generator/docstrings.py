"""Docstrings of attributes, which Python does not keep."""

import ast
import inspect
import textwrap
from itertools import pairwise


def attribute_docstrings(kind: type) -> dict[str, str]:
    """Return the text below each attribute of a class, by the attribute's name."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    lines = tree.body if isinstance(tree, ast.ClassDef) else []
    found: dict[str, str] = {}
    for before, after in pairwise(lines):
        match before, after:
            case (
                ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[name] = inspect.cleandoc(text)
    return found
