"""Fits whose errors and intervals come from networks that were left out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from backends.modelgraph.vendor_hls.fitted import Fit
from backends.modelgraph.vendor_hls.predicted import LEVEL_PERCENT
from dse.analysis.intervals import conformal

Numbers = NDArray[np.float64]
Choice = NDArray[np.bool_]


@dataclass(frozen=True)
class Samples:
    """Designs that share coefficients: of one regime, or of several that are built alike.

    Args:
        names: of the features.
        features: (n, k).
        reports: (n,).
        networks: of each design, (n,).
        regimes: of each design, (n,).
        properties: by name, (n,).
        counted: whether features are counts of what is reported, with coefficients of 1.
    """

    names: tuple[str, ...]
    features: Numbers
    reports: Numbers
    networks: NDArray[np.str_]
    regimes: NDArray[np.str_]
    properties: dict[str, Numbers]
    counted: bool = False

    @property
    def all(self) -> Choice:
        """Every design."""
        return np.ones(len(self.reports), dtype=bool)

    def solve(self, chosen: Choice) -> Numbers:
        """Return the coefficients, none negative, with the least relative errors."""
        if self.counted:
            return np.ones(len(self.names))
        scale = self.reports[chosen]
        found: Numbers = nnls(self.features[chosen] / scale[:, None], np.ones(len(scale)))[0]
        return found

    def errors(self, left_out: Choice, among: Choice) -> Numbers:
        """Return log(report / prediction) of designs left out, fitted to the others of a set."""
        predicted = self.features[left_out] @ self.solve(among & ~left_out)
        return np.log(self.reports[left_out] / np.maximum(predicted, 1e-9))

    def by_network(self, among: Choice) -> Numbers:
        """Return the errors of every network of a set, each left out in turn."""
        found = np.zeros(len(self.reports))
        for network in np.unique(self.networks[among]):
            mine = (self.networks == network) & among
            found[mine] = self.errors(mine, among)
        return found[among]

    def at_edges(self) -> Iterator[float]:
        """Yield the errors of the designs at every edge of the data, left out together."""
        for values in self.properties.values():
            within = [len(np.unique(values[self.regimes == each])) for each in self.regimes]
            for edge in {values.min(), values.max()} if max(within) > 2 else ():
                yield from self.errors(values == edge, self.all)

    def of_regimes(self) -> Iterator[tuple[str, Choice]]:
        """Yield every regime and its designs."""
        for name in dict.fromkeys(self.regimes.tolist()):
            yield name, self.regimes == name


def joined(parts: Sequence[Samples]) -> Samples:
    """Return the designs of regimes with equal features, in their order.

    Raises:
        ValueError: they have other features.
    """
    first = parts[0]
    if any(each.names != first.names for each in parts):
        raise ValueError(f"regimes that share coefficients have other features than {first.names}")
    return Samples(
        first.names,
        np.concatenate([each.features for each in parts]),
        np.concatenate([each.reports for each in parts]),
        np.concatenate([each.networks for each in parts]),
        np.concatenate([each.regimes for each in parts]),
        {name: np.concatenate([e.properties[name] for e in parts]) for name in first.properties},
        first.counted,
    )


def quantile(errors: Numbers) -> float:
    """Return the size of error that a new design stays below at the level of the intervals."""
    return conformal(errors, LEVEL_PERCENT / 100)


def covered(errors: Numbers, networks: NDArray[np.str_]) -> Numbers:
    """Return whether reports are in an interval of the errors of other networks, as 0 and 1.

    Args:
        errors: of networks left out of the fit, (n,).
        networks: (n,).
    """
    inside = np.zeros(len(errors))
    for network in np.unique(networks):
        mine = networks == network
        inside[mine] = np.abs(errors[mine]) <= quantile(errors[~mine])
    return inside


def fit_pool(pool: Sequence[Samples], source: str) -> dict[str, Fit]:
    """Return the fits of regimes that share an interval, with their errors on networks left out."""
    errors = [samples.by_network(samples.all) for samples in pool]
    edges = [error for samples in pool for error in samples.at_edges()]
    inside = covered(np.concatenate(errors), np.concatenate([each.networks for each in pool]))
    shared = _Shared(np.concatenate(errors), np.array(edges), inside, source)
    by_samples = np.split(inside, np.cumsum([len(own) for own in errors])[:-1])
    return {
        name: shared.fit(samples, chosen, own[chosen], held[chosen])
        for samples, own, held in zip(pool, errors, by_samples, strict=True)
        for name, chosen in samples.of_regimes()
    }


def fit_across(samples: Samples, tools: NDArray[np.str_], source: str) -> Fit:
    """Return a fit to the designs of all tools, with the errors of a whole tool left out."""
    errors = replace(samples, networks=tools).by_network(samples.all)
    inside = covered(errors, samples.networks)
    shared = _Shared(errors, np.array(list(samples.at_edges())), inside, source)
    return shared.fit(samples, samples.all, errors, inside)


@dataclass(frozen=True)
class _Shared:
    """What the regimes of a pool have in common: errors, inside and at edges, and coverage."""

    errors: Numbers
    edges: Numbers
    inside: Numbers
    source: str

    def fit(self, samples: Samples, chosen: Choice, errors: Numbers, inside: Numbers) -> Fit:
        """Return the fit of a regime from its samples, and its own errors and coverage."""
        spread = quantile(self.errors)
        ranges = {name: values[chosen] for name, values in samples.properties.items()}
        missed = np.abs(np.expm1(-errors))
        return Fit(
            coefficients=_coefficients(samples, chosen),
            spread=round(spread, 4),
            extrapolated_spread=round(max(spread, quantile(self.edges)), 4),
            ranges={name: (float(v.min()), float(v.max())) for name, v in ranges.items()},
            designs=len(errors),
            networks=len(np.unique(samples.networks[chosen])),
            median_error=round(float(np.median(missed)), 4),
            ninety_percent_error=round(float(np.quantile(missed, 0.9)), 4),
            coverage=round(float(np.mean(inside)), 3),
            pool_coverage=round(float(np.mean(self.inside)), 3),
            source=self.source,
        )


def _coefficients(samples: Samples, chosen: Choice) -> dict[str, float]:
    """Return the coefficients, fitted to all samples, of the features that the chosen ones have."""
    used = samples.features[chosen].any(axis=0)
    named = zip(samples.names, samples.solve(samples.all), used, strict=True)
    return {name: float(f"{value:.5g}") for name, value, has in named if value and has}
