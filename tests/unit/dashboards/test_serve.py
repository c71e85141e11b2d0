"""Where the server listens, and who is let in."""

import socket
from typing import Any

import pytest

from dashboards import serve as module
from dashboards.access import guarded
from dashboards.app import create_app
from dashboards.serve import serve
from dashboards.source import Source
from dse.contracts.errors import UsageError


def nobody(_: str) -> None:
    raise AssertionError("it listens")


def test_a_port_that_is_taken_says_what_to_do(database: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(UsageError, match="in use") as caught:
            serve(database, "127.0.0.1", port, None, nobody)
    assert "--port 0" in caught.value.hint


@pytest.mark.parametrize("host", ["nohost.invalid", "203.0.113.7", "-", ""])
def test_a_host_that_is_not_ours_says_what_to_do(database: str, host: str) -> None:
    with pytest.raises((UsageError, AssertionError)) as caught:
        serve(database, host, 0, None, nobody)
    if host:  # none means all of this machine's
        assert isinstance(caught.value, UsageError)
        assert "set --host" in caught.value.hint


def test_all_addresses_are_named_by_the_machine() -> None:
    assert module.shown_host("0.0.0.0") == socket.gethostname()
    assert module.shown_host("::1") == "[::1]"
    assert module.shown_host("127.0.0.1") == "127.0.0.1"


def test_a_link_with_a_token_leads_to_its_page(source: Source) -> None:
    app = create_app(source)
    guarded(app.server, "secret")
    answer = app.server.test_client().get("/front?study=a%26b&token=secret")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/front?study=a%26b"


@pytest.mark.parametrize(
    "search",
    ["?study=bits&where=lut+%3C", "?study=bits&with=nope", "?study=nope", "?study=bits&part=x"],
)
def test_a_wrong_address_is_no_mistake_of_the_server(source: Source, search: str) -> None:
    """Every callback of the front page, as the browser asks for it."""
    app = create_app(source)
    client = app.server.test_client()
    shown: dict[str, Any] = {
        "_pages_location.search": search,
        "_pages_location.pathname": "/front",
        "theme.data": "light",
        "selection.data": [],
        "front-figure.clickData": {"points": [{"customdata": [1]}]},
    }
    asked = 0
    for callback in client.get("/_dash-dependencies").get_json():
        if callback["clientside_function"] or "front" not in callback["output"]:
            continue
        inputs, state = (
            [
                []  # a pattern that no component matches
                if one["id"].startswith("{")
                else {**one, "value": shown.get(f"{one['id']}.{one['property']}")}
                for one in ones
            ]
            for ones in (callback["inputs"], callback["state"])
        )
        body = {"output": callback["output"], "outputs": _outputs(callback["output"])}
        body |= {"inputs": inputs, "state": state, "changedPropIds": ["_pages_location.search"]}
        answer = client.post("/_dash-update-component", json=body)
        assert answer.status_code in {200, 204}, answer.text
        asked += 1
    assert asked >= 2


def _outputs(text: str) -> Any:
    found = [
        dict(zip(("id", "property"), part.rsplit(".", 1), strict=True))
        for part in text.strip(".").split("...")
    ]
    if not text.startswith(".."):
        return [] if text.startswith("{") else found[0]
    return found
