"""Check that the optional package of a search method is installed."""

from importlib.util import find_spec

from dse.contracts.errors import ToolMissingError
from dse.study.models import Method


def check_installed(method: Method) -> None:
    """Check that a method can run.

    Raises:
        ToolMissingError: a package that it needs is not installed.
    """
    if method == "gp" and find_spec("torch") is None:
        message = "search method gp needs PyTorch, which is not installed"
        raise ToolMissingError(message, hint="pip install torch; or method: tpe")
