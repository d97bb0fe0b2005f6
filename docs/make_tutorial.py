"""tutorial.ipynb from its text twin tutorial.py, run, with its outputs: .venv/bin/python docs/make_tutorial.py [another folder]."""

import sys
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent


def make(folder: Path) -> Path:
    """Run the twin in its folder and write the notebook beside it, without dates: equal outputs are equal bytes."""
    notebook = jupytext.read(folder / "tutorial.py")
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
    NotebookClient(notebook, timeout=600, record_timing=False, resources={"metadata": {"path": str(folder)}}).execute()
    nbformat.write(notebook, folder / "tutorial.ipynb", version=4)
    return folder / "tutorial.ipynb"


if __name__ == "__main__":
    print(make(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE))
