"""Every store, table and figure says what it comes from, in bytes that know no time, no machine, and no way in which the work was cut."""

import csv
import html
import json
import platform
import re
import sys
from pathlib import Path

import pytest
from PIL import Image

from rnnpop import store

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))

import _origin

#: What each of them says, beside the digests.
SETS = ("seeds", "packages", "dtypes", "sources")
DIGESTS = ("config_digest", "code_digest")


def complete(record):
    """Whether a record says what it must: twelve hex digits a digest, and a list for each other thing."""
    assert all(len(record[key]) == 12 and int(record[key], 16) >= 0 for key in DIGESTS), record
    assert all(isinstance(record[key], list) for key in SETS), record
    return True


@pytest.fixture(scope="module")
def results(rehearsal):
    return rehearsal[0].folder / "results"


def test_every_store_says_what_it_comes_from(results):
    for path in results.rglob("*.zarr.zip"):
        attributes = store.load(path).attrs
        record = attributes | {key: json.loads(attributes[key]) for key in (*SETS, "configs", "codes")}
        assert complete(record), path
        assert record["code"] in record["codes"], path
        assert "seed" not in record or int(record["seed"]) in record["seeds"], path
        assert record["configs"], path
        assert {"numpy", "torch"} <= json.loads(attributes["versions"]).keys(), path


def test_every_table_has_beside_it_what_it_comes_from(results):
    """By the file's own name, or that of a folder or of another table of the same job."""
    described = {}
    for file in results.rglob("*csv-metadata.json"):
        said = json.loads(file.read_text())
        [record] = said["notes"]
        assert complete(record), file
        assert said["@context"] == "http://www.w3.org/ns/csvw"
        described |= {file.parent / table["url"]: record for table in said["tables"]}
    assert set(described) == set(results.rglob("*.csv"))


def test_every_figure_says_what_it_comes_from(results):
    pictures = list(results.rglob("*.png"))
    assert pictures
    for path in pictures:
        said = Image.open(path).text["Description"]
        record = json.loads(said)
        assert complete(record), path
        assert record["figure"] == path.stem
        assert record["seeds"] == [2019]
        assert {package.split()[0] for package in record["packages"]} >= {"numpy", "torch"}, path
        # as a PDF writes it
        escaped = said.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
        assert f"/Subject ({escaped})".encode() in path.with_suffix(".pdf").read_bytes(), path


def test_a_page_of_claims_says_it_in_its_head_and_shows_every_claim(results):
    pages = list(results.rglob("claims.html"))
    assert pages
    for path in pages:
        page = path.read_text()
        assert complete(json.loads(html.unescape(re.search(r'<meta name="description" content="([^"]*)">', page)[1]))), path
        with path.with_suffix(".csv").open(newline="") as file:
            claims = list(csv.DictReader(file))
        assert page.count("<tr") == len(claims) + 1
        assert all(html.escape(claim["statement"], quote=False) in page for claim in claims)
        assert "http" not in page  # nothing is fetched


def test_nothing_says_when_or_where_it_was_made(results, rehearsal):
    """Not the folder, no date of a PDF; and what is said of them does not name the machine."""
    for path in [path for kind in ("zarr.zip", "csv", "json", "html", "pdf", "png") for path in results.rglob(f"*.{kind}")]:
        content = path.read_bytes()
        assert str(rehearsal[0].folder).encode() not in content, path
        assert b"CreationDate" not in content, path
    said = [path.read_text() for path in results.rglob("*csv-metadata.json")]
    said += [Image.open(path).text["Description"] for path in results.rglob("*.png")]
    said += [str(store.load(path).attrs) for path in results.glob("*/summary.zarr.zip")]
    for text in said:
        assert platform.node() not in re.findall(r"[\w-]+", text)


def test_the_record_of_the_run_knows_the_digest_of_every_table_and_figure(results):
    recorded = json.loads((results / "provenance.json").read_text())["files"]
    ends = [path for kind in ("pdf", "png") for path in results.rglob(f"*.{kind}")]
    ends += [*results.glob("*/summary.csv"), results / "universality/claims.csv"]
    assert set(recorded) >= {path.relative_to(results.parent).as_posix() for path in ends}


def made(folder, name, inputs=(), **params):
    """A table, and what is said of it, as a job writes them."""
    table = Path(folder, f"{name}.csv")
    table.write_text("x\n1\n")
    record = _origin.origin({"cell": name.split("-")[0], "shard": name}, params, [str(path) for path in inputs])
    _origin.write(f"{table}-metadata.json", [table], record)
    return [table, Path(f"{table}-metadata.json")]


def test_it_does_not_show_how_the_work_was_cut(tmp_path):
    """Law of the house: one shard or four, in whatever order, gathered at once or in two steps."""
    entries = {"task": {"steps": 3}, "seed": 7, "code": "0123456789ab"}
    shards = [path for number in range(4) for path in made(tmp_path, f"gru-{number}", **entries)]
    whole = made(tmp_path, "gru-9", **entries)
    gather = {"factors": ["architecture"], "code": "ba9876543210"}
    at_once = _origin.origin({"study": "a"}, gather, map(str, reversed(shards)))
    assert at_once == _origin.origin({"study": "a"}, gather, map(str, whole))
    halves = [path for name, half in (("b-1", shards[:4]), ("b-2", shards[4:])) for path in made(tmp_path, name, half, **entries)]
    of_all = made(tmp_path, "b-3", whole, **entries)
    assert _origin.origin({}, gather, map(str, halves)) == _origin.origin({}, gather, map(str, of_all))


@pytest.mark.parametrize(("changed", "digest"), [({"task": {"steps": 4}}, "config_digest"), ({"code": "0123456789ac"}, "code_digest")])
def test_what_is_upstream_shows_downstream(tmp_path, changed, digest):
    entries = {"task": {"steps": 3}, "seed": 7, "code": "0123456789ab"}
    before = _origin.origin({}, {"code": "ba9876543210"}, map(str, made(tmp_path, "gru-0", **entries)))
    after = _origin.origin({}, {"code": "ba9876543210"}, map(str, made(tmp_path, "gru-0", **entries | changed)))
    assert [key for key in DIGESTS if before[key] != after[key]] == [digest]
    seeded = _origin.origin({}, {"code": "ba9876543210"}, map(str, made(tmp_path, "gru-0", **entries | {"seed": 8})))
    assert (before["seeds"], seeded["seeds"]) == ([7], [8])


def test_a_file_of_ones_own_counts_by_what_stands_in_it(tmp_path):
    mine = tmp_path / "mine.csv"
    mine.write_text("x\n1\n")
    first = _origin.origin({}, {}, [str(mine)])
    assert first == _origin.origin({}, {}, [str(mine)])
    mine.write_text("x\n2\n")
    assert len(first["sources"]) == 1
    assert first["sources"] != _origin.origin({}, {}, [str(mine)])["sources"]


def test_a_store_that_cannot_be_read_is_left_to_its_reader(tmp_path):
    """The job itself names it; here it must not stop the job before it can."""
    broken = tmp_path / "networks.zarr.zip"
    broken.write_bytes(b"PK no archive")
    assert _origin.origin({}, {}, [str(broken), str(tmp_path / "absent.zarr.zip")])["configs"] == []
