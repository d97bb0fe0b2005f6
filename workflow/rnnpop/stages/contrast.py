"""Contrast: how much each design factor shows in each distance matrix, with tests, intervals and controls for ties."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Bool, Float, Int

from rnnpop.design import name_parts
from rnnpop.names import SCHEMAS, variable
from rnnpop.numerics import contrasts
from rnnpop.numerics.scaling import classical_scaling
from rnnpop.seeds import stream

_LONG_NAMES = {
    "r2": "PERMANOVA R^2",
    "pseudo_f": "PERMANOVA pseudo-F",
    "p": "PERMANOVA p, permutations within the levels of the other factors",
    "r2_draws": "PERMANOVA R^2 of resamples of networks within cells, the same resamples for all measures and factors",
    "r2_configuration_draws": "PERMANOVA R^2 of resamples of whole populations within levels, the same for all measures",
    "knn_accuracy": "balanced accuracy of nearest neighbours of other seeds",
    "knn_chance": "one over the number of levels",
    "knn_p": "p of the accuracy, permutations within the levels of the other factors",
    "tied_fraction": "fraction of pairs whose distance another pair has too",
    "distinct_distances": "number of distinct distances",
    "within_distance": "mean distance of pairs within a level",
    "between_distance": "mean distance of pairs between levels",
    "mantel": "Spearman correlation of the distances of pairs",
    "mantel_p": "one-sided p of the correlation, networks permuted; NaN for a measure with itself",
    "linear_accuracy": "balanced accuracy of a linear classifier on classical scaling, seeds held out",
    "linear_p": "p of the accuracy, permutations within the levels of the other factors and within folds of seeds",
    "dissociation": "Spearman correlation of distances with absolute differences of the logarithm of the quantity",
    "dissociation_p": "one-sided p of the correlation, networks permuted",
    "dissociation_draws": "the correlation in resamples of networks within cells",
    "noise_floor": "median distance of a network to itself between two probe batches",
    "median_distance": "median distance of pairs",
}

#: Of the linear decoder: coordinates of classical scaling, folds of seeds, and penalty as a share of the coordinates' mean sum of squares.
_AXES, _FOLDS, _RIDGE = 20, 5, 0.1

#: Populations that a level must have for the resampling of populations within it.
_CONFIGURATIONS = 3


def contrast(
    atlases: Mapping[str, xr.Dataset], summary: xr.Dataset, factors: Sequence[str], settings: Mapping[str, Any], seed: int, *names: str
) -> xr.Dataset:
    """PERMANOVA, decoding, Mantel correlations, and correlations with function, over the distance matrices of one task and group.

    Networks of status `ok` count (where none is, as in controls, all that have not diverged), as far as every measure is finite for
    them; the attributes `kept` and `total` say how many. A measure that is finite for none of them is NaN and holds back no other.
    They are taken in the order of their names, so that neither shards nor tiles change a number. A factor with fewer than two levels
    is NaN.

    **Twins.** Networks of one cell and index that differ by their learner's axes (L2) began alike and saw the same trials. They are one
    unit: resampled together, and never neighbours of each other nor on the two sides of a fold. All other networks have streams of
    their own, so they are independent, whatever their index.

    **Tests.** Each factor is tested with permutations within the joint levels of the others. A factor that twins share is permuted
    between whole units, one in which they differ within them. For the linear classifier, whose folds leave out seeds, they are within folds
    too. R^2 itself is the factor's alone (one-way), so in an unbalanced
    design it may hold a part that factors share.

    **Function.** Distances are correlated (Spearman) with |log q_i - log q_j| of each quantity q of the summary: errors are positive and
    spread over decades, so that their ratios are compared. Networks whose quantity is not positive and finite are left out of it.

    Args:
        atlases: stores of stage `arrange`, by measure.
        summary: store of stage `summarise` that holds those networks.
        factors: design factors, which are coordinates on `network`.
        settings: `contrast` of config.yaml: `permutations`, `draws`, `neighbours`, `quantities`.
        seed: root seed.
        names: whom the random streams belong to: study, task, group.

    Returns:
        Store of stage `contrast`.
    """
    first = next(iter(atlases.values()))
    order = np.sort(first["network"].values[_kept(atlases)].astype(str))
    distances = {measure: matrix for measure, atlas in atlases.items() if np.isfinite(matrix := _matrix(atlas, order)).all()}
    kept = first.sel(network=order)
    codes = {factor: _codes(kept, factor) for factor in factors}
    quantities = {name: _quantity(summary, name, order) for name in settings["quantities"]}

    coordinates = {"measure": atlases, "other": atlases, "factor": factors, "quantity": quantities}
    sizes = {dim: len(held) for dim, held in coordinates.items()} | {"draw": settings["draws"]}
    dims = SCHEMAS["contrast"].variables
    found = {name: np.full([sizes[dim] for dim in dims[name]], np.nan) for name in dims}
    if len(order) > 2 and distances:  # fewer have no two pairs to compare
        design = _Design.of(order, kept["index"].values)
        places = {measure: place for place, measure in enumerate(atlases) if measure in distances}
        for measure, m in places.items():
            found["tied_fraction"][m], found["distinct_distances"][m] = contrasts.ties(distances[measure])
            found["median_distance"][m] = np.median(distances[measure][np.triu_indices(len(order), 1)])
            if "noise_floor" in atlases[measure]:
                floors = atlases[measure]["noise_floor"].sel(network=order).values
                found["noise_floor"][m] = np.median(floors[np.isfinite(floors)]) if np.isfinite(floors).any() else np.nan
        given = (found, distances, places)
        resampled = contrasts.resamples(design.cells, design.units, settings["draws"], stream(seed, *names, "contrast", "resamples"))
        _factors(*given, codes, design, resampled, settings, seed, names)
        _mantel(*given, design, settings["permutations"], seed, names)
        _dissociations(*given, quantities, design, resampled, settings["permutations"], seed, names)
    return xr.Dataset(
        {name: variable(dims[name], values, _LONG_NAMES[name]) for name, values in found.items()},
        coords={dim: np.array(list(held), dtype=object) for dim, held in coordinates.items()},
        attrs={"kept": len(order), "total": first.sizes["network"]},
    )


def table(contrasts: xr.Dataset) -> pd.DataFrame:
    """One row a measure and factor: R² with its 95 % bootstrap intervals (over networks; over populations, `configuration_`), tests,
    decoding, distances; sorted as in the store."""
    columns = [
        *("r2", "low", "high", "configuration_low", "configuration_high", "pseudo_f", "p"),
        *("knn_accuracy", "knn_chance", "knn_p", "linear_accuracy", "linear_p"),
        *("within_distance", "between_distance", "median_distance", "noise_floor"),
    ]
    ends = {
        f"{kind}{end}": contrasts[draws].quantile(share, "draw", skipna=False).drop_vars("quantile")
        for kind, draws in (("", "r2_draws"), ("configuration_", "r2_configuration_draws"))
        for end, share in (("low", 0.025), ("high", 0.975))
    }
    spread = contrasts.assign(ends)[columns]
    rows = spread.to_dataframe(dim_order=["measure", "factor"]).reset_index()[["measure", "factor", *columns]]
    return rows.assign(networks=contrasts.attrs["kept"])


def _kept(atlases: Mapping[str, xr.Dataset]) -> Bool[np.ndarray, " network"]:
    first = next(iter(atlases.values()))
    status = first["status"].values.astype(str)
    wanted = status == "ok" if "ok" in status else status != "diverged"
    finite = [np.isfinite(atlas["distance"].sel(network=first["network"]).values).any(axis=1) for atlas in atlases.values()]
    return wanted & np.all([own for own in finite if own[wanted].any()] or [~wanted], axis=0)


def _matrix(atlas: xr.Dataset, order: np.ndarray) -> Float[np.ndarray, "network network"]:
    return atlas["distance"].sel(network=order, partner=order).values


def _codes(networks: xr.Dataset, factor: str) -> Int[np.ndarray, " network"]:
    """Levels of a factor, numbered by name; all the same where these networks do not have it (controls have no axis of the learner)."""
    if factor not in networks.coords:
        return np.zeros(networks.sizes["network"], dtype=int)
    return pd.factorize(networks[factor].values.astype(str), sort=True)[0]


def _quantity(summary: xr.Dataset, name: str, order: np.ndarray) -> Float[np.ndarray, " network"]:
    """Logarithm of a column of the summary; NaN where it is not positive and finite, or absent."""
    values = summary[name].sel(network=order).values.astype(float) if name in summary else np.full(len(order), np.nan)
    return np.log(np.where(np.isfinite(values) & (values > 0), values, np.nan))


class _Design(NamedTuple):
    """Which networks belong together: populations, cells (whatever the learner), units (twins, told apart by learner), folds of indexes."""

    populations: Int[np.ndarray, " network"]
    cells: Int[np.ndarray, " network"]
    units: Int[np.ndarray, " network"]
    learners: Int[np.ndarray, " network"]
    folds: Int[np.ndarray, " network"]

    @classmethod
    def of(cls, names: np.ndarray, index: Int[np.ndarray, " network"]) -> _Design:
        _, cell, learner, number = (np.array(part) for part in zip(*map(name_parts, names), strict=True))
        folds = np.unique(index, return_inverse=True)[1] % _FOLDS
        parts = ([cell, learner], [cell], [cell, number], [learner])
        populations, cells, units, learners = (contrasts.joint(part, len(names)) for part in parts)
        return cls(populations, cells, units, learners, folds)


def _factors(
    found: dict[str, np.ndarray],
    distances: Mapping[str, np.ndarray],
    places: Mapping[str, int],
    codes: Mapping[str, Int[np.ndarray, " network"]],
    design: _Design,
    resampled: Float[np.ndarray, "draw network"],
    settings: Mapping[str, Any],
    seed: int,
    names: Sequence[str],
) -> None:
    weights = contrasts.pair_weights(design.cells, design.units)
    votes = {"knn": {name: contrasts.neighbour_votes(d, design.units, settings["neighbours"]) for name, d in distances.items()}}
    if design.folds.any():  # of one seed none is left to learn from
        votes["linear"] = {name: contrasts.linear_votes(classical_scaling(d, _AXES), design.folds, _RIDGE) for name, d in distances.items()}
    for f, (factor, labels) in enumerate(codes.items()):
        if (levels := len(np.unique(labels))) < 2:
            continue
        found["knn_chance"][f] = 1 / levels
        others = [other for name, other in codes.items() if name != factor]
        permuted = {
            "knn": (others, stream(seed, *names, "contrast", factor)),
            # levels are as even in all folds as the design made them; mixed between folds they would be harder to decode than they are
            "linear": ([*others, design.folds], stream(seed, *names, "contrast", factor, "folds")),
        }
        rows = {
            decoder: contrasts.relabellings_of_units(labels, held, design.units, settings["permutations"], rng)
            for decoder, (held, rng) in permuted.items()
        }
        configurations = [len(np.unique(design.populations[labels == level])) for level in range(levels)]
        crossed = min(configurations) >= _CONFIGURATIONS and sum(configurations) == len(np.unique(design.populations))
        if crossed:
            whole = stream(seed, *names, "contrast", "configurations", factor)
            wider = contrasts.resamples(labels, design.populations, settings["draws"], whole)
            wider_weights = contrasts.pair_weights(labels, design.populations)
        for measure, m in places.items():
            distance = distances[measure]
            found["r2"][m, f], found["pseudo_f"][m, f], found["p"][m, f] = contrasts.permanova(distance, rows["knn"])
            found["r2_draws"][m, f] = contrasts.resampled_r2(distance, labels, weights, resampled)
            if crossed:
                found["r2_configuration_draws"][m, f] = contrasts.resampled_r2(distance, labels, wider_weights, wider)
            for decoder, by_measure in votes.items():
                accuracies = contrasts.vote_accuracy(by_measure[measure], rows[decoder])
                found[f"{decoder}_accuracy"][m, f], found[f"{decoder}_p"][m, f] = accuracies[0], contrasts.exceedance(accuracies)
            found["within_distance"][m, f], found["between_distance"][m, f] = contrasts.mean_distances(distance, labels)


def _mantel(
    found: dict[str, np.ndarray],
    distances: Mapping[str, np.ndarray],
    places: Mapping[str, int],
    design: _Design,
    permutations: int,
    seed: int,
    names: Sequence[str],
) -> None:
    by_name = sorted(places)  # the second of a pair is permuted: which one it is must not hang on the order of measures
    matrices = np.stack([distances[name] for name in by_name])
    orders = contrasts.reorderings(design.units, design.learners, permutations, stream(seed, *names, "contrast", "mantel"))
    correlations, p = contrasts.mantel(matrices, matrices, orders)
    for one, other in itertools.combinations(range(len(by_name)), 2):
        for m, o in itertools.permutations((places[by_name[one]], places[by_name[other]])):
            found["mantel"][m, o], found["mantel_p"][m, o] = correlations[one, other], p[one, other]
    for m in places.values():
        found["mantel"][m, m] = 1.0


def _dissociations(
    found: dict[str, np.ndarray],
    distances: Mapping[str, np.ndarray],
    places: Mapping[str, int],
    quantities: Mapping[str, Float[np.ndarray, " network"]],
    design: _Design,
    resampled: Float[np.ndarray, "draw network"],
    permutations: int,
    seed: int,
    names: Sequence[str],
) -> None:
    own = list(places.values())
    for q, (name, values) in enumerate(quantities.items()):
        kept = np.flatnonzero(np.isfinite(values))
        difference = np.abs(values[kept, None] - values[kept])
        if len(kept) < 3 or not difference.any():
            continue
        matrices = np.stack([distance[np.ix_(kept, kept)] for distance in distances.values()])
        rng = stream(seed, *names, "contrast", "dissociation", name)
        orders = contrasts.reorderings(design.units[kept], design.learners[kept], permutations, rng)
        correlations, p = contrasts.mantel(matrices, difference[None], orders)
        found["dissociation"][own, q], found["dissociation_p"][own, q] = correlations[:, 0], p[:, 0]
        # of the design that was resampled: what a pair counts for does not hang on who else has the quantity
        weights = contrasts.PairWeights(*(matrix[np.ix_(kept, kept)] for matrix in contrasts.pair_weights(design.cells, design.units)))
        found["dissociation_draws"][own, q] = contrasts.resampled_correlations(matrices, difference, weights, resampled[:, kept])
