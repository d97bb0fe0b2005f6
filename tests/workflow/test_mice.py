"""Mice as a user brings them: a table of one's own, one line where it is wrong, and one where the package index cannot be reached."""

import json

import numpy as np
import pandas as pd


def trials(number=60):
    """A sound table."""
    left = np.arange(number) % 3 > 0
    return pd.DataFrame(
        {
            "contrastLeft": np.where(left, 0.25, np.nan),
            "contrastRight": np.where(left, np.nan, 1.0),
            "probabilityLeft": np.where(np.arange(number) < 30, 0.5, 0.8),
            "choice": np.where(left, 1, -1),
            "feedbackType": 1,
            "stimOn_times": np.arange(number) * 3.0,
            "response_times": np.arange(number) * 3.0 + 0.4,
        }
    )


def said(done, word):
    return [line for line in (done.stdout + done.stderr).splitlines() if line.startswith(word)]


def test_a_table_of_one_s_own_and_what_is_wrong_with_another(house):
    """Both in one run: the sound one is made, the other is told of in one line that names file, column and row."""
    mice = {"mine": {"file": "mine.csv"}, "other": {"file": "other.csv"}}
    (house.folder / "mice.json").write_text(json.dumps({"mice": mice}))
    trials().to_csv(house.folder / "mine.csv", index=False)
    trials().assign(choice=np.where(np.arange(60) == 6, np.nan, trials()["choice"])).to_csv(house.folder / "other.csv", index=False)
    done = house.snakemake("results/mice/mine.csv", "results/mice/other.csv", "--keep-going", config="mice.json")
    assert done.returncode != 0
    told = [line for line in said(done, "tabulate") if ": " in line]
    assert len(told) == 2, done.stdout + done.stderr
    assert any(line.startswith("tabulate    mine: 60 trials in 1 sessions") for line in told)
    assert "tabulate    other: other.csv: column 'choice', row 7 holds nan; +1 (left), −1 (right) or 0 (none) is expected" in told
    made = pd.read_csv(house.folder / "results/mice/mine.csv")
    assert made["choice"].tolist() == trials()["choice"].tolist()
    assert not (house.folder / "results/mice/other.csv").exists()


def test_one_line_where_the_package_index_is_out_of_reach(house):
    """No index, and no folder of wheels: the target fails, and nothing of it is left."""
    (house.folder / "none").mkdir()
    (house.folder / "mice.json").write_text(json.dumps({"mice": {"published": {"fixture": "biased"}}}))
    done = house.snakemake("results/mice/published.csv", config="mice.json", PIP_NO_INDEX="1", PIP_FIND_LINKS=str(house.folder / "none"))
    assert done.returncode != 0
    (line,) = [line for line in said(done, "fetch") if ": " in line]
    assert line.startswith("fetch       : the package index is out of reach: ")
    assert line.endswith("; nothing was drawn for the mice")
    assert not list((house.folder / "results/mice").rglob("*.csv"))
