"""Mutated study files: random damage to sound ones, the same for the same seed."""

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[2]
SOUND = (*sorted((ROOT / "studies").glob("*.yaml")), ROOT / "dse" / "cli" / "starter.yaml")

_HUGE = "9" * 400
_PLAIN_ODD_VALUES = """\
.nan
.inf
-.inf
1e400
1e-400
-0.0
0
-1
1e308
5e-324
1_000
0o777
010
1:30
9223372036854775807
9223372036854775808
-9223372036854775808
99999999999999999999999
true
yes
null
~
''
""
text
日本
1e5
+1
1.
.5
2024-01-01
2001-12-14t21:59:43.10-05:00
!!binary aGk=
!!set {a}
!!omap [a: 1]
!!python/object:os.system x
!!python/object/apply:os.system [x]
!own x
!!int x
[]
[[]]
[[1], [2]]
{}
{a: 1}
[null]
[1, true, 1.0, 'a', null]
[{a: [1]}]
[a, a]
{values: []}
{values: [1], range: {start: 0, stop: 1}}
{range: {start: 0, stop: 1e300}}
{range: {start: 0, stop: 1, step: 1e-300}}
{range: {start: 0, stop: 5e-324, step: 5e-324}}
{log2: {start: 5e-324, stop: 1e308}}
{log2: {start: 1e308, stop: 1.7e308}}
{coupled: 9**9**9}
{coupled: 9**1000*9**1000*9**1000}
{coupled: 1/0}
{coupled: ''}
{coupled: total_bits}
{coupled: total_bits*9**1000}
{coupled: total_bits.x}
{coupled: total_bits ** 30}
{coupled: 1e308*10}
{coupled: (-1)**0.5}
{coupled: "'a'*10**9"}
{coupled: reuse_factor ** 1e9}
{coupled: floor(1e308)}
{coupled: 'min([1])'}
{coupled: null}
{coupled: [1]}
{metric: auc, direction: up}
{metric: null}
{name: null}
{name: [a]}
{method: tpe, budget: {points: 3}}
{method: qmc, budget: {hours: .nan}}
{limits: {auc: {min: 1, max: 0}}}
*nowhere
&a [*a]
&a {b: *a}
&a 1
"\\ud800"
"\\0"
"\\x07"
? a
- a
@a
`a`
%a
#
a: b: c
../../etc/passwd
/dev/zero
/proc/self/mem"""
ODD_VALUES = (
    *_PLAIN_ODD_VALUES.splitlines(),
    *(_HUGE, f"-{_HUGE}", "9" * 5000, "0x" + "f" * 300, "x" * 5000, f"{{seed: {_HUGE}}}"),
    *(f"{{range: {{start: 0, stop: {_HUGE}}}}}", f"{{range: {{start: {_HUGE}, stop: {_HUGE}}}}}"),
    *(f"{{log2: {{start: 1, stop: {_HUGE}}}}}", f"{{log2: {{start: {_HUGE}, stop: {_HUGE}}}}}"),
    f"{{method: random, budget: {{points: {_HUGE}}}}}",
    *("'\u2028'", "\t1", "con\0", "'a\n\n  b'", "|\n  a\n  b", ">-\n  a"),
)
_PLAIN_EXTRA_LINES = """\
<<: *base
<<: {a: 1}
<<: 1
base: &base {a: 1}
%YAML 1.1
%YAML 9.9
%TAG ! x
---
...
? [a, b]
? {a: b}
1: 2
null: 1
true: 1
constraints: [9**9**9 > 1]
constraints: ['1']
constraints: [null]
zip: [[a, b]]
zip: 1
search: {method: gp, budget: {points: 1}}
search: {ladder: [{backends: [x]}]}
objectives: [x.y.z]
objectives: ['']
objectives: ['.']
name: ''
name: null
workload: ''
backends: ['']"""
_EXTRA_LINES = (
    *_PLAIN_EXTRA_LINES.splitlines(),
    *("\ufeff", "\x85", "\u2029", "\0", "\x1b[31m"),
)
_BYTES = (b"", b"\0", b"\t", b"\r", b"\xff\xfe", b"\xc3", b"[", b"{", b"'", b'"', b"&", b"*")
_PARAMETERS = ("total_bits", "reuse_factor", "clock_period_ns", "part", "x", "integer_bits")


def mutated(random: Random) -> bytes:
    """Content of a shipped study, or of the starter, with one to four kinds of damage."""
    data = random.choice(SOUND).read_bytes()
    for _ in range(random.choice((1, 1, 1, 2, 3, 4))):
        data = random.choice(_MUTATIONS)(data, random)
    return data


def many(seed: int, count: int) -> Iterator[bytes]:
    """Mutated files of one seed."""
    random = Random(seed)
    return (mutated(random) for _ in range(count))


