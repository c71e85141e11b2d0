"""The cluster files of the documentation: accepted by Ray, closed to others, without secrets."""

import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
FILES = ROOT / "docs" / "cluster"
PAGE = (ROOT / "docs" / "cluster.md").read_text()
FIELDS = json.loads((ROOT / "tests" / "support" / "kuberay_fields.json").read_text())
RAY = re.search(r"^ray==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)


def documents(name: str) -> list[dict[str, Any]]:
    return list(YAML(typ="safe").load_all((FILES / name).read_text()))


@pytest.fixture
def launcher() -> dict[str, Any]:
    (found,) = documents("launcher.yaml")
    return found


@pytest.fixture
def manifest() -> dict[str, Any]:
    found: dict[str, Any] = documents("kuberay.yaml")[0]["spec"]
    return found


def started(options: list[str]) -> dict[str, Any]:
    """What `ray start` takes these options for; it starts nothing here."""
    from ray.scripts.scripts import start

    with start.make_context("start", options) as context:
        return dict(context.params)


def starts(launcher: dict[str, Any], which: str) -> tuple[dict[str, str], dict[str, Any]]:
    """The environment and the options of a node's `ray start`."""
    (command,) = [line for line in launcher[f"{which}_start_ray_commands"] if "ray start" in line]
    words = shlex.split(command)
    at = words.index("ray")
    variables = dict(word.split("=", 1) for word in words[:at])
    assert words[at + 1] == "start"
    return variables, started(words[at + 2 :])


def test_ray_accepts_the_launcher_file(launcher: dict[str, Any]) -> None:
    import ray.autoscaler
    from ray.autoscaler._private.util import prepare_config, validate_config

    schema = Path(ray.autoscaler.__file__).with_name("ray-schema.json")
    Draft202012Validator(json.loads(schema.read_text())).validate(launcher)
    prepared = prepare_config(launcher)
    validate_config(prepared)
    assert prepared["max_workers"] == len(launcher["provider"]["worker_ips"])


def test_the_launcher_starts_ray_with_a_token_from_a_file(launcher: dict[str, Any]) -> None:
    for which in ("head", "worker"):
        variables, _ = starts(launcher, which)
        assert variables["RAY_AUTH_MODE"] == "token"
        assert "RAY_AUTH_TOKEN" not in variables
    # Ray looks for it there where no variable names it
    assert launcher["file_mounts"] == {"/root/.ray/auth_token": "~/.ray/auth_token"}
    _, head = starts(launcher, "head")
    assert (head["head"], head["num_cpus"], head["dashboard_host"]) == (True, 0, "127.0.0.1")
    _, worker = starts(launcher, "worker")
    assert worker["address"] == f"$RAY_HEAD_IP:{head['port']}"
    assert f"{launcher['provider']['head_ip']}:{head['port']}" in PAGE


@pytest.mark.parametrize("document", documents("kuberay.yaml"), ids=lambda one: str(one["kind"]))
def test_the_manifest_has_the_fields_of_kuberay(document: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(FIELDS)
    Draft202012Validator(FIELDS).validate(document)


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("rayStartParams", "num-cpus"), 0),
        (("serviceType",), "clusterIP"),
        (("template", "spec", "container"), []),
    ],
)
def test_the_schema_refuses_what_kuberay_refuses(
    manifest: dict[str, Any], path: tuple[str, ...], wrong: object
) -> None:
    *way, last = path
    place = manifest["headGroupSpec"]
    for key in way:
        place = place[key]
    place[last] = wrong
    cluster = {**documents("kuberay.yaml")[0], "spec": manifest}
    assert not Draft202012Validator(FIELDS).is_valid(cluster)


def test_the_manifest_starts_ray_with_a_token(manifest: dict[str, Any]) -> None:
    assert manifest["authOptions"] == {"mode": "token"}
    params = manifest["headGroupSpec"]["rayStartParams"]
    head = started([f"--{name}={value}" for name, value in params.items()])
    assert (head["num_cpus"], head["dashboard_host"]) == (0, "127.0.0.1")
    assert manifest["headGroupSpec"]["serviceType"] == "ClusterIP"
    assert RAY is not None
    assert manifest["rayVersion"] == RAY[1]
    (workers,) = manifest["workerGroupSpecs"]
    assert workers["minReplicas"] <= workers["replicas"] <= workers["maxReplicas"]


def test_only_the_clusters_own_pods_reach_it() -> None:
    cluster, policy = documents("kuberay.yaml")
    own = {"matchLabels": {"ray.io/cluster": cluster["metadata"]["name"]}}  # as KubeRay labels them
    assert policy["spec"]["podSelector"] == own
    assert policy["spec"]["policyTypes"] == ["Ingress"]
    assert policy["spec"]["ingress"] == [{"from": [{"podSelector": own}]}]


def texts(value: object) -> Iterator[str]:
    """All texts of a file, keys included."""
    if isinstance(value, dict):
        for pair in value.items():
            for each in pair:
                yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)
    else:
        yield str(value)


def test_no_file_holds_a_secret() -> None:
    for name in ("launcher.yaml", "kuberay.yaml"):
        for text in texts(documents(name)):
            assert not re.search(r"[0-9a-f]{20}|BEGIN .*KEY|password|AUTH_TOKEN=", text), text


def test_the_image_has_dse_and_the_python_and_wheel_that_are_here() -> None:
    text = (FILES / "Dockerfile").read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    base = re.search(r"^FROM python:(3\.\d+)-", text, re.MULTILINE)
    assert base is not None
    assert f"Programming Language :: Python :: {base[1]}" in project["classifiers"]
    assert f"dist/{project['name'].replace('-', '_')}-*.whl" in text
    built = re.search(r"docker build .* -t (\S+) \.", text)
    assert built is not None
    everything = [*documents("launcher.yaml"), *documents("kuberay.yaml")]
    assert {one for one in texts(everything) if "registry" in one} == {built[1]}
