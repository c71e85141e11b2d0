"""What `dse solve` is asked for: options, or a YAML file with the same names."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dse.analysis.utilisation import capacity_of_part
from dse.analysis.wishes import OPTIONS, Wishes, time_ns, wishes_of
from dse.cli.network_facts import Request
from dse.cli.solve_bounds import Bounds, bounds_of
from dse.contracts.errors import UsageError, nearest
from dse.contracts.registry import installed_metrics
from dse.study.source import load_yaml

_LIMITS = ("accuracy", *OPTIONS)
_PATHS = ("model", "data", "targets")
_CLOCK = "5ns"


@dataclass(frozen=True)
class SolveRequest:
    """A budget and the network that it is for.

    Args:
        asked: network and test set, relative to `folder`.
        folder: of the study and the page.
        part: FPGA part.
        clock_period_ns: requested clock period.
        limits: as written, by option.
        optimise: option to optimise; None for the default.
    """

    asked: Request
    folder: Path
    part: str
    clock_period_ns: float
    limits: Mapping[str, str]
    optimise: str | None

    def bounds(self, cache: Path) -> Bounds:
        """Return what is known of the network; see `bounds_of`."""
        return bounds_of(self.folder, self.asked, cache, self.part, self.clock_period_ns)

    def wishes(self, score: str) -> Wishes:
        """Return what is wanted, for a network with a figure of merit; raises as `wishes_of`."""
        return wishes_of(
            self.limits,
            score=score,
            score_direction=installed_metrics()[score].direction,
            optimise=self.optimise,
            part=self.part,
            clock_period_ns=self.clock_period_ns,
        )


def read(file: Path | None, options: Mapping[str, str | None], out: Path | None) -> SolveRequest:
    """Return what is asked for; options on the command line count before those of the file.

    Raises:
        UsageError: something is missing, unknown or makes no sense.
        StudyError: the file cannot be read.
    """
    given = _of_file(file, options) if file else {}
    given |= {name: value for name, value in options.items() if value is not None}
    for name in ("model", "data", "part"):
        if name not in given:
            hint = "dse solve --model my.keras --data test.npz --part xc7a100t --accuracy 0.97"
            raise UsageError(f"--{name} is missing", hint=hint)
    capacity_of_part(given["part"])
    _check_optimise(given.get("optimise"))
    folder = out or Path(f"{Path(given['model']).stem}-solve")
    clock = time_ns(given.get("clock", _CLOCK), f"--clock {given.get('clock', _CLOCK)}")
    if clock < 0.1:
        raise UsageError("no FPGA has such a clock", where="--clock", hint="such as 5ns")
    asked = Request(
        _beside(given["model"], folder),
        _data(given["data"], folder),
        _data(given["targets"], folder) if "targets" in given else None,
    )
    limits = {name: given[name] for name in _LIMITS if name in given}
    found = SolveRequest(asked, folder, given["part"], clock, limits, given.get("optimise"))
    found.wishes("accuracy")  # what makes no sense for any network is told before it is read
    return found


def _of_file(file: Path, options: Mapping[str, str | None]) -> dict[str, str]:
    source = load_yaml(file)
    found = {}
    for name, value in source.tree.items():
        if name not in options:
            raise source.mistake((name,), f"'{name}' is not known", nearest(name, options))
        if isinstance(value, (dict, list, bool)) or value is None:
            raise source.mistake((name,), f"'{name}' should be a text or a number")
        is_path = name in _PATHS and not Path(str(value)).is_absolute()
        found[name] = str(file.parent / str(value)) if is_path else str(value)
    return found


def _check_optimise(name: str | None) -> None:
    if name is not None and name not in _LIMITS:
        hint = nearest(name, _LIMITS)
        raise UsageError(f"'{name}' cannot be optimised", where=f"--optimise {name}", hint=hint)


def _beside(path: str, folder: Path) -> str:
    """Return a path relative to a folder."""
    if not Path(path).is_file():
        raise UsageError("there is no such file", where=path)
    return os.path.relpath(path, folder)


def _data(text: str, folder: Path) -> str:
    """Return paths of data, such as ``x.npy,y.h5:/y``, relative to a folder."""
    parts = []
    for part in text.split(","):
        place, colon, inside = part.strip().partition(":")
        parts.append(f"{_beside(place, folder)}{colon}{inside}")
    return ",".join(parts)
