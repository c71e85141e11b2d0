"""Names of FPGA parts."""


def bare(part: object) -> str:
    """Return a part's name without hyphens, in lower case: equal for all its spellings."""
    return str(part).lower().replace("-", "")
