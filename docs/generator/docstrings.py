"""Docstrings of attributes, which Python does not keep."""

import ast
import inspect
import textwrap


def attribute_docstrings(kind: type) -> dict[str, str]:
    """Return the text below each attribute of a class, by the attribute's name."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(tree, ast.ClassDef)
    found: dict[str, str] = {}
    for before, after in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(before, ast.Assign) and _is_text(after):
            name = before.targets[0]
            assert isinstance(name, ast.Name)
            found[name.id] = inspect.cleandoc(ast.literal_eval(after.value))  # type: ignore[attr-defined]
    return found


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
