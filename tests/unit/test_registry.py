"""Plug-ins are found without importing them, and a broken one is explained."""

import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest

from dse.contracts import registry as registry_module
from dse.contracts.errors import ToolMissingError
from dse.contracts.registry import BACKENDS, WORKLOADS, Registry, UnknownPluginError


class Fake:
    pass


def fake_registry(loaded=None):
    def load():
        if loaded is not None:
            loaded.append("fake")
        return Fake

    return Registry({"zeta": load, "fake": load}, {"tracking": lambda: Fake})


def test_names_are_sorted_and_import_nothing():
    loaded = []
    registry = fake_registry(loaded)
    assert registry.backend_names() == ("fake", "zeta")
    assert registry.workload_names() == ("tracking",)
    assert loaded == []
    assert registry.backend_class("fake") is Fake
    assert registry.workload_class("tracking") is Fake
    assert loaded == ["fake"]


def test_unknown_names():
    registry = fake_registry()
    with pytest.raises(UnknownPluginError, match="no backend 'fak'") as caught:
        registry.backend_class("fak")
    assert caught.value.hint == "did you mean 'fake'? legal: fake, zeta"
    with pytest.raises(ValueError, match="no workload 'fake'") as caught:
        registry.workload_class("fake")
    assert caught.value.hint == "legal: tracking"


def installed(monkeypatch, **entries):
    def entry_points(group):
        made = {
            name: EntryPoint(name, value, group)
            for name, value in entries.items()
            if group == BACKENDS
        }
        return tuple(made.values())

    monkeypatch.setattr(registry_module, "entry_points", entry_points)
    return Registry.installed()


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("no_such_package.backend:Backend", "No module named 'no_such_package'"),
        ("json:NoSuchBackend", "no attribute 'NoSuchBackend'"),
    ],
)
def test_broken_plugin_names_package_and_cause(monkeypatch, value, says):
    registry = installed(monkeypatch, broken=value, fine="json:JSONDecoder")
    assert registry.backend_names() == ("broken", "fine")
    assert registry.backend_class("fine").__name__ == "JSONDecoder"
    with pytest.raises(ToolMissingError) as caught:
        registry.backend_class("broken")
    assert says in caught.value.message
    assert "'broken'" in caught.value.message
    assert f"'{value.partition(':')[0]}'" in caught.value.message
    assert caught.value.where == value
    assert isinstance(caught.value.__cause__, (ImportError, AttributeError))


def test_installed_plugins_are_found_and_not_imported():
    code = (
        "import sys\n"
        "from dse.contracts.registry import Registry\n"
        "registry = Registry.installed()\n"
        "assert {'bittrue', 'estimate'} <= set(registry.backend_names())\n"
        "assert 'tracking' in registry.workload_names()\n"
        "heavy = {'numpy', 'backends', 'workloads', 'tensorflow'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_groups():
    assert (BACKENDS, WORKLOADS) == ("dse.backends", "dse.workloads")
