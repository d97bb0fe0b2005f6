"""Bring a mouse's table of trials into one form, or say in one line what is wrong with it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rnnpop.names import SchemaError
from rnnpop.numerics.trial_tables import COLUMNS

#: P(left) in the laboratory's blocks.
_BLOCKS = (0.2, 0.5, 0.8)


class TableError(SchemaError):
    """A table of trials that cannot be what it should be; names file, column and row."""


def tabulate(table: pd.DataFrame, *, name: str, sessions: str | None = None, blocks: bool = True) -> pd.DataFrame:
    """A table with the columns of `trial_tables.COLUMNS` and no others.

    Where there are no `response_times`, `feedback_times` stand in for them: feedback follows the response at once. Times of stimulus and
    response may be NaN.

    Args:
        table: as read from a file: an ALF/ONE trials table, or one with its columns.
        name: of the file, for messages.
        sessions: column that tells sessions apart; without one all trials are of one session.
        blocks: whether `probabilityLeft` is that of blocks. In training sessions it is not: it follows the animal's last choices, to wean
            it from a habit; their trials count as unbiased, P(left) 0.5.

    Raises:
        TableError: at the first thing that is missing, or out of order, or cannot be. The first row under the header is row 1.
    """
    if "response_times" not in table and "feedback_times" in table:
        table = table.rename(columns={"feedback_times": "response_times"})
    if sessions is not None and sessions not in table:
        raise TableError(
            f"{name}: column '{sessions}', which should tell sessions apart, is missing; there are: {', '.join(map(str, table))}"
        )
    for column in COLUMNS[1:]:
        if column not in table:
            also = " (nor is 'feedback_times')" if column == "response_times" else ""
            raise TableError(f"{name}: column '{column}' is missing{also}; a table of trials has {', '.join(COLUMNS[1:])}")
    if not len(table):
        raise TableError(f"{name}: there is no trial in it")
    session = np.full(len(table), "1", dtype=object) if sessions is None else table[sessions].astype(str).to_numpy(dtype=object)
    numbers = {column: _numbers(table[column], column, name) for column in COLUMNS[1:]}
    _check_values(numbers, name, blocks)
    _check_order(session, numbers, name)
    if not blocks:
        numbers["probabilityLeft"] = np.full(len(table), 0.5)
    whole = {column: numbers[column].astype(int) for column in ("choice", "feedbackType")}
    return pd.DataFrame({"session": session} | numbers | whole)[list(COLUMNS)]


def _numbers(column: pd.Series, called: str, name: str) -> np.ndarray:
    values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float)
    _refuse(np.isnan(values) & column.notna().to_numpy(), column.to_numpy(), called, "a number is expected", name)
    return values


def _check_values(numbers: dict[str, np.ndarray], name: str, blocks: bool) -> None:
    left, right, choice, feedback = (numbers[column] for column in ("contrastLeft", "contrastRight", "choice", "feedbackType"))
    _refuse(~np.isin(choice, (-1, 0, 1)), choice, "choice", "+1 (left), −1 (right) or 0 (none) is expected", name)
    _refuse(~np.isin(feedback, (-1, 1)), feedback, "feedbackType", "+1 or −1 is expected", name)
    chance = numbers["probabilityLeft"]
    _refuse(~((chance >= 0) & (chance <= 1)), chance, "probabilityLeft", "a number from 0 to 1 is expected", name)
    if blocks:
        strange = ~np.isclose(chance[:, None], _BLOCKS, atol=1e-6).any(axis=1)
        _refuse(strange, chance, "probabilityLeft", "blocks have 0.2, 0.5 or 0.8; for training sessions say blocks: false", name)
    for called, contrast in (("contrastLeft", left), ("contrastRight", right)):
        _refuse((contrast < 0) | (contrast > 1), contrast, called, "a contrast from 0 to 1 is expected", name)
    _refuse(np.isnan(left) & np.isnan(right), left, "contrastLeft", "and so does contrastRight: one side must have a contrast", name)
    _refuse(
        ~np.isnan(left) & ~np.isnan(right),
        left,
        "contrastLeft",
        "but contrastRight has one too: the side without stimulus must be NaN",
        name,
    )
    rewarded = (feedback > 0) & (choice != np.where(np.isnan(left), -1, 1))
    _refuse(rewarded, choice, "choice", "rewarded for a stimulus on the other side (+1 is LEFT, −1 right)", name)


def _check_order(session: np.ndarray, numbers: dict[str, np.ndarray], name: str) -> None:
    new = np.concatenate([[True], session[1:] != session[:-1]])
    again = np.zeros(len(session), dtype=bool)
    again[new] = pd.Series(session[new]).duplicated().to_numpy()
    _refuse(again, session, "session", "which ended in an earlier row: trials of a session must stand together", name)
    for column in ("stimOn_times", "response_times"):
        moments = pd.Series(numbers[column])
        before = moments.groupby(session).cummax().groupby(session).shift()  # of those that are known
        late = (moments <= before).to_numpy()
        _refuse(late, numbers[column], column, "not later than in the rows before: trials must be in order of time", name)


def _refuse(wrong: np.ndarray, values: np.ndarray, column: str, because: str, name: str) -> None:
    """Name the first wrong row, if there is one."""
    if wrong.any():
        row = int(np.argmax(wrong))
        value = values[row]
        shown = f"{value:g}" if isinstance(value, float) else repr(value)
        raise TableError(f"{name}: column '{column}', row {row + 1} holds {shown}; {because}")
