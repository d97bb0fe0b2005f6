# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # One network, and twenty
#
# We train one recurrent network to remember, find the fixed points by which it does so, and draw them. Then we ask twenty. No Snakemake:
# the library's stages are functions from labelled arrays to labelled arrays. All of it takes less than a minute on one core.
#
# *This page is `docs/tutorial.py`, run. Open `docs/tutorial.ipynb` in Jupyter with the repository's environment (`envs/bootstrap.sh` makes
# `.venv`), or run the text as it is: `cd docs; ../.venv/bin/python tutorial.py`. `.venv/bin/python docs/make_tutorial.py` makes the
# page anew, with its outputs.*

# %%
import io
import sys

sys.path.insert(0, "../workflow")  # the library is a folder of the repository, not an installed package; elsewhere: PYTHONPATH=workflow

import numpy as np
import pandas as pd
import torch
from IPython.display import Image, display
from scipy.stats import binomtest

from rnnpop import variants
from rnnpop.figures import panels, style
from rnnpop.stages.portray import portray
from rnnpop.stages.record import record
from rnnpop.stages.settle import settle
from rnnpop.stages.train import train

torch.set_num_threads(1)  # matrices this small gain nothing from more

# %% [markdown]
# ## A task, a cell, a learner
#
# Each is a dataclass in a file of its own; `variants.load` makes one from the same words that `config.yaml` would hold. The task is the
# two-bit **flip-flop**: pulses of −1 and +1 come on two channels, and each output has to hold the sign of the last pulse on its channel.
# The cell is a vanilla network of 64 tanh units.

# %%
task = variants.load("tasks", {"kind": "flip_flop", "channels": 2, "steps": 50, "criterion": 0.001})
cell = variants.load("cells", {"kind": "vanilla", "units": 64})
learner = variants.load("learners", {"kind": "adam", "learning_rate": 0.01, "clip": 0.3, "steps": 800})

NAMES = {"task": "flip_flop", "cell": "vanilla", "learner": "adam"}
SEARCH = {"starts": 256, "rounds": 4, "tolerance": 1e-8, "slow": 1e-3, "merge": 1e-3, "outlier": 2.0}  # explained in workflow/schema.yaml


def population(indexes):
    """Train the networks of these numbers, look at them on frozen trials, and find their fixed and slow points."""
    networks = train(task, cell, learner, study="tutorial", names=NAMES, indexes=indexes, factors={}, seed=2019, device="cpu")
    trajectories = record(networks, task, cell, names=NAMES, seed=2019)
    points = settle(networks, trajectories, task, cell, settings=SEARCH, study="tutorial", seed=2019, device="cpu")
    return networks, points, portray(trajectories, points)


# %% [markdown]
# ## One network
#
# Every random number comes from a stream that hashes the root seed, the study, and the network's name: network 0 is the same alone and
# among others, to the bit. On another processor sums are rounded otherwise, and after hundreds of steps a network may have ended up
# somewhere else: trust the distribution, not the number.

# %%
networks, points, portraits = population([0])
status, steps, error = (networks[name].values[0] for name in ("status", "steps", "final_loss"))
print(f"{status} after {steps} steps, mean squared error {error:.1e}")
print(networks)

# %% [markdown]
# `settle` looks for states that a step does not change, F(h) = h (**fixed**, by Newton's method to 10⁻⁸ √units), and apart from them for
# states that it hardly changes (**slow**), while there is no input. At each of them the eigenvalues of the Jacobian say in how many
# directions the network runs away.

# %%
table = pd.DataFrame(
    {
        "kind": points["kind"].values,
        "output 1": points["outputs"].values[:, 0].round(2),
        "output 2": points["outputs"].values[:, 1].round(2),
        "unstable directions": points["unstable"].values,
        "leading |eigenvalue|": np.abs(points["eigenvalue"].values[:, 0]).round(2),
    }
)
display(table.sort_values("unstable directions"))


