"""Counts of modules whose cells are known beforehand."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from backends.modelgraph.fixed_point import FixedType, Tensor
from backends.modelgraph.rtl.exact import Constant
from backends.modelgraph.rtl.modules.dense import DenseSpec, dense
from backends.modelgraph.rtl.modules.elementwise import hold
from backends.modelgraph.rtl.modules.functions import hard_tanh, mapped
from backends.modelgraph.rtl.modules.tables import TableSpec, table_activation
from backends.modelgraph.rtl.verilog import Module, Port, VerilogBuilder, constant
from backends.modelgraph.slice_rules import RULES
from backends.modelgraph.vendor_hls.multipliers import constant_multipliers
from backends.openhls import registered_sums, toolchain, yosys
from backends.openhls.yosys import Counts, count, synthesiser
from dse.contracts.errors import EvaluationError

pytestmark = pytest.mark.skipif(not synthesiser(), reason="yosys is not installed")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


_HARD_TANH = [hard_tanh(Constant(307, 10), Constant(1, 1))]


def multiplier(a_bits: int, b_bits: int) -> Module:
    code = VerilogBuilder()
    a, b = (code.wire(bits, name) for bits, name in ((a_bits, "a"), (b_bits, "b")))
    y = code.register(a_bits + b_bits, f"{a} * {b}")
    return code.module("mul", [Port("a", a_bits), Port("b", b_bits)], (a_bits + b_bits, y), 1)


def test_registers_are_flip_flops_and_nothing_else(cache: Path) -> None:
    assert count(hold(24, 8, 8), "yosys", cache) == Counts(ff=24)


def test_a_delay_line_is_shift_registers(cache: Path) -> None:
    found = count(hold(8, 12, 1), "yosys", cache)
    assert (found.srl, found.dsp, found.lut) == (8, 0, 0)


@pytest.mark.parametrize(
    ("bits", "rule", "slices"),
    [
        ((25, 18), "yosys", 1),
        ((18, 25), "yosys", 1),
        ((8, 6), "yosys", 1),
        ((8, 6), "vivado_hls-2020.1", 0),
        ((16, 5), "vivado_hls-2020.1", 1),
        ((5, 16), "vivado_hls-2020.1", 1),
        ((16, 4), "vivado_hls-2020.1", 0),
        ((8, 8), "vitis_hls-2023.2", 1),
        ((8, 4), "vitis_hls-2023.2", 0),
        ((26, 18), "yosys", 2),
    ],
)
def test_which_multipliers_take_slices(
    cache: Path, bits: tuple[int, int], rule: str, slices: int
) -> None:
    found = count(multiplier(*bits), rule, cache)
    assert found.dsp == slices
    assert (found.lut > 0) == (slices == 0)


@pytest.mark.parametrize("tool", sorted(set(RULES) - {"yosys"}))
def test_slices_of_constants_are_those_of_the_rule(cache: Path, tool: str) -> None:
    """Yosys' techmap against the function that `estimate` counts with, by value."""
    weights = np.array([-128, -93, -17, -11, -5, 3, 7, 11, 21, 24, 43, 85, 88, 127])
    code = VerilogBuilder()
    x = code.wire(8, "x")
    products = [code.register(16, f"{x} * {constant(int(w), 8)}") for w in weights]
    packed = code.wire(16 * len(weights), f"{{{', '.join(products)}}}")
    module = code.module("products", [Port("x", 8)], (16 * len(weights), packed), 1)
    rule = RULES[tool]
    assert rule is not None
    assert count(module, tool, cache).dsp == constant_multipliers(weights[None, :], 8, rule)


def test_a_large_table_is_a_block_ram(cache: Path) -> None:
    fixed = FixedType(16, 6)
    contents = [int(value) for value in np.random.default_rng(1).integers(0, 1 << 15, 1024)]
    found = count(
        table_activation("sigmoid", TableSpec(fixed, fixed, contents, 64)), "yosys", cache
    )
    assert found.bram_18k == 1