def _flipped(data: bytes, random: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 8))):
        if changed:
            changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _spliced(data: bytes, random: Random) -> bytes:
    """Bytes that are cut out, put in or cut off."""
    at = random.randrange(len(data) + 1)
    put_in = random.choice(
        (b"", b"\0", b"\t", b"\r", b"\xff\xfe", b"\xc3", b"[", b"{", b"'", b'"', b"&", b"*")
    )
    rest = data[at + random.choice((0, 1, 5, 50)) :] if random.random() < 0.8 else b""
    return data[:at] + put_in + rest


def _of_lines(change: Callable[[list[str], Random], None]) -> Callable[[bytes, Random], bytes]:
    def mutation(data: bytes, random: Random) -> bytes:
        lines = data.decode("utf-8", "surrogateescape").split("\n")
        change(lines, random)
        return "\n".join(lines).encode("utf-8", "surrogateescape")

    return mutation


def _delete(lines: list[str], random: Random) -> None:
    at = random.randrange(len(lines))
    del lines[at : at + random.choice((1, 1, 2, 5))]
    lines.append("")


def _duplicate(lines: list[str], random: Random) -> None:
    at = random.randrange(len(lines))
    lines[random.randrange(len(lines)) : 0] = lines[at : at + random.choice((1, 1, 4))]


def _swap(lines: list[str], random: Random) -> None:
    one, two = random.randrange(len(lines)), random.randrange(len(lines))
    lines[one], lines[two] = lines[two], lines[one]


def _indent(lines: list[str], random: Random) -> None:
    at = random.randrange(len(lines))
    lines[at] = random.choice((" ", "  ", "\t", "- ", "? ", "")) + lines[at].removeprefix(" ")


def _replace_value(lines: list[str], random: Random) -> None:
    """A value after `key:` or in a list becomes an odd one."""
    filled = [index for index, line in enumerate(lines) if ":" in line or "- " in line]
    if not filled:
        return
    at = random.choice(filled)
    mark = ":" if ":" in lines[at] else "- "
    places = [index for index in range(len(lines[at])) if lines[at].startswith(mark, index)]
    place = random.choice(places) + len(mark)
    rest = lines[at][place:]
    ends = [index for index, letter in enumerate(rest) if letter in ",}]"]
    tail = rest[ends[0] :] if ends and random.random() < 0.8 else ""
    lines[at] = f"{lines[at][:place]} {random.choice(ODD_VALUES)}{tail}"


def _replace_key(lines: list[str], random: Random) -> None:
    keyed = [index for index, line in enumerate(lines) if ":" in line]
    if keyed:
        at = random.choice(keyed)
        head, _, tail = lines[at].partition(":")
        space = head[: len(head) - len(head.lstrip())]
        lines[at] = f"{space}{random.choice((*ODD_VALUES, 'zip', 'name', 'space', 'x-y'))}:{tail}"


def _insert(lines: list[str], random: Random) -> None:
    at = random.randrange(len(lines) + 1)
    line = random.choice(_EXTRA_LINES)
    lines.insert(at, " " * random.choice((0, 0, 2, 4)) + line)


def _parameter(lines: list[str], random: Random) -> None:
    """A parameter of the design space with odd values."""
    starts = [index for index, line in enumerate(lines) if line.startswith("space:")]
    if starts:
        name = random.choice(
            ("total_bits", "reuse_factor", "clock_period_ns", "part", "x", "integer_bits")
        )
        lines.insert(starts[0] + 1, f"  {name}: {random.choice(ODD_VALUES)}")


def _nest(lines: list[str], random: Random) -> None:
    depth = random.choice((3, 30, 120, 1000, 5000))
    left, right = random.choice((("[", "]"), ("{a: ", "}"), ("- ", ""), ("(", ")"), ("-", "1")))
    lines.insert(random.randrange(len(lines) + 1), f"deep: {left * depth}1{right * depth}")


def _laugh(lines: list[str], random: Random) -> None:
    """Aliases of aliases: a few lines that stand for more values than fit into memory."""
    wide, deep = random.choice(((9, 9), (2, 40), (3, 3), (2, 6), (5, 3), (1, 30), (8, 2)))
    is_mapping = random.random() < 0.5
    laughs = ["l0: &l0 {a: 1}" if is_mapping else "l0: &l0 [1]"]
    for level in range(1, deep):
        aliases = ", ".join([f"*l{level - 1}"] * wide)
        inside = f"{{<<: [{aliases}]}}" if is_mapping else f"[{aliases}]"
        laughs.append(f"l{level}: &l{level} {inside}")
    lines[0:0] = laughs
    if random.random() < 0.7:
        _at_value(lines, random, f"*l{deep - 1}")


def _at_value(lines: list[str], random: Random, text: str) -> None:
    keyed = [index for index, line in enumerate(lines) if ":" in line and not line.startswith("l")]
    if keyed:
        at = random.choice(keyed)
        lines[at] = f"{lines[at].partition(':')[0]}: {text}"


_MUTATIONS: tuple[Callable[[bytes, Random], bytes], ...] = (
    _flipped,
    _spliced,
    *map(_of_lines, (_delete, _duplicate, _swap, _indent, _replace_key, _insert, _nest, _laugh)),
    *map(_of_lines, (_replace_value,) * 5 + (_parameter,) * 2),
)
