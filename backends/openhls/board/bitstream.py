"""Write a package for a board, simulate all of it, and make the bitstream."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from backends.modelgraph.rtl.circuit import TOP
from backends.openhls.board.boards import BOARDS
from backends.openhls.board.contents import BoardDesign, board_contents, check
from backends.openhls.package import writing
from backends.openhls.package.design import Design
from backends.openhls.pnr.families import named_target
from backends.openhls.pnr.fit import check_fit
from backends.openhls.pnr.flow import SPARES, none_routed
from backends.openhls.pnr.route import SeedStalledError, check_progress, failure_of
from backends.openhls.pnr.synthesis import map_to
from dse.contracts.errors import EvaluationError, FailureKind

_DIVIDERS = (1, 2, 4, 8)
"""By which the oscillator is divided; the first with which the timing is met is taken."""

_LOG = f"{writing.BUILD}/board.log"
_LEFT = (_LOG, f"{writing.BUILD}/board.config", f"{writing.BUILD}/board.routed.json")
"""What nextpnr leaves, so that make runs it again with another seed."""


def write_board(
    design: Design, folder: Path, board: str, tools: Mapping[str, str], cache: Path
) -> Sequence[str]:
    """Write a package with the bitstream of a board into an empty folder.

    The design runs at the board's clock, or at the highest even division of it that is met after
    routing.

    Args:
        design: what is packaged.
        folder: an empty folder.
        board: name of the board.
        tools: `variables` of the board.
        cache: shared cache folder.

    Returns:
        What the testbenches say, and the clock.

    Raises:
        EvaluationError: an output differs, the design does not fit, which is told before it is
            simulated, or it meets no division of the clock.
    """
    check(design)
    target = named_target(BOARDS[board].part)
    check_fit(target.part, map_to(target.family, design.text, TOP, cache).counts)
    for divide in _DIVIDERS:
        made = BoardDesign(design, BOARDS[board], divide)
        writing.write(board_contents(made), folder)
        said = writing.simulate(folder)
        reached = _routed(made, folder, tools)
        if reached >= made.core_mhz:
            writing.finish(folder)
            return (*said, f"{reached:.1f} MHz after routing, {made.core_mhz:g} MHz used")
        writing.clean(folder)
    raise EvaluationError(
        FailureKind.INVALID_POINT,
        f"the design reaches {reached:.1f} MHz on {board}, less than its clock divided by {divide}",
        hint="take a higher reuse factor or fewer bits",
    )


def _routed(made: BoardDesign, folder: Path, tools: Mapping[str, str]) -> float:
    """Make the bitstream with the first seed whose routing does not stall.

    The package's Makefile names the seed, so that it makes the same bitstream.

    Returns:
        The clock in MHz that it reaches.

    Raises:
        EvaluationError: the design does not fit, a tool failed, or every seed stalled.
    """
    failed: dict[int, EvaluationError] = {}
    for seed in range(1, SPARES + 2):
        with_seed = replace(made, design=replace(made.design, seed=seed))
        writing.write({"Makefile": board_contents(with_seed)["Makefile"]}, folder)
        try:
            return _bitstream(folder, tools)
        except SeedStalledError as error:
            failed[seed] = error
    raise none_routed(failed)


def _bitstream(folder: Path, tools: Mapping[str, str]) -> float:
    """Make the bitstream, and return the clock in MHz that it reaches.

    Raises:
        SeedStalledError: the router made no progress.
        EvaluationError: the design does not fit, or a tool failed.
    """
    for name in _LEFT:
        (folder / name).unlink(missing_ok=True)
    log = folder / _LOG
    try:
        writing.make(folder, "bitstream", partial(check_progress, log), **tools)
    except EvaluationError as error:
        check_progress(log)
        raise failure_of(error, log.read_text(errors="replace") if log.is_file() else "") from error
    check_progress(log)
    found = re.findall(r"Max frequency for clock .*?: ([\d.]+) MHz", log.read_text())
    if not found:
        message = "nextpnr reports no clock"
        raise EvaluationError(FailureKind.REPORT_MISSING, message)
    # nextpnr tells every clock after placement, and again after routing: the last ones count
    clocks = len(set(re.findall(r"Max frequency for clock\s+'([^']+)'", log.read_text())))
    return min(float(value) for value in found[-max(clocks, 1) :])
