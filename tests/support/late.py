"""Modules that are imported when a test first uses them, not when tests are collected.

PoCL's compiler fails in a process in which TensorFlow was imported before: both bring an LLVM.
"""

from importlib import import_module
from typing import Any


class Late:
    """Stands for a module."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("_"):  # pytest asks every name of a module for its marks
            raise AttributeError(attribute)
        return getattr(import_module(self._name), attribute)
