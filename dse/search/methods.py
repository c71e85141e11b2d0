"""Search methods whose package is optional."""

from importlib.util import find_spec

from dse.contracts.errors import ToolMissingError
from dse.study.models import Method


def check_installed(method: Method) -> None:
    """Refuse a method whose package is missing.

    Raises:
        ToolMissingError: it is not installed.
    """
    if method == "gp" and find_spec("torch") is None:
        message = "search method gp needs PyTorch, which is not installed"
        raise ToolMissingError(message, hint="pip install torch; or method: tpe")