@pytest.mark.parametrize("entries", [2, 64, 1024])
def test_tables_in_files_are_counted_as_tables_in_the_text(
    tmp_path: Path, entries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    eight = FixedType(8, 4)
    contents = [(37 * i) % 251 - 125 for i in range(entries)]  # negative ones too
    module = table_activation("t", TableSpec(FixedType(16, 6), eight, contents, 1))
    assert "initial begin" in module.text
    found = count(module, "yosys", tmp_path / "files")
    monkeypatch.setattr(yosys, "tables_in_files", lambda text, _: text)
    plain = count(module, "yosys", tmp_path / "text")
    same = (found.ff, found.dsp, found.bram_18k)
    assert same == (plain.ff, plain.dsp, plain.bram_18k)
    assert found.lut == pytest.approx(plain.lut, rel=0.05)


def layer(reuse: int, bits: int = 16) -> DenseSpec:
    rng = np.random.default_rng(3)
    distinct = rng.permutation(128).reshape(16, 8) * 2 + (3 << 8) + 1  # equal ones are shared
    weights = rng.choice([-1, 1], (16, 8)) * distinct
    fixed = FixedType(bits, 6)
    bias = Tensor(np.zeros(8, dtype=np.int64), bits - 6)
    return DenseSpec(Tensor(weights, 10), bias, fixed, fixed, fixed, fixed, reuse)


@pytest.mark.parametrize("reuse", [1, 2, 4, 8, 16, 32, 64, 128])
def test_multipliers_are_shared_by_the_reuse_factor(cache: Path, reuse: int) -> None:
    """n_in * n_out / R, as hls4ml's multiplier_limit says."""
    assert count(dense(layer(reuse)), "yosys", cache).dsp == 16 * 8 // reuse


def test_look_up_tables_fall_with_reuse(cache: Path) -> None:
    found = [count(dense(layer(reuse)), "yosys", cache).lut for reuse in (1, 4, 16, 64)]
    assert found == sorted(found, reverse=True)
    assert found[0] > 2 * found[-1]


def test_wide_numbers_take_more_slices(cache: Path) -> None:
    narrow, wide = (count(dense(layer(8, bits)), "yosys", cache) for bits in (20, 26))
    assert (narrow.dsp, wide.dsp) == (16, 32)


_MODES = FixedType(12, 4, rounding="RND_CONV", overflow="SAT")
_SINE = TableSpec(FixedType(32, 12), FixedType(16, 6), [*range(1023), 7], 64)
_STAGES: dict[str, tuple[Callable[[], Module], int]] = {
    "16 bits": (lambda: dense(layer(8)), 6),
    "16 bits, several outputs in turn": (lambda: dense(layer(32)), 6),
    "rounded and limited": (
        lambda: dense(replace(layer(8), accum=FixedType(16, 4), result=_MODES, relu=_MODES)),
        6,
    ),
    "address of a table, from 32 bits": (lambda: table_activation("sigmoid", _SINE), 6),
    "hard tanh": (
        lambda: mapped("hard", FixedType(16, 6), FixedType(16, 6), _HARD_TANH),
        6,
    ),
    "20 bits": (lambda: dense(layer(8, 20)), 6),
    "a choice of 64": (lambda: dense(layer(64)), 6),
    "address of a table, from 20 bits": (
        lambda: table_activation("sigmoid", replace(_SINE, given=FixedType(20, 6))),
        6,
    ),
    # not divided: the carry chain of one sum
    "accumulator of 32 bits": (lambda: dense(layer(8, 32)), 1 + 32 // 4),
}


@pytest.mark.parametrize("stage", _STAGES)
def test_levels_between_registers(stage: str, cache: Path) -> None:
    """The bounds of docs/backends/open.md: look-up tables and carry blocks."""
    made, most = _STAGES[stage]
    assert 0 < count(made(), "yosys", cache).levels <= most


_SUMS = {
    "sum": "q <= a + b; y <= q",
    "difference": "q <= a - b; y <= q",
    "tree": "q <= a + b; r <= b - a; y <= q + r",
    "chained": "y <= a + b + b; q <= a + b",
    "part": "q <= a + b; r <= q[8:2] + b; l <= q[1:0]; y <= {r, l}",
    "delayed": "q <= a + b; l <= q[1:0]; k <= l; m <= k; r <= q; y <= {r, m}",
    "shifted": "q <= a + c; y <= q",
    "enabled": "q <= a + b; if (a[0]) r <= q; y <= r",
    "short": "k <= l + m; l <= a; m <= b; y <= k",
    "constant": "q <= a + d; y <= q",
    "cut": "q <= a + b; y <= q[9:7]",
    "product": "q <= a * b; r <= q + a; y <= r",
}
"""What a copy of a module registers, from a and b, with c = a >>> 2 and d = 5."""


def copies(body: str, number: int) -> Module:
    """Return a module that has a circuit so often, between ports of its own."""
    made = []
    for i in range(number):
        one = re.sub(r"\b([abcdqrklmy])\b", rf"\g<1>{i}", body)
        made += [
            f"wire signed [9:0] a{i} = a[{10 * i}+:10], b{i} = b[{10 * i}+:10];",
            f"wire signed [9:0] c{i} = a{i} >>> 2, d{i} = 5;",
            f"reg signed [9:0] q{i}, r{i}; reg [1:0] k{i}, l{i}, m{i};",
            f"reg signed [15:0] y{i}; assign y[{16 * i}+:16] = y{i};",
            *(f"always @(posedge clk) {part};" for part in one.split("; ")),
        ]
    ports = f"input clk, input [{10 * number - 1}:0] a, b, output [{16 * number - 1}:0] y"
    text = "\n".join([f"module copies ({ports});", *made, "endmodule\n"])
    return Module("copies", text, 1)


@pytest.mark.parametrize("kind", _SUMS)
def test_many_sums_count_as_few_do(kind: str, cache: Path) -> None:
    """From some number on sums between registers are mapped apart (`registered_sums`)."""
    one, many = copies(_SUMS[kind], 1), copies(_SUMS[kind], 20)
    assert registered_sums.worthwhile(many.text)
    assert not registered_sums.worthwhile(one.text)
    each, found = count(one, "yosys", cache) * 20, count(many, "yosys", cache)
    assert found.lut <= each.lut  # abc9 of newer versions takes one more for every difference
    assert replace(found, lut=0, levels=0) == replace(each, lut=0, levels=0)


def test_counts_depend_on_the_module_alone(cache: Path, tmp_path: Path) -> None:
    first = count(dense(layer(16)), "yosys", cache)
    assert count(dense(layer(16)), "yosys", tmp_path) == first


def test_counts_are_kept(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = count(hold(24, 8, 8), "yosys", cache)
    monkeypatch.setattr("backends.openhls.yosys.run_script", None)
    assert count(hold(24, 8, 8), "yosys", cache) == first


def test_the_cell_library_is_kept_once(tmp_path: Path) -> None:
    for bits in (3, 4):
        assert count(hold(bits, 8, 8), "yosys", tmp_path).ff == bits
    program = toolchain.yosys()
    is_old = program is not None and program.numbers <= (0, 23)  # newer ones read the Verilog
    assert len(list(tmp_path.rglob("cells.il"))) == is_old


@pytest.mark.parametrize("damage", ["{}", "", '{"lut": 1'])
def test_a_damaged_cache_is_mended(tmp_path: Path, damage: str) -> None:
    first = count(hold(24, 8, 8), "yosys", tmp_path)
    (stored,) = tmp_path.glob("yosys/*/counts.json")
    stored.write_text(damage)
    assert count(hold(24, 8, 8), "yosys", tmp_path) == first
    stored.unlink()
    assert count(hold(24, 8, 8), "yosys", tmp_path) == first


def test_a_module_yosys_cannot_read_is_a_failure_with_its_log(tmp_path: Path) -> None:
    broken = Module("broken", "module broken (;", 0)
    with pytest.raises(EvaluationError, match=f"{synthesiser().split()[0]} failed") as caught:
        count(broken, "yosys", tmp_path)
    assert "syntax error" in caught.value.log


def test_counts_add_up() -> None:
    a, b = Counts(lut=3, levels=4), Counts(lut=1, dsp=2, levels=7)
    assert a * 5 + b == Counts(lut=16, dsp=2, levels=7)
