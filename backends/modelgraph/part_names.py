"""Names of FPGA parts."""


def bare(part: object) -> str:
    """Return a part's name without hyphens, in lower case: equal for all its spellings."""
    return str(part).lower().replace("-", "")


_FOUR_INPUTS = ("lfe5", "lifcl", "lfcpnx", "gw")
"""First letters of families with 4-input look-up tables: ECP5, Nexus, Gowin."""


def look_up_inputs(part: object) -> int:
    """Return the inputs of a part's look-up tables: 4 or, of all other families, 6."""
    return 4 if bare(part).startswith(_FOUR_INPUTS) else 6


def is_xilinx(part: object) -> bool:
    """Return whether a part is of Xilinx (AMD): xc…, or xa… and xq… for cars and defence."""
    return bare(part).startswith(("xc", "xa", "xq"))
