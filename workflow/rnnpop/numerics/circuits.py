"""Groups of units by their correlations, what the weights between groups tell, and the directions of state space that carry two beliefs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.cluster.hierarchy import fcluster, leaves_list, linkage
from scipy.spatial.distance import pdist

from rnnpop.numerics.directions import extended, unit_vector

#: Share of the largest distance at which the tree of units is cut.
_CUT = 0.5
#: Rounding of a sum of weights in another order must not decide whether a permutation counts as equal.
_TIE = 1e-9


@dataclass(frozen=True)
class Groups:
    """Units sorted into groups.

    Attributes:
        label: group of each unit; 0 is the largest, of equal ones that of the earlier unit.
        order: units by group, within a group as they stand in the tree.
    """

    label: Int[np.ndarray, "unit"]
    order: Int[np.ndarray, "unit"]

    @property
    def sizes(self) -> Int[np.ndarray, "group"]:
        return np.bincount(self.label)


@dataclass(frozen=True)
class Contrast:
    """Weights within the two largest groups against those between them; NaN where there are none, or no two that differ.

    Attributes:
        within: mean weight from a unit to another one of its own group.
        between: mean weight from a unit to one of the other group.
        effect: (within − between) / standard deviation of all these weights.
        p: of |within − between| under permutations of the units, two-sided.
    """

    within: float
    between: float
    effect: float
    p: float


@dataclass(frozen=True)
class Belief:
    """An axis of state space from the mean state of one class, the left, to that of the other.

    Attributes:
        direction: of length 1; NaN where a class is empty or the means coincide.
        middle: coordinate, along the direction, halfway between the means.
    """

    direction: Float[np.ndarray, "unit"]
    middle: float

    def coordinate(self, states: Float[np.ndarray, "*sample unit"]) -> Float[np.ndarray, "*sample"]:
        """Signed distance from the middle, positive on the side of the right."""
        return states @ self.direction - self.middle


def correlations(states: Float[np.ndarray, "step unit"]) -> Float[np.ndarray, "unit unit"]:
    """Pearson correlation of units over steps; a unit that never varies has 0 with the others."""
    centred = states - states.mean(axis=0)
    deviation = np.sqrt((centred**2).sum(axis=0))
    scaled = centred / np.where(deviation > 0, deviation, 1.0)
    found = np.clip(scaled.T @ scaled, -1.0, 1.0)
    np.fill_diagonal(found, 1.0)
    return found


def correlations_with(states: Float[np.ndarray, "step unit"], value: Float[np.ndarray, "step"]) -> Float[np.ndarray, "unit"]:
    """Pearson correlation of each unit with one value, as `correlations`."""
    return correlations(np.column_stack([states, value]))[-1, :-1]


def groups(correlation: Float[np.ndarray, "unit unit"]) -> Groups:
    """Complete linkage of Euclidean distances between rows of the correlation matrix, cut at half the largest of them.

    Source: the clustering of Schaeffer et al. 2020 (their public code).
    """
    distances = pdist(correlation)
    if not distances.any():
        return Groups(np.zeros(len(correlation), dtype=int), np.arange(len(correlation)))
    tree = linkage(distances, "complete")
    _, first, raw = np.unique(fcluster(tree, _CUT * distances.max(), "distance"), return_index=True, return_inverse=True)
    rank = np.argsort(np.lexsort([first, -np.bincount(raw)]))
    label = rank[raw]
    place = np.argsort(leaves_list(tree))
    return Groups(label, np.lexsort([place, label]))


def contrast(
    weights: Float[np.ndarray, "target source"], label: Int[np.ndarray, "unit"], permutations: int, rng: np.random.Generator
) -> Contrast:
    """Weights within and between the two largest groups, and a test of their difference.

    A unit's weight onto itself is left out: it is within a group whatever the grouping. Under the null hypothesis units carry their
    weights to whatever group, so units of the two groups are permuted; p = (1 + #{permutations at least as far}) / (1 + permutations).

    Args:
        label: as in `Groups`.
        permutations: number of them.
    """
    chosen = np.flatnonzero(label < 2)
    sign = np.where(label[chosen] == 0, 1.0, -1.0)
    if abs(sign.sum()) == len(sign) or len(sign) < 3:
        return Contrast(np.nan, np.nan, np.nan, np.nan)
    block = weights[np.ix_(chosen, chosen)].astype(np.float64)
    np.fill_diagonal(block, 0.0)
    signs = np.stack([sign, *(rng.permutation(sign) for _ in range(permutations))])
    # Σ over pairs of s_i s_j W_ij is the sum within less the sum between
    odd = ((signs @ block) * signs).sum(axis=1)
    pairs = len(sign) * (len(sign) - 1)
    pairs_within = (sign.sum() ** 2 + len(sign) ** 2) / 2 - len(sign)
    within, between = (block.sum() + odd) / 2 / pairs_within, (block.sum() - odd) / 2 / (pairs - pairs_within)
    difference = within - between
    spread = block[~np.eye(len(sign), dtype=bool)].std()
    far = np.abs(difference[1:]) >= np.abs(difference[0]) - _TIE * spread
    effect, p = (difference[0] / spread, (1 + far.sum()) / (1 + permutations)) if spread > 0 else (np.nan, np.nan)
    return Contrast(float(within[0]), float(between[0]), float(effect), float(p))


def stimulus_direction(readout: Float[np.ndarray, "output source"], size: int) -> Float[np.ndarray, "unit"]:
    """(w_right − w_left) / |·|, along which the softmax of (left, right) decides; 0 for the part of the state that is not read out.

    Args:
        readout: rows left, right.
        size: of the state vector.
    """
    left, right = extended(readout, size)
    return unit_vector(right - left)


def block_belief(
    state: Float[np.ndarray, "session time unit"],
    ended: Bool[np.ndarray, "session time"],
    trial_number: Int[np.ndarray, "session time"],
    block_side: Int[np.ndarray, "session trial"],
    side: Int[np.ndarray, "session trial"],
) -> Belief:
    """From the mean state at the ends of trials of left blocks to that of right ones; trials of unbiased blocks are left out.

    Means of trials with a stimulus on the left and on the right count alike: a right block has four times as many of the latter, and
    the direction would be that of the stimulus. The difference of means, not a decoder's normal: it is where the state goes as the
    block changes.

    Args:
        ended: last step of its trial.
        block_side: −1, +1; 0 in an unbiased block.
        side: of the stimulus, −1 or +1.
    """
    session, time = np.nonzero(ended)
    number = trial_number[session, time]
    states, block, stimulus = state[session, time], block_side[session, number], side[session, number]
    classes = [[states[(block == one) & (stimulus == other)] for other in (-1, 1)] for one in (-1, 1)]
    if not all(len(own) for row in classes for own in row):
        return Belief(np.full(state.shape[-1], np.nan), np.nan)
    left, right = (np.mean([own.mean(axis=0) for own in row], axis=0) for row in classes)
    direction = unit_vector(right - left)
    return Belief(direction, float((left + right) @ direction / 2))
