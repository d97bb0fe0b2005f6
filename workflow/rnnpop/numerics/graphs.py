"""Labelled transition graphs of one network: sign-pattern labels, label-averaged matrices, and their distances."""

from __future__ import annotations

import itertools

import numpy as np
from jaxtyping import Float, Int

#: Transition fractions are compared on a grid of this width (far below the 1/256 that their estimates resolve). Products of two
#: such numbers, and sums of some thousands of those, are exact in float64, so a distance does not depend on the order of summation:
#: not on the tile, the library, or the number of threads; and equal graphs are at distance exactly 0.
GRID = 2.0**-20


def sign_patterns(outputs: int) -> Int[np.ndarray, "label output"]:
    """All 3^outputs labels (-1, 0, 1), the last output running fastest."""
    return np.array(list(itertools.product((-1, 0, 1), repeat=outputs)))


def label_names(outputs: int) -> list[str]:
    """The labels as texts of one sign an output, in the order of `sign_patterns`: "---", "--0", ..., "+++"."""
    return ["".join("-0+"[sign + 1] for sign in pattern) for pattern in sign_patterns(outputs)]


def labels(outputs: Float[np.ndarray, "*point output"], threshold: float) -> Int[np.ndarray, "*point output"]:
    """The label of each point, its sign pattern: s_i = sign(y_i) if |y_i| > threshold, else 0.

    Args:
        outputs: readout at each point, in units of the target.
        threshold: in the same units.
    """
    return np.where(np.abs(outputs) > threshold, np.sign(outputs), 0).astype(int)


def label_numbers(patterns: Int[np.ndarray, "*point output"]) -> Int[np.ndarray, "*point"]:
    """The place of each label in `sign_patterns`."""
    return (patterns + 1) @ 3 ** np.arange(patterns.shape[-1])[::-1]


def transition_matrix(
    numbers: Int[np.ndarray, " point"],
    origins: Int[np.ndarray, " edge"],
    destinations: Int[np.ndarray, " edge"],
    weights: Float[np.ndarray, " edge"],
    outputs: int,
) -> Float[np.ndarray, "label landing"]:
    """T: fraction of perturbations of a point of one label that land at a point of another, averaged over the points of a label.

    Args:
        numbers: number of the label of every fixed point, by its position.
        origins: positions of the points that edges leave.
        destinations: positions of the points that edges reach; -1 for none, which is left out of the row (it then sums to less
            than 1).
        weights: fraction of the origin's perturbations that take the edge.
        outputs: number of output channels.

    Returns:
        T, with zero rows for labels that no point has.
    """
    landed = destinations >= 0
    matrix = np.zeros((3**outputs, 3**outputs))
    np.add.at(matrix, (numbers[origins[landed]], numbers[destinations[landed]]), weights[landed])
    return matrix / np.maximum(np.bincount(numbers, minlength=len(matrix)), 1)[:, None]


def cube_group(outputs: int) -> Int[np.ndarray, "element label"]:
    """The symmetries of the cube: all 2^n n! signed permutations of n outputs, as permutations of the labels (48 for n = 3)."""
    patterns = sign_patterns(outputs)
    elements = [
        label_numbers(patterns[:, list(order)] * signs)
        for order in itertools.permutations(range(outputs))
        for signs in itertools.product((1, -1), repeat=outputs)
    ]
    return np.array(elements)


def graph_distances(
    first: Float[np.ndarray, "network label label"],
    second: Float[np.ndarray, "partner label label"],
    relabellings: Int[np.ndarray, "element label"],
) -> Float[np.ndarray, "network partner"]:
    """d = min_g ||T_a - g T_b||_F / sqrt(labels) over the given relabellings g, for all pairs.

    The label-aligned distance has the identity as its only relabelling; with a whole group the distance is symmetric. From
    ||T_a||^2 + ||T_b||^2 - 2 max_g <T_a, g T_b>, which is exact here (see `GRID`): rounding to the grid moves a distance by at
    most sqrt(labels) 1e-6.

    Args:
        first: transition matrices with rows that sum to at most 1; NaN throughout for a network without a graph.
        second: the partners'.
        relabellings: permutations of the labels.
    """
    first, second = (np.round(matrices / GRID) * GRID for matrices in (first, second))
    rows = first.reshape(len(first), -1)
    overlap = np.full((len(first), len(second)), -np.inf)
    for element in relabellings:
        images = second[:, element][:, :, element].reshape(len(second), -1)
        overlap = np.maximum(overlap, rows @ images.T)
    norms, partner_norms = ((matrices**2).sum(axis=(1, 2)) for matrices in (first, second))
    return np.sqrt((norms[:, None] + partner_norms - 2 * overlap) / first.shape[1])
