"""Modules of streams: FIFOs, and what takes positions from them and starts a layer's circuit.

All fronts have one interface. Inputs: `there` (a position is at the input), `room` (the FIFO behind
the layer has a free slot), `x`. Outputs: `ready` (the position at the input is taken in this
cycle), `reserve` (a slot is reserved in this cycle), `start` (data at `y` are complete), `y`. Data
at `y` stay for `interval` cycles from `start` on.

A slot is reserved when the circuit starts, so a circuit never has to stop in the middle.
"""

from backends.modelgraph.rtl.stream.front import Repeat, Scan
from backends.modelgraph.rtl.verilog import Module, VerilogBuilder, ports_module


def fifo(bits: int, depth: int) -> Module:
    """Return a FIFO; `room` counts reserved slots, `there` says that `y` is valid."""
    count, last = depth.bit_length(), depth - 1
    address = max(last.bit_length(), 1)
    code = VerilogBuilder()
    for kept, up in (("reserved", "reserve"), ("filled", "push")):
        code.lines += [
            f"reg [{count - 1}:0] {kept} = 0;",
            (
                f"always @(posedge clk) {kept} <= rst ? {count}'d0 :"
                f" {kept} + {{{count}{{1'b0}}}} + {up} - pop;"
            ),
        ]
    code.lines.append(f"reg [{bits - 1}:0] memory [0:{last}];")
    for place, moved in (("write", "push"), ("read", "pop")):
        code.lines += [
            f"reg [{address - 1}:0] {place} = 0;",
            (
                f"always @(posedge clk) if (rst) {place} <= 0; else if ({moved})"
                f" {place} <= ({place} == {address}'d{last}) ? {address}'d0 : {place} + 1'b1;"
            ),
        ]
    code.lines.append("always @(posedge clk) if (push) memory[write] <= x;")
    inputs = [("rst", 1), ("reserve", 1), ("push", 1), ("pop", 1), ("x", bits)]
    outputs = [
        ("room", 1, f"reserved < {count}'d{depth}"),
        ("there", 1, "filled != 0"),
        ("y", bits, "memory[read]"),
    ]
    return ports_module("fifo", code, inputs, outputs)


class FrontBuilder:
    """A front under construction: the part that all of them share."""

    def __init__(self, bits: int, interval: int) -> None:
        self.code, self.bits, self.interval = VerilogBuilder(), bits, interval

    def when(self, inside: str, fires: str) -> None:
        """Define `go`, `reserve` and `ready` from what the current position is.

        Args:
            inside: condition that it comes from the input; empty if always.
            fires: condition that the circuit starts behind it; empty if always.
        """
        lines = self.code.lines
        there = f"(there | ~({inside}))" if inside else "there"
        room = f"(room | ~({fires}))" if fires else "room"
        lines.append(f"wire go = {there} & {room}{' & idle' if self.interval > 1 else ''};")
        lines.append(f"wire reserve_now = go{f' & ({fires})' if fires else ''};")
        lines.append(f"wire ready_now = go{f' & ({inside})' if inside else ''};")
        if self.interval > 1:
            bits = (self.interval - 1).bit_length()
            lines += [
                f"reg [{bits - 1}:0] busy = 0;",
                "wire idle = busy == 0;",
                (
                    f"always @(posedge clk) busy <= rst ? {bits}'d0 : reserve_now ?"
                    f" {bits}'d{self.interval - 1} : idle ? {bits}'d0 : busy - 1'b1;"
                ),
            ]
        lines += [
            "reg started = 0;",
            "always @(posedge clk) started <= rst ? 1'b0 : reserve_now;",
        ]

    def counter(self, name: str, length: int, step: str) -> str:
        """Return the condition that a counter of `length` steps is at its last one."""
        if length == 1:
            return "1'b1"
        bits = (length - 1).bit_length()
        self.code.lines += [
            f"reg [{bits - 1}:0] {name} = 0;",
            (
                f"always @(posedge clk) if (rst) {name} <= 0; else if ({step})"
                f" {name} <= ({name} == {bits}'d{length - 1}) ? {bits}'d0 : {name} + 1'b1;"
            ),
        ]
        return f"{name} == {bits}'d{length - 1}"

    def module(self, kind: str, y: tuple[int, str]) -> Module:
        """Return the finished module."""
        inputs = [("rst", 1), ("there", 1), ("room", 1), ("x", self.bits)]
        outputs = [
            ("ready", 1, "ready_now"),
            ("reserve", 1, "reserve_now"),
            ("start", 1, "started"),
            ("y", *y),
        ]
        return ports_module(kind, self.code, inputs, outputs)


def take(bits: int, interval: int) -> Module:
    """Return the front of a layer that reads single positions."""
    front = FrontBuilder(bits, interval)
    front.when("", "")
    y = front.code.register(bits, "x", "y", "go")
    return front.module("take", (bits, y))


def collect(bits: int, count: int, interval: int) -> Module:
    """Return the front of a layer that reads `count` positions at once, the first lowest."""
    front = FrontBuilder(bits, interval)
    last = front.counter("position", count, "go")
    front.when("", last)
    total = bits * count
    front.code.lines.append(f"reg [{total - 1}:0] kept;")
    following = f"{{x, kept[{total - 1}:{bits}]}}" if count > 1 else "x"
    front.code.lines.append(f"always @(posedge clk) if (go) kept <= {following};")
    return front.module("collect", (total, "kept"))


