"""Arguments of commands that take a study file, and the study loaded with its plan."""

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dse.cli.console import console, database_option

if TYPE_CHECKING:
    from dse.contracts.backend import Backend, Probe
    from dse.engine.plan import Plan
    from dse.store.store import Store
    from dse.study.binding import Binding

StudyFile = Annotated[
    Path,
    typer.Argument(
        metavar="STUDY",
        help="Study file (YAML), or the name of a shipped study (dse studies).",
        show_default=False,
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="PATH=VALUE", help="Override, e.g. space.total_bits.values=[8,12]."
    ),
]
CacheFolder = Annotated[
    Path,
    typer.Option(
        "--cache",
        metavar="FOLDER",
        envvar="DSE_CACHE",
        help="Folder of reusable work, e.g. trained networks.",
    ),
]
DEFAULT_CACHE = Path(".dse/cache")

_TRIED = 20
"""Sample points of a search that are planned to find missing files before anything runs."""


@dataclass(frozen=True)
class Loaded:
    """A study, its adapters, and its plan: an empty one for a search.

    Args:
        binding: the study, bound to plug-ins.
        backends: adapters by name.
        plan: of all points of a grid.
        sample: plan of some points that a search may choose; empty for a grid.
    """

    binding: "Binding"
    backends: "dict[str, Backend]"
    plan: "Plan"
    sample: "Plan | None" = None

    def stored_in(self, store: "Store") -> "Loaded":
        """Return this study with the name that it has in the database."""
        name = store.own_name(self.binding.study.name)
        study = self.binding.study.model_copy(update={"name": name})
        return replace(self, binding=replace(self.binding, study=study))

    def unknown_parts(self) -> dict[str, str]:
        """Return why no capacity is known of parts that jobs name: they may be misspelt."""
        from dse.analysis.utilisation import part_problem

        jobs = (self.plan if self.sample is None else self.sample).jobs.values()
        named = {str(part) for job in jobs if (part := job.parameters.get("part")) is not None}
        return {part: problem for part in sorted(named) if (problem := part_problem(part))}

    @property
    def chooses(self) -> bool:
        """Whether points, or backends of points, are chosen from results."""
        search = self.binding.study.search
        return search.method != "grid" or bool(search.ladder)

    @property
    def missing(self) -> dict[str, str]:
        """Reason and installation hint of each backend that cannot run here, by name."""
        return {
            name: f"{probe.reason}: {probe.install}"
            for name, probe in self.plan.probes.items()
            if not probe.available
        }


def load(
    study: Path,
    overrides: list[str] | None,
    cache: Path = DEFAULT_CACHE,
    probe: "Callable[[Sequence[str]], Mapping[str, Probe]] | None" = None,
) -> Loaded:
    """Read a study, bind it to the installed plug-ins and plan it.

    Args:
        study: path of a file, or name of a shipped study.
        overrides: of `--set`.
        cache: folder of the cache, for a space per layer.
        probe: returns what there is of the named backends where they will run; None for this
            machine.

    Raises:
        DseError: the study is wrong, or refers to something that is not there.
    """
    from dse.cli.per_layer_study import expander
    from dse.contracts.registry import Registry
    from dse.engine.plan import Planner
    from dse.search.methods import check_installed
    from dse.study.binding import sample_points
    from dse.study.shipped import find_study
    from dse.study.validate import load_binding

    file = find_study(study)
    binding = load_binding(file, overrides or (), Registry.installed(), expander(file, cache))
    backends = {name: kind() for name, kind in binding.backends.items()}
    planner = Planner(binding, backends, probes=probe(list(backends)) if probe else None)
    if binding.study.search.method == "grid":
        return Loaded(binding, backends, planner.plan(list(binding.space.points())))
    check_installed(binding.study.search.method)
    sample = planner.plan(list(islice(sample_points(binding), _TRIED)))
    return Loaded(binding, backends, planner.plan([]), sample)


Option = str | int | list[str] | None


def run_command(
    study: str,
    overrides: Sequence[str],
    database: str,
    options: Mapping[str, Option] | None = None,
) -> str:
    """Return the command that runs a study once more, to be pasted into a shell.

    Args:
        study: path of its file, or its name.
        overrides: of `--set`.
        database: of `--db`.
        options: further options by name, flags with a truth value, those that may be repeated
            with a list. What is None, False, empty or the default is left out.
    """
    given = {"--set": list(overrides), **(options or {})}
    words = [word for name, value in given.items() for word in _words(name, value)]
    return shlex.join(["dse", "run", study, *database_option(database), *words])


def _words(name: str, value: Option) -> Iterator[str]:
    """Yield an option as it is typed."""
    if not value or (name, value) == ("--cache", str(DEFAULT_CACHE)):
        return
    for one in value if isinstance(value, list) else [value]:
        yield name
        if one is not True:
            yield str(one)


def warn_of_parts(unknown: Mapping[str, str]) -> None:
    """Print a warning for every part whose capacity is not known; see `Loaded.unknown_parts`."""
    for part, problem in unknown.items():
        console(stderr=True).print(f"warning: part '{part}': {problem}; no utilisation without it")
