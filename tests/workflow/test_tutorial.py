"""The tutorial runs as its text stands, and the notebook is of that text."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
DOCS = REPOSITORY / "docs"


def code(notebook: dict) -> list[dict]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def sources(notebook: dict) -> list[tuple[str, str]]:
    return [(cell["cell_type"], "".join(cell["source"])) for cell in notebook["cells"]]


def pictures(notebook: dict) -> int:
    return sum("image/png" in output.get("data", {}) for cell in code(notebook) for output in cell["outputs"])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """The page, made of the text with three networks instead of twenty."""
    folder = tmp_path_factory.mktemp("tutorial")
    (folder / "workflow").symlink_to(REPOSITORY / "workflow")
    (folder / "docs").mkdir()
    text = (DOCS / "tutorial.py").read_text()
    assert text.count("range(20)") == 1
    (folder / "docs/tutorial.py").write_text(text.replace("range(20)", "range(3)"))
    command = [sys.executable, DOCS / "make_tutorial.py", folder / "docs"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "docs/tutorial.ipynb").read_text())


def test_it_runs_from_its_text_and_draws(made: dict) -> None:
    assert pictures(made) == 3
    said = "".join(text for cell in code(made) for output in cell["outputs"] for text in output.get("text", []))
    counts = [int(line.split(" of 3 ")[0]) for line in said.splitlines() if "interval" in line]
    assert sum(counts) == 3, said  # every network is of one kind


def test_the_notebook_is_of_the_text_with_its_outputs(made: dict) -> None:
    kept = json.loads((DOCS / "tutorial.ipynb").read_text())
    assert sources(kept) == [(kind, source.replace("range(3)", "range(20)")) for kind, source in sources(made)]
    assert [cell["execution_count"] for cell in code(kept)] == list(range(1, len(code(kept)) + 1))
    assert pictures(kept) == 3