def repeat(bits: int, shape: Repeat, interval: int) -> Module:
    """Return the front of a layer that reads every position of an image several times."""
    front = FrontBuilder(bits, interval)
    code = front.code
    width, (down, across) = shape.size[1], shape.factors
    last_copy = front.counter("copy", across, "go")
    last_column = front.counter("column", width, f"go & ({last_copy})")
    front.counter("pass", down, f"go & ({last_copy}) & ({last_column})")
    counters = [name for name, length in (("copy", across), ("pass", down)) if length > 1]
    inside = " & ".join(f"({name} == 0)" for name in counters)
    front.when(inside, "")
    if not inside:
        return front.module("repeat", (bits, code.register(bits, "x", "y", "go")))
    kept, place = (width, "column") if down > 1 and width > 1 else (1, "0")
    code.lines += [
        f"reg [{bits - 1}:0] row [0:{kept - 1}];",
        f"always @(posedge clk) if (ready_now) row[{place}] <= x;",
    ]
    y = code.register(bits, f"({inside}) ? x : row[{place}]", "y", "go")
    return front.module("repeat", (bits, y))


def scan(bits: int, shape: Scan, interval: int) -> Module:
    """Return the front of a layer that reads windows: line buffers and a window of registers.

    A line buffer is a memory with the row above at every column: the position that leaves it in
    a cycle makes room for the one that enters.
    """
    front = FrontBuilder(bits, interval)
    (height, width), code = shape.padded, front.code
    last_column = front.counter("column", width, "go")
    front.counter("row", height, f"go & ({last_column})")
    inside = " & ".join(
        _between(name, shape.pads[axis][0], shape.pads[axis][0] + shape.size[axis], limit)
        for axis, (name, limit) in enumerate((("row", height), ("column", width)))
        if any(shape.pads[axis])
    )
    fires = " & ".join(filter(None, (_hit(code, shape, axis, last_column) for axis in (0, 1))))
    front.when(inside, fires)
    value = f"({inside}) ? x : {bits}'d0" if inside else "x"
    code.lines.append(f"wire [{bits - 1}:0] pixel = {value};")
    columns = _lines(code, bits, shape)
    window = [_window_row(code, bits, shape.kernel[1], column) for column in columns]
    parts = [part for row in window for part in row]
    return front.module("scan", (bits * len(parts), f"{{{', '.join(reversed(parts))}}}"))


def _between(name: str, low: int, high: int, limit: int) -> str:
    """Return the condition that a counter below `limit` is in low … high - 1."""
    bits = max((limit - 1).bit_length(), 1)
    parts = [f"({name} >= {bits}'d{low})"] if low else []
    parts += [f"({name} < {bits}'d{high})"] if high < limit else []
    return f"({' & '.join(parts)})"


def _hit(code: VerilogBuilder, shape: Scan, axis: int, last_column: str) -> str:
    """Return the condition that a window ends in the current row (0) or column (1).

    Empty where one ends in each. Positions to the next window are counted down.
    """
    hits = shape.hits(axis)
    if hits.all():
        return ""
    limit = shape.padded[axis]
    name = ("row", "column")[axis]
    first, step = shape.skip[axis] + shape.kernel[axis] - 1, shape.stride[axis]
    end = first + step * (shape.windows[axis] - 1) + 1
    inside = _between(name, first, end, limit)
    if step == 1 or shape.windows[axis] == 1:
        return inside
    bits = max(first, step - 1, 1).bit_length()
    left = f"{name}s_left"
    last = last_column if axis else f"(row == {(limit - 1).bit_length()}'d{limit - 1})"
    moved = "go" if axis else f"go & ({last_column})"
    code.lines += [
        f"reg [{bits - 1}:0] {left} = {first};",
        (
            f"always @(posedge clk) if (rst) {left} <= {bits}'d{first}; else if ({moved})"
            f" {left} <= ({last}) ? {bits}'d{first} :"
            f" ({left} == 0) ? {bits}'d{step - 1} : {left} - 1'b1;"
        ),
    ]
    return f"({left} == 0) & {inside}"


def _lines(code: VerilogBuilder, bits: int, shape: Scan) -> list[str]:
    """Return the pixels of the current column, from the highest row of the window to `pixel`."""
    above = shape.kernel[0] - 1
    width = shape.padded[1]
    place = "column" if width > 1 else "0"
    for line in range(above):
        code.lines += [
            f"reg [{bits - 1}:0] line{line} [0:{width - 1}];",
            f"wire [{bits - 1}:0] above{line} = line{line}[{place}];",
        ]
    for line in range(above):
        entering = f"above{line + 1}" if line + 1 < above else "pixel"
        code.lines.append(f"always @(posedge clk) if (go) line{line}[{place}] <= {entering};")
    return [*(f"above{line}" for line in range(above)), "pixel"]


def _window_row(code: VerilogBuilder, bits: int, width: int, entering: str) -> list[str]:
    """Return the registers of one row of the window, from the left to the newest."""
    names = [entering]
    for _ in range(width):
        names.append(code.register(bits, names[-1], "w", "go"))
    return names[:0:-1]
