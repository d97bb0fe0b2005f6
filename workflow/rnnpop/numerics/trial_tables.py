"""Tables of trials as the International Brain Laboratory keeps them (ALF), and behaviour in them: of mice, and of networks like mice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Int, Shaped

from rnnpop.numerics.sessions import Behaviour

#: What a table of trials holds here, one row a trial: `session` (a label), the contrasts (NaN on the side without stimulus; a stimulus of
#: contrast 0 has a side too), P(left) of the block, the choice (+1 LEFT, −1 right, 0 none), the feedback (±1), and two moments in s.
COLUMNS = ("session", "contrastLeft", "contrastRight", "probabilityLeft", "choice", "feedbackType", "stimOn_times", "response_times")


def behaviour_of(table: pd.DataFrame, contrasts: Sequence[float] = (0.0, 1.0), strengths: Sequence[float] = (0.0, 1.0)) -> Behaviour:
    """The behaviour in a table of trials; mind that a positive choice is to the LEFT.

    A block ends where `probabilityLeft` changes. The reward is the column `reward`, which tables of networks have, or else the feedback.
    The duration is that from stimulus to response in s; NaN where one of them is missing or they are in the wrong order.

    Args:
        table: with `COLUMNS`, sessions one after another and trials in order.
        contrasts, strengths: rising, in pairs: the strength that stands for each contrast; between two of them in proportion. Without
            them a contrast is itself.
    """
    first, position, session = _groups(table["session"].to_numpy())
    right, left = (table[f"contrast{side}"].to_numpy(dtype=float) for side in ("Right", "Left"))
    side = np.where(np.isnan(left), 1, -1)
    leftward = table["probabilityLeft"].to_numpy(dtype=float)
    changes = np.concatenate([[True], np.diff(leftward) != 0])[: len(table)] | first
    _, in_block, run = _groups(np.cumsum(changes))
    taken = table["response_times"].to_numpy(dtype=float) - table["stimOn_times"].to_numpy(dtype=float)
    return Behaviour(
        session=session,
        number=position,
        side=side,
        strength=np.interp(np.where(side > 0, right, left), contrasts, strengths),
        block_side=np.sign(np.round(0.5 - leftward, 6)).astype(int),
        block=run - run[np.arange(len(table)) - position],
        block_trial=in_block + 1,
        action=-table["choice"].to_numpy(dtype=int),
        reward=table["reward" if "reward" in table else "feedbackType"].to_numpy(dtype=float),
        duration=np.where(taken > 0, taken, np.nan),
    )


def table_of(behaviour: Behaviour, *, blanks: int, strongest: float, congruence: float, dt: float = 1.0) -> pd.DataFrame:
    """A network's (or observer's) behaviour as a table of trials that `behaviour_of` reads back, and tools for mice read too.

    Contrast is strength / `strongest`. Steps last `dt` s: the stimulus comes on when the first observation begins, and the response falls
    when the last one is over, so that a response to the first observation takes one step. Trials that were not finished are not in it.

    Args:
        blanks: steps of a trial before its first observation.
        strongest: strength that counts as a contrast of 1.
        congruence: P(stimulus on the side of its block).
    """
    steps = (behaviour.duration + blanks) * dt
    begun = pd.Series(steps).groupby(behaviour.session).cumsum().to_numpy() - steps
    contrast = behaviour.strength / strongest
    chance = {-1: congruence, 0: 0.5, 1: round(1 - congruence, 12)}
    return pd.DataFrame(
        {
            "session": behaviour.session,
            "contrastLeft": np.where(behaviour.side < 0, contrast, np.nan),
            "contrastRight": np.where(behaviour.side > 0, contrast, np.nan),
            "probabilityLeft": [chance[side] for side in behaviour.block_side.tolist()],
            "choice": -behaviour.action,
            "feedbackType": np.where(behaviour.correct, 1, -1),
            "stimOn_times": begun + blanks * dt,
            "response_times": begun + steps,
            "reward": behaviour.reward,
        }
    )


def _groups(
    label: Shaped[np.ndarray, "trial"],
) -> tuple[Shaped[np.ndarray, "trial"], Int[np.ndarray, "trial"], Int[np.ndarray, "trial"]]:
    """Runs of equal labels: whether a trial is the first of its run, its number in the run, and the number of the run, from 0."""
    first = np.concatenate([[True], label[1:] != label[:-1]])[: len(label)]
    run = np.cumsum(first) - 1
    return first, np.arange(len(label)) - np.flatnonzero(first)[run], run
