"""Nothing of what comes from outside is run: no pickle, no evaluated text, no path out of an archive, no markup in the report."""

from __future__ import annotations

import ast
import io
import json
import pickle
import re
import runpy
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from docutils.core import publish_parts
from jinja2 import Template
from snakemake.common.configfile import load_configfile
from snakemake_interface_common.exceptions import WorkflowError

from rnnpop import store
from rnnpop.stages.diagnose import RecordingError
from rnnpop.stages.fetch import ForbiddenPickle, arrays

REPOSITORY = Path(__file__).parents[2]
SOURCES = [*(REPOSITORY / "workflow").rglob("*.py"), *(REPOSITORY / "scripts").glob("*.py")]

#: Modules that make objects of bytes, or fetch bytes; and where one of them is needed.
MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "urllib", "requests", "http", "socket", "ftplib"}
NEEDED = {("workflow/rnnpop/stages/fetch.py", "pickle")}  # a subclass that makes arrays only, of bytes whose digest is pinned

#: Calls that run text, make objects of bytes, or write where an archive says.
CALLS = {"eval", "exec", "compile", "__import__", "system", "popen", "read_pickle", "unsafe_load", "full_load", "extract", "extractall"}


def trusting(tree: ast.Module) -> Iterator[str]:
    """What a module does that trusts what it reads."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from {alias.name.split(".")[0] for alias in node.names} & MODULES
        elif isinstance(node, ast.ImportFrom):
            yield from {str(node.module).split(".")[0]} & MODULES
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            given = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
            if called.split(".")[-1] in CALLS and called != "re.compile":
                yield called
            if called in ("np.load", "numpy.load") and given.get("allow_pickle") != "False":
                yield f"{called} without allow_pickle=False"
            if called in ("torch.load", "yaml.load") or given.get("shell", "False") != "False":
                yield called


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from urllib.request import urlopen",
        "eval(entry)",
        "os.system(name)",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "torch.load(path)",
        "torch.load(path, weights_only=True)",
        "yaml.load(text, Loader=yaml.SafeLoader)",
        "yaml.unsafe_load(text)",
        "archive.extractall(folder)",
        "subprocess.run(words, shell=True)",
        "pd.read_pickle(path)",
    ],
)
def test_the_search_below_finds(source: str) -> None:
    assert list(trusting(ast.parse(source)))


def test_no_module_trusts_what_it_reads() -> None:
    found = {(str(path.relative_to(REPOSITORY)), what) for path in SOURCES for what in trusting(ast.parse(path.read_text()))}
    assert found == NEEDED


def test_no_rule_hands_words_to_a_shell() -> None:
    """All are scripts, which are handed values; and no config of ours is a template that Snakemake would evaluate."""
    for path in [REPOSITORY / "Snakefile", *(REPOSITORY / "workflow" / "rules").glob("*.smk")]:
        assert not re.findall(r"^\s*(?:shell|run):|\b(?:shell|eval|exec)\(", path.read_text(), re.MULTILINE), path
    for path in [*REPOSITORY.glob("*.yaml"), *(REPOSITORY / "configs").glob("*.yaml"), *(REPOSITORY / "tests").rglob("*.yaml")]:
        assert "__use_yte__" not in path.read_text(), path


class Trap:
    """Leaves a file where it is unpickled."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.place,)


def array(*filters: dict[str, Any], dtype: str = "<f8", compressor: dict[str, Any] | None = None) -> str:
    """Metadata of a zarr array whose chunks go through these filters."""
    fill = None if dtype == "|O" else 0.0
    shape = {"zarr_format": 2, "shape": [1], "chunks": [1], "order": "C"}
    return json.dumps(shape | {"dtype": dtype, "fill_value": fill, "compressor": compressor, "filters": list(filters) or None})


PICKLE = {"id": "pickle", "protocol": 5}
ARRAYS = {
    "objects": array(PICKLE, dtype="|O"),
    "a filter": array(PICKLE),
    "a second filter": array({"id": "vlen-utf8"}, PICKLE, dtype="|O"),
    "a compressor": array({"id": "vlen-utf8"}, dtype="|O", compressor=PICKLE),
}


@pytest.fixture(scope="module")
def opened() -> Any:
    return runpy.run_path(str(REPOSITORY / "scripts" / "diagnose.py"))["opened"]


