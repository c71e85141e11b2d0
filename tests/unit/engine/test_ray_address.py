"""A Ray cluster that does not answer is named with its option; no Ray is needed."""

import sys
from types import ModuleType
from typing import Any

import pytest

from dse.contracts.errors import ToolMissingError
from dse.engine.ray_executor import RayExecutor


@pytest.mark.parametrize(
    ("address", "where", "hint"),
    [("foo:1", "--ray-address foo:1", "ray start --head"), (None, "", "--executor serial")],
)
def test_a_ray_that_does_not_start(
    monkeypatch: pytest.MonkeyPatch, address: str | None, where: str, hint: str
) -> None:
    def init(**_: Any) -> None:
        raise RuntimeError("Failed to resolve foo\n\nRay tokens are explained at length here.")

    ray: Any = ModuleType("ray")
    ray.is_initialized, ray.init = lambda: False, init
    monkeypatch.setitem(sys.modules, "ray", ray)
    with pytest.raises(ToolMissingError, match="Failed to resolve foo") as caught:
        RayExecutor(1, address)
    assert caught.value.where == where
    assert hint in caught.value.hint
    assert ("tokens are explained" in caught.value.message) is (address is None)
