"""Tables that Yosys reads from files."""

from pathlib import Path

from backends.modelgraph.rtl.modules.tables import rom
from backends.modelgraph.rtl.verilog import Port, VerilogBuilder
from backends.openhls.table_files import tables_in_files


def test_files_hold_the_tables_and_the_rest_stays(tmp_path: Path) -> None:
    code = VerilogBuilder()
    first = rom(code, "a", [3, -1, *[0] * 998], 6)
    second = rom(code, "a", [1, 2], 2)
    text = code.module("two", [Port("a", 10)], (6, first), 1).text
    found = tables_in_files(text, tmp_path)
    assert second in found
    files = {file.stem: file.read_text().split() for file in tmp_path.glob("*.hex")}
    contents = sorted([int(entry, 16) for entry in entries] for entries in files.values())
    assert contents == [[1, 2], [3, 63, *[0] * 998]]
    assert all(f'initial $readmemh("{name}.hex", {name});' in found for name in files)
    assert "initial begin" not in found
    left = [line for line in text.splitlines() if "'h" not in line]
    assert left
    assert all(line in found for line in left)


def test_what_is_no_table_stays(tmp_path: Path) -> None:
    text = "module m; reg a; initial begin a = 1'h1; end endmodule"
    assert tables_in_files(text, tmp_path) == text
