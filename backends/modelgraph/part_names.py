"""Names of FPGA parts."""


def bare(part: object) -> str:
    """Return a part's name without hyphens, in lower case: equal for all its spellings."""
    return str(part).lower().replace("-", "")


def is_xilinx(part: object) -> bool:
    """Return whether a part is of Xilinx (AMD): xc…, or xa… and xq… for cars and defence."""
    return bare(part).startswith(("xc", "xa", "xq"))