# %%
def plane(axes, portrait, size):
    """One network: its states on eight trials, and its points, on the first two principal components of the states."""
    for path in portrait["trajectory"].values[0, :, :, :2]:
        axes.plot(*path.T, color="0.75", lw=0.3, zorder=1)
    table = pd.DataFrame(portrait["position"].values[:, :2], columns=["x", "y"]).assign(unstable=portrait["unstable"].values)
    panels.by_order(axes, table, "x", "y", size)
    axes.set_aspect("equal", "datalim")


def show(figure):
    picture = io.BytesIO()
    figure.savefig(picture, dpi=120)
    display(Image(picture.getvalue(), width=760))


with style.sheet():
    figure = style.page(72)
    style.heading(figure, 2, 5, "a", "A trial: pulses (bars), target (dashed), output")
    trial = portraits.isel(network=0, trial=0)
    for channel, top in enumerate((9, 36)):
        axes = style.place(figure, 14, top, 72, 23)
        axes.vlines(trial["time"], 0, trial["inputs"][:, channel], color="0.75", lw=2.5)
        axes.plot(trial["time"], trial["outputs"][:, channel], color="#D55E00", lw=1.2)
        axes.plot(trial["time"], trial["targets"][:, channel], color="black", lw=0.8, ls=(0, (2, 1.5)), drawstyle="steps-mid")
        axes.set(ylabel=f"channel {channel + 1}", yticks=[-1, 0, 1], ylim=(-1.4, 1.4), xlabel="time step" if channel else "", xlim=(-1, 50))
    share = float(portraits["explained_variance"][0, :2].sum())
    style.heading(figure, 98, 5, "b", f"States and fixed points ({100 * share:.0f} % of the variance)")
    axes = style.place(figure, 108, 9, 68, 50)
    plane(axes, portraits, 5)
    axes.set(xlabel="PC 1", ylabel="PC 2")
    panels.line(figure, 14, 69, [(panels.stroke("none"), "unstable directions:"), *panels.order_entries(set(points["unstable"].values))])
    show(figure)

# %% [markdown]
# This is the textbook: one stable point for each of the four memories, a saddle between each two neighbours, which decides whether a
# pulse was strong enough, and one point in the middle that is unstable in two directions. Nine points, four, four and one. A paper could
# stop here, and say that *networks solve the flip-flop in this way*.
#
# ## Twenty networks
#
# The same call, with twenty numbers instead of one.

# %%
SEEDS = range(20)
networks, points, portraits = population(SEEDS)
print(f"{(networks['status'].values == 'ok').sum()} of {len(SEEDS)} learnt the task to the same error")

fixed = points.isel(fixed_point=points["kind"].values == "fixed")
orders = range(fixed["unstable"].values.max() + 1)
census = pd.DataFrame(
    [np.bincount(fixed["unstable"].values[fixed["owner"].values == name], minlength=len(orders)) for name in networks["network"].values],
    columns=pd.Index(orders, name="unstable directions"),
)
slow = [((points["owner"] == name) & (points["kind"] == "slow")).sum().item() for name in networks["network"].values]
display(census.assign(fixed=census.sum(axis=1), slow=slow))

# %%
with style.sheet():
    figure = style.page(158)
    for place, name in enumerate(networks["network"].values):
        own = portraits.isel(network=[place], fixed_point=portraits["owner"].values == name)
        row, column = divmod(place, 5)
        axes = style.place(figure, 4 + 35 * column, 8 + 36 * row, 32, 30)
        plane(axes, own, 3)
        style.bare(axes)
        counts = census.loc[place].to_numpy()
        axes.set_title(f"network {place}: " + " + ".join(map(str, counts[counts > 0])))
    panels.line(figure, 4, 154, [(panels.stroke("none"), "unstable directions:"), *panels.order_entries(set(points["unstable"].values))])
    show(figure)

# %% [markdown]
# Titles count the fixed points of each network, those with fewer unstable directions first. All these networks do the same; they do not
# look the same. (In networks 11 and 17 memories fall together here: the plane shows what varies most, which is not always what is
# remembered.) How are the numbers distributed, and what do the points read out?

