"""How well a student follows the teacher that it learnt from."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from scipy.special import expit, log_expit

from rnnpop.numerics.distillation import STRIDES, Coordinates, Lesson, before, lag_distances, rollout_r2, spread
from rnnpop.numerics.scores import r_squared
from rnnpop.numerics.unroll import unroll

#: What `follows` says: name -> (dimensions behind `network`, long name, units).
FOLLOWED: dict[str, tuple[tuple[str, ...], str, str]] = {
    "one_step_r2": ((), "R² of the teacher's next coordinates, one step ahead, held-out sessions", "1"),
    "rollout_r2": (("stride",), "R² of the teacher's coordinates after so many steps of free running, held-out sessions", "1"),
    "output_divergence": (
        (),
        "divergence of the student's outputs from its teacher's on the teacher's inputs, held-out sessions",
        "nat/step",
    ),
    "choice_agreement": (
        (),
        "fraction of the teacher's choices that the student agrees with on the teacher's inputs, held-out sessions",
        "1",
    ),
    "teacher_lag_distance": (("stride",), "mean distance of the teacher's hidden states over a lag, by that of two random steps", "1"),
    "student_lag_distance": (("stride",), "mean distance of the student's hidden states over a lag, by that of two random steps", "1"),
}


def follows(
    cell: Any, parameters: dict[str, np.ndarray], lesson: Lesson, coordinates: Coordinates | None
) -> dict[str, float | Float[np.ndarray, "stride"]]:
    """How a student does on its teacher's inputs, started at its own first state, in the sessions that it was not fitted to.

    Args:
        coordinates: those that the student's units stand for; None if they stand for none, and then both R² are NaN.

    Returns:
        The entries of `FOLLOWED`. Lag distances are divided by `spread`.
    """
    unseen = lesson.sessions(lesson.held_out)
    weights = {name: torch.from_numpy(np.asarray(value, dtype=float)) for name, value in parameters.items()}
    state = unroll(cell, weights, torch.from_numpy(unseen.inputs))
    outputs = cell.readout(weights, state).numpy()
    hidden = state[..., : cell.units].numpy()
    odds = outputs[..., 1] - outputs[..., 0]
    p, chosen = expit(unseen.log_odds), unseen.choice != 0
    divergence = p * (log_expit(unseen.log_odds) - log_expit(odds)) + (1 - p) * (log_expit(-unseen.log_odds) - log_expit(-odds))
    result: dict[str, Any] = {"one_step_r2": np.nan, "rollout_r2": np.full(len(STRIDES), np.nan)}
    if coordinates is not None:
        places = coordinates.places(unseen.hidden)

        def step(inputs: np.ndarray, before: np.ndarray) -> np.ndarray:
            return np.asarray(cell.step(weights, torch.from_numpy(inputs), torch.from_numpy(before)).numpy())

        result = {"one_step_r2": r_squared(step(unseen.inputs, before(places)), places)}
        result["rollout_r2"] = rollout_r2(step, places, unseen.inputs)
    spreads = [spread(states) or np.nan for states in (unseen.hidden, hidden)]
    return result | {
        "output_divergence": float(divergence.mean()),
        "choice_agreement": float(np.mean(np.sign(odds[chosen]) == unseen.choice[chosen])) if chosen.any() else np.nan,
        "teacher_lag_distance": lag_distances(unseen.hidden) / spreads[0],
        "student_lag_distance": lag_distances(hidden) / spreads[1],
    }
