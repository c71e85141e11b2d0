"""Run a Yosys script by the package pyosys, with the arguments of the program `yosys`.

The library ends the process when a command fails, so it needs a process of its own.
"""

from collections.abc import Sequence


def main(arguments: Sequence[str]) -> None:
    """Run the script named last: ``-q -s FILE``; what is read and written is relative to it."""
    from pyosys import libyosys

    libyosys.run_pass(f"script {arguments[-1]}", libyosys.Design())