# %%
columns = {
    "fixed points": census.sum(axis=1),
    "stable points": census[0],
    "unstable directions, summed": census.mul(census.columns).sum(axis=1),
}
with style.sheet():
    figure = style.page(64)
    for place, (label, numbers) in enumerate(columns.items()):
        left, width = (14, 50, 86)[place], (24, 24, 30)[place]
        style.heading(figure, left - 9, 5, "abc"[place], label)
        axes = style.place(figure, left, 10, width, 40)
        values, counts = np.unique(numbers, return_counts=True)
        axes.bar(values, counts, color="#56B4E9", width=0.8)
        axes.set(xlabel="number", ylabel="" if place else f"networks (of {len(SEEDS)})", ylim=(0, len(SEEDS)))
        axes.yaxis.get_major_locator().set_params(integer=True)
        if len(values) < 5:
            axes.set_xticks(values)
    style.heading(figure, 124, 5, "d", "readouts of all points")
    axes = style.place(figure, 134, 10, 42, 40)
    readouts = pd.DataFrame(fixed["outputs"].values, columns=["x", "y"]).assign(unstable=fixed["unstable"].values)
    for order in reversed(orders):  # the stable ones on top
        panels.by_order(axes, readouts[readouts["unstable"] == order], "x", "y", 2.6)
    axes.set(xlabel="output 1", ylabel="output 2", xticks=[-1, 0, 1], yticks=[-1, 0, 1], aspect="equal", xlim=(-1.3, 1.3), ylim=(-1.3, 1.3))
    panels.line(figure, 100, 61, [(panels.stroke("none"), "unstable directions:"), *panels.order_entries(set(readouts["unstable"]))])
    show(figure)

# %%
usual = (census.sum(axis=1) == 9) & (census[0] == 4)
textbook = usual & (census[1] == 4) & (census[2] == 1)
kinds = {
    "the textbook: 4 stable points, 4 saddles, 1 point with two unstable directions": textbook,
    "4 stable points of 9, but others have further unstable directions": usual & ~textbook,
    "more than 4 stable points": census[0] > 4,
    "fewer than 4 stable points": census[0] < 4,
}
for kind, those in kinds.items():
    low, high = binomtest(int(those.sum()), len(SEEDS)).proportion_ci(method="wilson")
    print(f"{those.sum():2d} of {len(SEEDS)} (95 % interval {100 * low:2.0f} to {100 * high:2.0f} %): {kind}")

corners = np.sign(fixed["outputs"].values) * (np.abs(fixed["outputs"].values) > 0.5)
all_four = [len(np.unique(own[(own != 0).all(axis=1)], axis=0)) == 4 for own in (corners[fixed["owner"] == n] for n in networks["network"])]
print(f"{sum(all_four)} of {len(SEEDS)} have a fixed point at each of the four memories")

# %% [markdown]
# ## What one network would have hidden
#
# - **The textbook is one solution of several.** Network 0 shows it, and fewer than half of its siblings do. They differ in nothing but
#   first weights and the order of trials, and they err alike.
# - **Some also rest where one output is at ±1 and the other near 0** (panel d, black): they can wait for ever for a channel's first
#   pulse. The task asks for that in the first steps of a trial only; the others have a saddle there, on which they stay long enough.
# - **In some, the points in between spin.** The nine points are all there, but a saddle has two, three or more unstable directions, pairs
#   of complex or negative eigenvalues: a network that leaves it turns or hops.
# - **A memory need not be a fixed point.** In the network with two stable points, the other two memories are just unstable, by an
#   eigenvalue below −1: left alone, the state hops from one side of the point to the other at each step, and the readout, which sums over
#   units, does not show it.
# - **What all share** is what the task dictates: a point at each of the four corners of the readout, and points in between that part
#   them.
#
# Had we looked at network 0 alone, we would have called four, four and one *the* mechanism; with network 2 something else. Neither is
# wrong, and neither is about the task alone. How far such numbers carry is a question for a population, and for more than one cell: try
# `{"kind": "gru", "units": 64}` above, whose networks are far more alike.
#
# Hundreds of networks, all pairs compared, with tests and figures, are what the workflow is for: see the [README](../README.md). A task
# or a cell of your own: [adding](adding.md).
