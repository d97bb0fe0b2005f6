"""The report is one page: figures with captions, tables of claims, the graph of jobs and run times, and nothing that is fetched."""

import base64
import json
import re

import pytest


@pytest.fixture(scope="module")
def page(rehearsal, tmp_path_factory):
    """The report of the finished rehearsal, as `snakemake --report` writes it."""
    file = tmp_path_factory.mktemp("report") / "report.html"
    made = rehearsal[0].snakemake("--report", str(file), "--nolock")
    assert made.returncode == 0, made.stdout + made.stderr
    return file.read_text()


@pytest.fixture(scope="module")
def results(page):
    """What the page knows of each result, by its path."""
    [told] = re.findall(r'<script id="results">\s*var results = (\{.*?\});\s*</script>', page, flags=re.DOTALL)
    return json.loads(told)


def test_it_fetches_nothing(page):
    assert not re.search(r"<(script|img|iframe)[^>]+src=[\"']?(https?:)?//", page)
    assert not re.search(r"<link[^>]+href=", page)
    assert not re.search(r"@import|url\([\"']?https?:", page)


def test_every_figure_is_in_it_with_its_caption(rehearsal, results):
    pictures = [path.relative_to(rehearsal[0].folder).as_posix() for path in (rehearsal[0].folder / "results").rglob("*.png")]
    assert pictures
    for path in pictures:
        shown = results[path]
        assert content(shown) == (rehearsal[0].folder / path).read_bytes(), path
        assert path.split("/")[-1].removesuffix(".png") in shown["caption"], path
        assert shown["labels"], path


def test_claims_are_shown_and_tables_can_be_taken_away(rehearsal, results):
    for path in (rehearsal[0].folder / "results").glob("*/claims.csv"):
        name = path.relative_to(rehearsal[0].folder).as_posix()
        assert content(results[name]) == path.read_bytes()
        assert results[name.replace(".csv", ".html")]["mime_type"] == "text/html"
        assert content(results[name.replace(".csv", ".html")]) == path.with_suffix(".html").read_bytes()
        assert name.replace("claims", "summary") in results


def test_pages_of_populations_are_in_it(rehearsal, results):
    pages = [path.relative_to(rehearsal[0].folder).as_posix() for path in (rehearsal[0].folder / "results").rglob("atlas.html")]
    assert "results/atlas.html" in pages
    for path in pages:
        assert results[path]["mime_type"] == "text/html"
        assert content(results[path]) == (rehearsal[0].folder / path).read_bytes(), path


def test_it_knows_every_rule_and_how_long_its_jobs_took(page, rehearsal):
    [runtimes] = re.findall(r"var runtimes_spec = (\{.*?\});\s*</script>", page, flags=re.DOTALL)
    timed = {job["rule"] for job in json.loads(runtimes)["data"]["values"]}
    [graph] = re.findall(r"var rulegraph_spec = (\{.*?\});\s*</script>", page, flags=re.DOTALL)
    planned = {line.split()[0] for line in rehearsal[1].splitlines() if re.fullmatch(r"[a-z_]+ +\d+", line)} - {"all", "total"}
    assert timed == planned
    assert all(f'"{rule}"' in graph for rule in planned)


def content(shown):
    return base64.b64decode(shown["data_uri"].split("base64,", 1)[1])
