"""Contents of a module's tables in files, which Yosys reads in a tenth of the time.

Of assignments in an `initial` block Yosys makes one cell per entry, and every pass then goes
through them; of a file it makes one cell. A table that becomes look-up tables may take a few more
or less of them; one in block RAM counts the same.
"""

import re
from pathlib import Path

_ASSIGNED = re.compile(r"initial begin (\w+)\[0\] = (.*?;)\s+end\b", re.DOTALL)
_ENTRY = re.compile(r"(?:\w+\[\d+\] = )?\d+'h([0-9a-f]+);")


def tables_in_files(text: str, folder: Path) -> str:
    """Write the tables of a Verilog text to `folder`; return the text that reads them there.

    Args:
        text: text whose tables `rtl.modules.tables.rom` wrote; all else stays as it is.
        folder: folder in which Yosys runs.
    """

    def read(found: re.Match[str]) -> str:
        name, entries = found.groups()
        (folder / f"{name}.hex").write_text("\n".join(_ENTRY.findall(entries)) + "\n")
        return f'initial $readmemh("{name}.hex", {name});'

    return _ASSIGNED.sub(read, text)
