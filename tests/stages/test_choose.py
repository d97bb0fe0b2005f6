"""A recipe is chosen by how many networks learn, then by how soon: by hand on a table small enough to read."""

import numpy as np
import pytest
import xarray as xr

from rnnpop.names import variable
from rnnpop.stages.choose import choose, recipes

#: cell, learning rate, then steps to the criterion of its two networks (NaN: never).
TRIED = [
    ("gru", 0.01, (300.0, 500.0)),
    ("gru", 0.02, (100.0, np.nan)),  # soonest, but one does not learn
    ("gru", 0.04, (300.0, 300.0)),
    ("lstm", 0.01, (np.nan, np.nan)),
    ("lstm", 0.02, (np.nan, 700.0)),
    ("lstm", 0.04, (np.nan, 900.0)),
]


def summary() -> xr.Dataset:
    steps = np.array([taken for *_, both in TRIED for taken in both])
    count = len(steps)
    return xr.Dataset(
        {
            "criterion_step": variable(("network",), steps, "steps to the criterion"),
            "steps": variable(("network",), np.full(count, 1000), "steps"),
            "final_loss": variable(("network",), np.full(count, 1e-3), "loss"),
        },
        {
            "network": [f"flip_flop/{cell}/adam-{rate}/{index:05d}" for cell, rate, _ in TRIED for index in range(2)],
            "status": ("network", np.where(np.isnan(steps), "not_converged", "ok").astype(object)),
            "learning_rate": ("network", np.repeat([rate for _, rate, _ in TRIED], 2)),
        },
    )


def test_each_cell_most_networks_then_soonest() -> None:
    tried = choose(summary(), ["learning_rate"], together=False)
    assert len(tried) == len(TRIED)
    assert recipes(tried, ["learning_rate"]) == {"gru": {"learning_rate": 0.04}, "lstm": {"learning_rate": 0.02}}


def test_one_for_all_by_the_networks_of_all_cells() -> None:
    """Of six networks 2, 2 and 3 learn at the three rates."""
    tried = choose(summary(), ["learning_rate"], together=True)
    assert recipes(tried, ["learning_rate"]) == {cell: {"learning_rate": 0.04} for cell in ("gru", "lstm")}


@pytest.mark.parametrize("together", [False, True])
def test_the_order_of_networks_does_not_matter(together: bool) -> None:
    turned = summary().isel(network=slice(None, None, -1))
    chosen, again = (recipes(choose(seen, ["learning_rate"], together=together), ["learning_rate"]) for seen in (summary(), turned))
    assert chosen == again