@pytest.mark.parametrize("kind", ["numpy", *ARRAYS])
def test_a_recording_is_not_unpickled(kind: str, opened: Any, tmp_path: Path) -> None:
    trap = Trap(sprung := tmp_path / "sprung")
    if kind == "numpy":
        np.save(path := tmp_path / "mine.npy", np.array([trap], dtype=object), allow_pickle=True)
    else:
        path = tmp_path / "mine.zarr"
        path.mkdir()
        (path / ".zarray").write_text(ARRAYS[kind])
        (path / "0").write_bytes(pickle.dumps(trap))
    with pytest.raises(RecordingError, match="expected"):
        opened(str(path), None)
    assert not sprung.exists()
    pickle.loads(pickle.dumps(trap))
    assert sprung.exists()  # the trap is one


@pytest.mark.parametrize("kind", ARRAYS)
def test_a_store_is_not_unpickled(kind: str, tmp_path: Path) -> None:
    sprung = tmp_path / "sprung"
    with zipfile.ZipFile(path := tmp_path / "networks.zarr.zip", "w") as archive:
        archive.writestr(".zgroup", json.dumps({"zarr_format": 2}))
        archive.writestr("weights/.zarray", ARRAYS[kind])
        archive.writestr("weights/.zattrs", json.dumps({"_ARRAY_DIMENSIONS": ["network"]}))
        archive.writestr("weights/0", pickle.dumps(Trap(sprung)))
    with pytest.raises(store.DamagedStore, match=r"networks\.zarr\.zip"):
        store.load(path)
    assert not sprung.exists()


def test_a_published_pickle_is_not_trusted(tmp_path: Path) -> None:
    sprung = tmp_path / "sprung"
    with pytest.raises(ForbiddenPickle):
        arrays(pickle.dumps({"2020-01-01": Trap(sprung)}))
    assert not sprung.exists()


def test_members_of_an_archive_stay_in_it(opened: Any, tmp_path: Path) -> None:
    """They are read into memory, whatever path they claim."""
    for read, name in ((store.load, "mine.zarr.zip"), (lambda path: opened(str(path), None), "recording.zarr.zip")):
        folder = tmp_path / name.split(".")[0]
        folder.mkdir()
        with zipfile.ZipFile(folder / name, "w") as archive:
            for member in ("../outside", str(tmp_path / "outside"), "zarr.json"):
                archive.writestr(member, "{}")
        with pytest.raises((store.DamagedStore, RecordingError)):
            read(folder / name)
    assert not list(tmp_path.rglob("outside"))


@pytest.mark.parametrize("tag", ["python/object/apply:pathlib.Path.touch", "python/object/new:pathlib.Path", "python/name:os.system"])
def test_a_config_makes_no_objects(tag: str, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(f"seed: !!{tag} [{tmp_path / 'sprung'}]\n")
    with pytest.raises(WorkflowError, match="not valid JSON or YAML"):
        load_configfile(tmp_path / "mine.yaml")
    assert not (tmp_path / "sprung").exists()


HOSTILE = [
    "</script><script>sprung()</script>",
    "a\n\n.. raw:: html\n\n   <script>sprung()</script>\n",
    "a\n\n.. include:: /etc/passwd\n",
    "`a <javascript:sprung()>`_",
    "*a* ``b`` |c| d_ {{ 7 * 7 }} \\",
]


@pytest.mark.parametrize("title", HOSTILE)
@pytest.mark.parametrize("caption", ["workflow", "figure"])
def test_the_report_shows_a_title_as_it_is_written(title: str, caption: str) -> None:
    """By way of Jinja and docutils, as Snakemake makes its captions."""
    job = SimpleNamespace(
        config={"seed": 1, "studies": {"mine": {"title": title, "seeds": 1}}},
        wildcards=SimpleNamespace(study="mine", figure="memory"),
        output=SimpleNamespace(tables="results/mine/figures/memory"),
    )
    text = Template((REPOSITORY / "workflow" / "report" / f"{caption}.rst").read_text()).render(snakemake=job)
    complaints = io.StringIO()
    html = publish_parts(text, writer="html", settings_overrides={"warning_stream": complaints})["body"]
    assert not complaints.getvalue()
    assert "<script" not in html
    assert "<a " not in html
    assert "root:" not in html
    shown = html.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")
    assert " ".join(title.split()) in " ".join(shown.split())
