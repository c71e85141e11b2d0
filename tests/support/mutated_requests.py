"""Mutated requests to the dashboard: what a page sends, and random damage to it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import quote, quote_from_bytes

PATHS = ("/", "/front", "/scans", "/parameters", "/point", "/failures", "/search", "/nowhere")
_KEYS = """\
study
x
y
z
colour
size
where
with
also
part
show
limits
limit.bits
limit.open.lut
limit.lut
axes
brush.bits
brush.mode
point
beside
selection
line
panel
preset
metrics
token
stamp
written
shown
self
pathname
search
brush.
limit.""".splitlines()
_HUGE = "9" * 400
_PLAIN_TEXTS = """\
bits
odd
other
lut
auc
open.lut
open.auc
mode
open_lut
lut_pct
bits|mode
bits|bits
open.lut|open.auc
lut|auc
1..9
9..1
nan..inf
..
1..
1e400..2
4..6|8..9
SAT
log_x|log_y
bars
time
published
0
1
4
5
-1
1.5
0x10
１
²
1,2,3
1,,x
true
bits < 5
9**9**9
9**1000*9**1000 > lut
lut < 1e999
1/0 > 1
(
bits ==
mode == 'SAT'
mode < 3
nope
lut.lut.lut
bits in [1, null]
effective
effective=requested
effective!=requested
effective=
not
lambda: 1
[1]
1
bits
|
,
||
.
..
/
<script>
'; DROP TABLE points
%
日本
😀
xcu250
xcvu9p
xcku115-flvb2104-2-i
heintz2020.2-centre
heintz2020.3
../../etc/passwd
{}
[]
null
NaN
{{7*7}}""".splitlines()
_TEXTS = (
    *_PLAIN_TEXTS,
    *(_HUGE, "9" * 5000, f"0..{_HUGE}", f"lut < {_HUGE}", "x" * 300, "x" * 20000),
    *("", " ", "\0", "a\0b", "\n", "\u202e", "\ud800", "\U0001f600"),
)
_JSON_VALUES = r"""
null
true
false
0
1
-1
9223372036854775808
1.5
1e+308
NaN
Infinity
""
"a\u0000b"
[]
{}
[[]]
[null]
[1, 2]
["a"]
[{}]
{"a": 1}
{"id": "x"}
[1, [2, [3]]]
{"points": 1}
{"points": [1]}
{"points": [{}]}
{"points": [{"customdata": 1}]}
{"points": [{"customdata": []}]}
{"points": [{"customdata": [null]}]}
{"range": {}}
{"points": [{"customdata": ["a"]}]}
{"points": [{"customdata": [1180591620717411303424]}]}
{"range": [1]}
{"range": {"x": [1], "y": [1]}}
{"range": {"x": "a", "y": "b"}}
{"lassoPoints": {"x": [], "y": []}}
{"range": {"x": [0, 1000000000.0], "y": [0, 1000000000.0]}}
{"range": {"x": ["a", "b"], "y": [1, 2]}}
{"lassoPoints": {"x": [0, 1, 2], "y": [0, 1]}}
{"lassoPoints": {"x": [0, 900, 9], "y": [0, 0, 900]}}
[{"dimensions[0].constraintrange": [[1, 9]]}, [0]]
[{"dimensions[99].constraintrange": [[1, 2]]}]
[{"dimensions[x].constraintrange": [[1, 2]]}]
[{"dimensions[-1].constraintrange": 5}]
[5]
[{"dimensions[0].constraintrange": [5]}]
[{"dimensions[0].constraintrange": [["a", "b"]]}]
[{"dimensions[0].constraintrange": [[[1, 2], [3]]]}]
[{"dimensions[1].constraintrange": [[]]}]
[{"dimensions[0].constraintrange": {"a": 1}}]
[{"dimensions].constraintrange": null}]
[{"point": 1}]
[{"point": "a"}]
[{"point": null}]
[{"points": 1}]
[{"point": [1]}]
[{"point": 1180591620717411303424}]
{"bits": [[1, 2]]}
{"bits": [[1]]}
{"bits": 1}
{"bits": [["a", "b"]]}
{"": [[1, 2]]}
{"mode": []}
{"type": "passing", "name": "bits"}
{"type": "passing"}
{"type": "shown", "of": "page"}
"light"
"dark"
"/front"
"?study=bits"
"?study=odd&point=0"
"""
_VALUES: tuple[Any, ...] = (
    *map(json.loads, _JSON_VALUES.split("\n")[1:-1]),
    *(10**300, "x" * 3000, "?" + "&".join(["a=b"] * 500)),
)
_METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "BREW")
_CONTENT_TYPES = """\
application/json
application/json; charset=utf-16
application/json; charset=nope
text/plain
application/x-www-form-urlencoded
multipart/form-data
a/b/c
é""".splitlines()
_PLAIN_ROUTES = """\
/assets/style.css
/assets/../app.py
/assets/%00
/assets/%2e%2e/app.py
/assets/
/_dash-layout
/_dash-dependencies
/_reload-hash
/_favicon.ico
/_dash-component-suites/dash/dcc/dash_core_components.js
/_dash-component-suites/os/x.js
/_dash-component-suites/dash/..%2fdash.py
/_dash-component-suites/dash/%00
/_dash-component-suites/
/_dash-component-suites/dash_ag_grid/nope.js
/_dash-update-component
/_dash-update-component?cancelJob=1&job=2
/_dash-update-component/x
/artifacts/k0/tool.log
/artifacts/../results.db
/results.db
/point/a/b
/point/bits/1
/point/%00/%ff
//evil.example
/%ff
/%00
/%
/front/
/front/x""".splitlines()
_ROUTES = (
    *_PLAIN_ROUTES,
    *(f"{start}/{'x' * 5000}" for start in ("/assets", "/_dash-component-suites/dash", "")),
)


@dataclass(frozen=True)
class Request:
    """One request; `body` is sent as it is."""

    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def requests(dependencies: Sequence[Mapping[str, Any]], seed: int, count: int) -> Iterator[Request]:
    """Requests of one seed.

    Args:
        dependencies: callbacks of the dashboard, as `/_dash-dependencies` gives them.
        seed: of all random choices.
        count: number of requests.
    """
    random = Random(seed)
    served = [one for one in dependencies if not one["clientside_function"]]
    for _ in range(count):
        kind = random.random()
        if kind < 0.15:
            yield _page(random)
        elif kind < 0.25:
            yield Request(random.choice(_METHODS), random.choice(_ROUTES), _noise(random))
        else:
            yield _callback(random.choice(served), random)


def search_of(random: Random) -> str:
    """A query string with known and unknown names and odd texts."""
    names = random.choices(_KEYS, k=random.choice((0, 1, 2, 3, 6)))
    parts = [f"{_quoted(name)}={_quoted(random.choice(_TEXTS))}" for name in names]
    if random.random() < 0.7:
        parts.insert(0, f"study={random.choice(('bits', 'bits', 'odd', 'other'))}")
    if random.random() < 0.1:
        parts.append(quote_from_bytes(random.randbytes(8)) + random.choice(("", "=", "%", "&&")))
    random.shuffle(parts)
    return "?" + random.choice("&&&&;").join(parts) if parts else ""


def _quoted(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def _page(random: Random) -> Request:
    headers = random.choice(({}, {"Cookie": "dse-token=é; ;;=="}, {"Range": "bytes=9-1"}))
    path = random.choice(PATHS) + search_of(random)
    return Request(random.choice((*_METHODS, *("GET",) * 30)), path, headers=headers)


def _noise(random: Random) -> bytes:
    return random.choice((b"", b"{}", b"[]", b"null", random.randbytes(50), b"\xff\xfe{}"))


def _callback(callback: Mapping[str, Any], random: Random) -> Request:
    """A request for a callback, as the browser sends it, with no, little or much damage."""
    body: Any = sound_body(callback, random)
    for _ in range(random.choice((0, 0, 0, 0, 1, 1, 2, 5))):
        body = _damaged(body, random)
    data = json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    if random.random() < 0.15:
        data = _raw(data, random)
    if random.random() < 0.05:
        headers["Content-Type"] = random.choice(_CONTENT_TYPES)
    method = "POST" if random.random() < 0.97 else random.choice(_METHODS)
    return Request(method, "/_dash-update-component", data, headers)


def sound_body(callback: Mapping[str, Any], random: Random) -> dict[str, Any]:
    """The request that the browser sends for a callback, with an address and values of its type."""
    path, search = random.choice(PATHS), search_of(random)
    names = random.choice(([], ["bits"], ["bits", "open.lut"], ["nope"]))

    def entry(one: Mapping[str, str]) -> Any:
        if one["id"].startswith("{"):
            return [_of_pattern(json.loads(one["id"]), one["property"], name) for name in names]
        return {**one, "value": _value(one, path, search, random)}

    outputs = [part.rpartition(".") for part in callback["output"].strip(".").split("...")]
    made: list[Any] = [
        [_without_value(_of_pattern(json.loads(name), prop, n)) for n in names]
        if name.startswith("{")
        else {"id": name, "property": prop}
        for name, _, prop in outputs
    ]
    first = callback["inputs"][0]
    return {
        "output": callback["output"],
        "outputs": made if callback["output"].startswith("..") else made[0],
        "inputs": [entry(one) for one in callback["inputs"]],
        "state": [entry(one) for one in callback["state"]],
        "changedPropIds": random.choice(([], [f"{first['id']}.{first['property']}"])),
    }


def _of_pattern(pattern: Mapping[str, Any], prop: str, name: str) -> dict[str, Any]:
    own = {key: name if isinstance(value, list) else value for key, value in pattern.items()}
    return {"id": own, "property": prop, "value": own if prop == "id" else {"path": "/front"}}


def _without_value(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key != "value"}


def _value(one: Mapping[str, str], path: str, search: str, random: Random) -> Any:
    """What a component has in the browser, or an odd value."""
    sound = {"pathname": path, "search": search, "n_clicks": 1, "n_intervals": 3}
    if one["property"] in sound:
        return sound[one["property"]]
    if random.random() < 0.5:
        return None
    known = {"theme": "dark", "selection": [0, 3], "front-drawn": [search, "x"], "stamp": "x"}
    return known.get(one["id"], random.choice(_VALUES))


def _damaged(body: Any, random: Random) -> Any:
    """The body with something in it replaced, dropped, doubled or added."""
    body = deepcopy(body)
    places: list[tuple[Any, Any]] = []
    _collect(body, places)
    if not places:
        return random.choice(_VALUES)
    holder, key = random.choice(places)
    match random.randrange(5):
        case 0 if isinstance(holder, dict):
            del holder[key]
        case 0 | 1 if isinstance(holder, list):
            holder.insert(random.randrange(len(holder) + 1), deepcopy(holder[key]))
        case 2 if isinstance(holder[key], str):
            holder[key] = random.choice(_TEXTS)
        case 3:
            holder[key] = [holder[key]]
        case _:
            holder[key] = random.choice(_VALUES)
    return body


def _collect(node: Any, places: list[tuple[Any, Any]]) -> None:
    keys = (
        list(node) if isinstance(node, dict) else range(len(node) if isinstance(node, list) else 0)
    )
    for key in keys:
        places.append((node, key))
        _collect(node[key], places)


def _raw(data: bytes, random: Random) -> bytes:
    """Text that is not JSON, not UTF-8, or JSON with what the encoder cannot write."""
    made = (
        data[: random.randrange(len(data))],
        data.replace(b'"', random.choice((b"\xff", b"'", b"")), 3),
        data.replace(b"null", random.choice((b"9" * 5000, b"NaN", b"-", b"1e999", b'"\\ud800"'))),
        data.replace(b"null", b'{"a":' * 500 + b"1" + b"}" * 500),
        b"\xff\xfe" + data,
        data.decode().encode("utf-16"),
        b'{"output": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        random.choice((b"", b"null", b"[]", b"1", b'"x"', b"{", b"{}")),
        random.randbytes(200),
    )
    return random.choice(made)
