"""Take the pictures of a study's page that the README shows: `python docs/make_screenshots.py results/universality/atlas.html docs`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from browser import browser

#: Networks of the first population are selected, the first of them is open.
_CHOICE = """
const first = kept().find(network => told(column("status"), network) === "ok") ?? 0;
const population = task().networks[first].replace(/[0-9]+$/, "");
state.selection = new Set(task().networks.filter(name => name.startsWith(population)));
await render();
await open(task().networks[first]);
scrollTo(0, 0);
"""


#: What each picture places networks by.
_MEASURES = {"geometry": "svcca_10", "topology": "topology"}


def main(page: Path, folder: Path) -> None:
    """Geometry, topology with the same networks selected, and what a phone in the dark shows."""
    with browser(1400, 1000) as window:
        window.open(page)
        window.run(f"return (async () => {{ {_CHOICE} }})()")
        for name, measure in _MEASURES.items():
            window.run("state.show = arguments[0]; return render()", measure)
            window.picture(folder / f"atlas_{name}.png")
        window.size(390, 844, phone=True)
        window.dark(True)
        window.open(page)
        window.run(f"return (async () => {{ {_CHOICE} }})()")
        window.picture(folder / "atlas_phone.png")
        if complaints := window.complaints():
            sys.exit("\n".join(complaints))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
