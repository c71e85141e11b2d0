"""All metrics that are known: the framework's and those that plug-ins define."""

from collections.abc import Iterable, Iterator, Mapping

from dse.contracts.errors import PluginConflictError
from dse.contracts.metrics import CATALOGUE, MetricInfo, with_shares

Definitions = Iterable[tuple[str, Iterable[MetricInfo]]]
"""What each of several packages or plug-ins defines, with a name for it that errors can show."""

_FRAMEWORK = {name: ("dse", info) for name, info in CATALOGUE.items()}


class MetricCatalogue(Mapping[str, MetricInfo]):
    """Definitions by metric name, each with who made it.

    Args:
        definitions: of plug-ins; equal definitions of one name are one.
        known: owner and definition by name, to start with.

    Raises:
        PluginConflictError: two define one name differently.
    """

    def __init__(
        self,
        definitions: Definitions = (),
        known: Mapping[str, tuple[str, MetricInfo]] = _FRAMEWORK,
    ) -> None:
        self._known = dict(known)
        for owner, infos in definitions:
            for info in with_shares(infos):
                self._add(owner, info)

    def _add(self, owner: str, info: MetricInfo) -> None:
        first, known = self._known.setdefault(info.name, (owner, info))
        if known != info:
            raise PluginConflictError(
                f"{first} and {owner} define the metric '{info.name}' differently",
                hint=f"rename one of them, such as my_{info.name}, or remove one of the packages",
            )

    def __getitem__(self, name: str) -> MetricInfo:
        return self._known[name][1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def owner(self, name: str) -> str:
        """Return who defines a metric; raises `KeyError` where nobody does."""
        return self._known[name][0]

    def extended(self, definitions: Definitions) -> "MetricCatalogue":
        """Return a catalogue with more definitions; raises as the class does."""
        return MetricCatalogue(definitions, self._known)
