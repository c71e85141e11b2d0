"""What `dse solve` is asked for: options, or a YAML file with the same names."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from dse.analysis.utilisation import capacity_of_part
from dse.analysis.wishes import OPTIONS, Wishes, time_ns, wishes_of
from dse.cli.solve_bounds import Bounds, bounds_of
from dse.cli.solve_network import Network, of_files, of_study
from dse.contracts.errors import UsageError, nearest
from dse.contracts.registry import installed_metrics
from dse.study.source import load_yaml

_LIMITS = ("accuracy", *OPTIONS)
_PATHS = ("model", "data", "targets", "study")
_HINT = "dse solve --model my.keras --data test.npz --part xc7a100t --accuracy 0.97"
_CLOCK = "5ns"


@dataclass(frozen=True)
class SolveRequest:
    """A budget and the network that it is for.

    Args:
        network: with its test set.
        folder: of the study and the page.
        part: FPGA part.
        clock_period_ns: requested clock period.
        limits: as written, by option.
        optimise: option to optimise; None for the default.
    """

    network: Network
    folder: Path
    part: str
    clock_period_ns: float
    limits: Mapping[str, str]
    optimise: str | None

    def bounds(self, cache: Path) -> Bounds:
        """Return what is known of the network; see `bounds_of`."""
        return bounds_of(self.folder, self.network, cache, self.part, self.clock_period_ns)

    def wishes(self, score: str, quality: float | None = None) -> Wishes:
        """Return what is wanted, for a network with a figure of merit; raises as `wishes_of`.

        Args:
            score: the figure of merit.
            quality: its value before quantisation, where that is known.
        """
        wishes = wishes_of(
            self.limits,
            score=score,
            score_direction=installed_metrics()[score].direction,
            optimise=self.optimise,
            part=self.part,
            clock_period_ns=self.clock_period_ns,
        )
        return replace(wishes, quality=quality)


def read(file: Path | None, options: Mapping[str, str | None], out: Path | None) -> SolveRequest:
    """Return what is asked for; options on the command line count before those of the file.

    Raises:
        UsageError: something is missing, unknown or makes no sense.
        StudyError: the file cannot be read.
    """
    given = _of_file(file, options) if file else {}
    given |= {name: value for name, value in options.items() if value is not None}
    for name in ("part",) if "study" in given else ("model", "data", "part"):
        if name not in given:
            raise UsageError(f"--{name} is missing", hint=_HINT)
    capacity_of_part(given["part"])
    _check_optimise(given.get("optimise"))
    folder = out or Path(f"{Path(given.get('study', given.get('model', ''))).stem}-solve")
    clock = time_ns(given.get("clock", _CLOCK), f"--clock {given.get('clock', _CLOCK)}")
    if clock < 0.1:
        raise UsageError("no FPGA has such a clock", where="--clock", hint="such as 5ns")
    network = _network(given, folder)
    limits = {name: given[name] for name in _LIMITS if name in given}
    found = SolveRequest(network, folder, given["part"], clock, limits, given.get("optimise"))
    found.wishes(network.score or "accuracy")  # mistakes are told before the network is read
    return found


def _of_file(file: Path, options: Mapping[str, str | None]) -> dict[str, str]:
    source = load_yaml(file)
    found = {}
    for name, value in source.tree.items():
        if name not in options:
            raise source.mistake((name,), f"'{name}' is not known", nearest(name, options))
        if isinstance(value, (dict, list, bool)) or value is None:
            raise source.mistake((name,), f"'{name}' should be a text or a number")
        found[name] = _path(str(value), file.parent) if name in _PATHS else str(value)
    return found


def _path(text: str, folder: Path) -> str:
    """Return a path of the file relative to here; a shipped study has none."""
    place = folder / text
    return str(place) if place.exists() or Path(text).suffix else text


def _check_optimise(name: str | None) -> None:
    if name is not None and name not in _LIMITS:
        hint = nearest(name, _LIMITS)
        raise UsageError(f"'{name}' cannot be optimised", where=f"--optimise {name}", hint=hint)


def _network(given: Mapping[str, str], folder: Path) -> Network:
    """Return the network that options name.

    Raises:
        UsageError: they name two, or a file does not exist.
    """
    if "study" not in given:
        return of_files(given["model"], given["data"], given.get("targets"), folder)
    if other := next((name for name in ("model", "data", "targets") if name in given), None):
        raise UsageError(f"--{other} and --study both name the network", hint="leave one out")
    return of_study(given["study"], folder)
