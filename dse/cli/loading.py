"""What `dse run` and `dse plan` share: their arguments, and a study turned into a plan."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from dse.backend import Backend
    from dse.binding import Binding
    from dse.engine.plan import Plan
    from dse.parameters import Assignment

StudyFile = Annotated[Path, typer.Argument(help="Study file (YAML).", show_default=False)]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", help="Override, e.g. space.total_bits.values=[8,12].")
]
CacheFolder = Annotated[
    Path, typer.Option("--cache", envvar="DSE_CACHE", help="Folder for work that is used again.")
]
DEFAULT_CACHE = Path(".dse/cache")


@dataclass(frozen=True)
class Loaded:
    """A study, its adapters and its plan; of a search, an empty plan."""

    binding: "Binding"
    backends: "dict[str, Backend]"
    plan: "Plan"

    @property
    def chooses(self) -> bool:
        """Whether points or backends are chosen as results come."""
        search = self.binding.study.search
        return search.method != "grid" or bool(search.ladder)

    @property
    def missing(self) -> dict[str, str]:
        """Backends that cannot run here, with why and what to install."""
        return {
            name: f"{probe.reason}: {probe.install}"
            for name, probe in self.plan.probes.items()
            if not probe.available
        }


def load(study: Path, overrides: list[str] | None) -> Loaded:
    """Read a study, bind it to the installed plug-ins and plan it.

    Raises:
        DseError: the study, or what it refers to, is wrong.
    """
    from dse.binding import bind  # noqa: PLC0415
    from dse.engine.plan import make_plan  # noqa: PLC0415
    from dse.registry import Registry  # noqa: PLC0415
    from dse.study import Study  # noqa: PLC0415

    binding = bind(Study.load(study, overrides or ()), Registry.installed())
    backends = {name: kind() for name, kind in binding.backends.items()}
    return Loaded(binding, backends, make_plan(binding, backends, _points(binding)))


def _points(binding: "Binding") -> "list[Assignment]":
    """All points of a grid; of a search none, as they depend on results."""
    return list(binding.space.points()) if binding.study.search.method == "grid" else []
