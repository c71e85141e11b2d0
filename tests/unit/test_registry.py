"""Plug-ins are found without importing them, and a broken one is explained."""

import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest
from installed import distribution

from dse.cli.plugin_commands import plugin_command
from dse.contracts import registry as registry_module
from dse.contracts.errors import PluginConflictError, PluginNameError, ToolMissingError
from dse.contracts.metric_names import is_legal_name
from dse.contracts.registry import (
    BACKENDS,
    COMMANDS,
    METRICS,
    WORKLOADS,
    Registry,
    UnknownPluginError,
)
from dse.study.expressions import Expression

NOOP = "dse.testing.noop:NoopBackend"


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
        ("json:loads", "is no subclass of dse.plugins.Backend"),
        ("json:JSONDecoder", "is no subclass of dse.plugins.Backend"),
    ],
)
def test_broken_plugin_names_package_and_cause(monkeypatch, value, says):
    registry = installed(monkeypatch, broken=value, fine="dse.testing.noop:NoopBackend")
    assert registry.backend_names() == ("broken", "fine")
    assert registry.backend_class("fine").__name__ == "NoopBackend"
    with pytest.raises(ToolMissingError) as caught:
        registry.backend_class("broken")
    assert says in caught.value.message
    assert "'broken'" in caught.value.message
    assert f"'{value.partition(':')[0].partition('.')[0]}'" in caught.value.message
    assert caught.value.where == value


def test_two_packages_with_one_name_are_an_error_for_this_name_alone(monkeypatch, tmp_path):
    for package in ("dse-one", "dse-two"):
        own = NOOP if package == "dse-one" else "json:JSONDecoder"
        entries = {"cost": own, package[4:]: own}
        distribution(tmp_path, package, **{BACKENDS: entries})
    monkeypatch.syspath_prepend(str(tmp_path))
    registry = Registry.installed()
    assert {"cost", "one", "two"} <= set(registry.backend_names())
    assert registry.backend_class("one").__name__ == "NoopBackend"
    with pytest.raises(PluginConflictError) as caught:
        registry.backend_class("cost")
    assert "'dse-one' and 'dse-two' both define the backend 'cost'" in caught.value.message
    assert "pip uninstall dse-two" in caught.value.hint


def test_a_package_that_was_renamed_is_no_conflict(monkeypatch, tmp_path):
    for package in ("dse-one", "dse-uno"):
        distribution(tmp_path, package, **{BACKENDS: {"cost": NOOP}})
    monkeypatch.syspath_prepend(str(tmp_path))
    assert Registry.installed().backend_class("cost").__name__ == "NoopBackend"


def test_a_package_found_twice_is_no_conflict(monkeypatch, tmp_path):
    for folder in ("editable", "installed"):
        distribution(tmp_path / folder, "dse-one", **{BACKENDS: {"cost": NOOP}})
        monkeypatch.syspath_prepend(str(tmp_path / folder))
    assert Registry.installed().backend_class("cost").__name__ == "NoopBackend"


@pytest.mark.parametrize("name", ["my-backend", "a.b", "2nd", "größe", "in", "null", "with space"])
def test_a_backend_that_conditions_cannot_name_is_refused(monkeypatch, tmp_path, name):
    entries = {name: NOOP, "my_backend": NOOP}
    distribution(tmp_path, "dse-own", **{BACKENDS: entries})
    monkeypatch.syspath_prepend(str(tmp_path))
    registry = Registry.installed()
    assert registry.backend_class("my_backend").__name__ == "NoopBackend"
    with pytest.raises(PluginNameError) as caught:
        registry.backend_class(name)
    assert f"'dse-own' names a backend '{name}'" in caught.value.message
    assert "rename its entry point" in caught.value.hint


def test_a_name_is_legal_where_conditions_can_have_it():
    for name in ("open", "my_backend", "lut", "bram_18k", "A1", "_x"):
        assert is_legal_name(name)
        assert Expression.parse(f"{name}.lut < 5").names == {f"{name}.lut"}
    for name in ("my-backend", "2nd", "in", "a b", "", "null"):
        assert not is_legal_name(name)


def test_stand_ins_for_tests_are_loaded_and_not_listed():
    registry = Registry.installed()
    assert "noop" not in {*registry.backend_names(), *registry.workload_names()}
    assert registry.backend_class("noop").name == registry.workload_class("noop").name == "noop"
    with pytest.raises(UnknownPluginError) as caught:
        registry.backend_class("nop")
    assert "noop" not in caught.value.hint


@pytest.mark.parametrize("kind", ["backend", "workload"])
def test_every_metric_of_an_installed_plugin_is_defined_with_a_direction(kind):
    registry = Registry.installed()
    for name in getattr(registry, f"{kind}_names")():
        plugin = getattr(registry, f"{kind}_class")(name)
        assert set(plugin.metrics) <= registry.metrics.keys()


@pytest.mark.parametrize("value", ["no_such_module:METRICS", "json:loads", "json:__all__"])
def test_metrics_that_are_broken_are_left_out_and_logged(monkeypatch, tmp_path, caplog, value):
    distribution(tmp_path, "dse-broken", **{METRICS: {"broken": value}})
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "auc" in Registry.installed().metrics
    assert f"'dse-broken' ({value})" in caplog.text


def test_results_are_read_without_the_tools():
    code = (
        "import sys\n"
        "from dse.contracts.registry import installed_metrics\n"
        "assert installed_metrics()['kernel_ns'].unit == 'ns'\n"
        "assert installed_metrics()['alut_pct'].direction == 'minimise'\n"
        "heavy = {'hls4ml', 'tensorflow', 'keras', 'pandas', 'pyopencl'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


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


def test_a_command_that_is_no_typer_application_says_so_when_it_is_called():
    command = plugin_command(EntryPoint("odd", "json:loads", COMMANDS))
    with pytest.raises(ToolMissingError, match=r"'odd'.*names no Typer application") as caught:
        command([], standalone_mode=False)
    assert caught.value.where == "json:loads"
