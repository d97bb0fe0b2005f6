"""Pages in headless Chromium do what they say: hover, click, keys, filters, menus and claims, without a complaint or a request."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import page_study
from browser import Browser, browser, installed
from rnnpop.pages.index import overview
from rnnpop.pages.rendering import index_page, study_page

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not installed(), reason="there is no Chromium")]

#: Where a network's point is drawn, in pixels of the window.
SEAT = """
const view = drawn.get(element("plane"));
const plot = view.plot ?? view;
const row = [...source.data.name].indexOf(arguments[0]);
const box = (plot.canvas_view ?? plot.canvas).el.getBoundingClientRect();
return [box.x + plot.frame.x_scale.compute(source.data.x[row]), box.y + plot.frame.y_scale.compute(source.data.y[row])];
"""

#: Texts of the tooltips in sight, through the shadows that the library draws in.
TIPS = """
const texts = root => [...root.querySelectorAll("*")].flatMap(each => [
  ...(each.matches(".bk-Tooltip, .bk-tooltip") && each.getClientRects().length ? [(each.shadowRoot ?? each).textContent] : []),
  ...(each.shadowRoot ? texts(each.shadowRoot) : []),
]);
return texts(document).join(" ");
"""

SECOND = "flip_flop/gru-tanh/adam/00001"

#: Pictures in sight as a reader of screens is told of them.
TOLD = """
return [...drawn].filter(([place]) => place.isConnected).map(([, view]) => (view.plot ?? view).canvas_view.events_el)
  .map(each => [each.role, each.ariaLabel]);
"""

#: Pictures whose ink touches the rim of their canvas: something is cut off.
CUT = """
return [...drawn].filter(([place]) => place.isConnected).map(([, view]) => (view.plot ?? view).canvas_view).filter(({ primary }) => {
  const { width, height } = primary.canvas;
  const copy = Object.assign(document.createElement("canvas"), { width, height }).getContext("2d", { willReadFrequently: true });
  copy.drawImage(primary.canvas, 0, 0);
  const paper = copy.getImageData(2, 2, 1, 1).data;
  const unlike = pixel => pixel[3] === 255 && pixel.some((value, channel) => Math.abs(value - paper[channel]) > 60);
  const ink = rim => {
    const { data } = copy.getImageData(...rim);
    return [...data.keys()].some(at => at % 4 === 0 && unlike(data.slice(at, at + 4)));
  };
  return [[0, 0, 1, height], [width - 1, 0, 1, height], [0, height - 1, width, 1]].some(ink);
}).map(({ events_el }) => events_el.ariaLabel);
"""

#: Colour in the middle of a network's mark, and that of the paper.
INK = """
const view = drawn.get(element("plane"));
const { frame, canvas_view } = view.plot ?? view;
const { canvas } = canvas_view.primary;
const row = [...source.data.name].indexOf(arguments[0]);
const at = [frame.x_scale.compute(source.data.x[row]), frame.y_scale.compute(source.data.y[row])];
return [...canvas.getContext("2d").getImageData(...at, 1, 1).data].slice(0, 3);
"""
PAPER = "return getComputedStyle(element('population')).backgroundColor.match(/[0-9]+/g).map(Number)"

#: Parts of the card that reach out of it.
OUT = """
const rim = element("card").getBoundingClientRect().right;
return [...element("card").querySelectorAll("*")].filter(each => each.getBoundingClientRect().right > rim).map(each => each.outerHTML);
"""


@pytest.fixture(scope="module")
def window() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("results") / "universality" / "atlas.html"
    path.parent.mkdir()
    path.write_text(page_study.page())
    return path


@pytest.fixture
def opened(window: Browser, page: Path) -> Iterator[Browser]:
    """A fresh page; at the end of each test nothing was complained of."""
    window.complaints()
    window.open(page)
    yield window
    assert window.complaints() == []


def choose(window: Browser, menu: str, value: str) -> None:
    """As a hand does it in a menu."""
    window.run(
        "const menu = element(arguments[0]); menu.value = arguments[1]; menu.dispatchEvent(new Event('change', { bubbles: true }));",
        menu,
        value,
    )
    window.wait("drawing.then(() => true)")
    window.run("return drawing")


def rows(window: Browser) -> list[str]:
    return window.run("return [...document.querySelectorAll('#table tbody tr')].map(row => row.dataset.network)")


def seat(window: Browser, name: str) -> tuple[float, float]:
    x, y = window.run(SEAT, name)
    return x, y


def test_it_opens_from_a_file_and_asks_for_nothing(opened: Browser) -> None:
    assert opened.run("return performance.getEntriesByType('resource').length") == 0
    assert opened.run("return source.data.name.length") == 16
    assert len(rows(opened)) == 16
    assert "16 of 16 networks" in opened.run("return element('caption').textContent")


def test_text_is_text(opened: Browser) -> None:
    assert opened.run("return window.stolen === undefined && document.querySelectorAll('img').length === 0")
    assert page_study.HOSTILE in opened.run("return document.querySelector('header p').textContent")
    assert page_study.HOSTILE in opened.run("return element('claims').textContent")


def test_hovering_a_point_tells_who_it_is(opened: Browser) -> None:
    opened.mouse(*seat(opened, SECOND))
    opened.wait(f"(function () {{ {TIPS} }})().includes('{SECOND}')")
    told = opened.run(TIPS)
    assert "GRU" in told
    assert "final loss" in told


@pytest.mark.parametrize("dark", [False, True])
def test_what_is_told_of_a_point_is_in_the_colours_of_the_page(window: Browser, page: Path, dark: bool) -> None:
    window.dark(dark)
    try:
        window.open(page)
        window.mouse(*seat(window, SECOND))
        window.wait(f"(function () {{ {TIPS} }})().includes('{SECOND}')")
        seen = window.run(
            "const tip = getComputedStyle([...document.querySelectorAll('.bk-Tooltip')].find(each => each.getClientRects().length));"
            " return [tip.backgroundColor, tip.color]"
        )
        assert seen == window.run(
            "const [panel, body] = [element('population'), document.body].map(each => getComputedStyle(each));"
            " return [panel.backgroundColor, body.color]"
        )
        assert window.complaints() == []
    finally:
        window.dark(False)


def test_clicking_a_point_opens_and_selects_it_and_another_measure_keeps_it(opened: Browser) -> None:
    before = seat(opened, SECOND)
    opened.mouse(*before, click=True)
    opened.wait(f"element('card-title').textContent === '{SECOND}'")
    assert opened.run("return [...state.selection]") == [SECOND]
    assert opened.run("return document.querySelector('tr.selected').dataset.network") == SECOND
    opened.wait("document.querySelectorAll('#card-body .plot').length === 3")  # plane, eigenvalues, training
    choose(opened, "show", "topology")
    assert opened.run("return [...state.selection]") == [SECOND]
    assert opened.run("return source.selected.indices.map(row => source.data.name[row])") == [SECOND]
    assert seat(opened, SECOND) != pytest.approx(before)
    assert opened.run("return [ring.data.x[0] === source.data.x[source.data.name.indexOf(arguments[0])], ring.data.x.length]", SECOND) == [
        True,
        1,
    ]


def test_a_click_on_points_that_stand_on_one_another_opens_the_uppermost(opened: Browser) -> None:
    opened.run("column('final_loss').values.fill(0.5)")
    choose(opened, "show", "two statistics")
    choose(opened, "x", "final_loss")
    choose(opened, "y", "final_loss")
    opened.mouse(*seat(opened, SECOND), click=True)
    uppermost = opened.run("return source.data.name.at(-1)")
    opened.wait(f"element('card-title').textContent === '{uppermost}'")
    assert len(opened.run("return [...state.selection]")) == 16


def test_a_box_around_many_selects_them_and_opens_none(opened: Browser) -> None:
    opened.run("source.selected.indices = source.data.name.map((_, row) => row)")
    opened.wait("state.selection.size === 16")
    assert opened.run("return state.open") is None


def test_the_measure_moves_points_to_its_own_places(opened: Browser) -> None:
    choose(opened, "show", "topology")
    given = opened.run(
        "const shown = task().measures.find(each => each.name === 'topology');"
        " return [shown.networks.map(number => task().networks[number]), shown.x]"
    )
    assert opened.run("return [source.data.name, source.data.x]") == given


def test_keys_alone_lead_from_row_to_row_and_open_one(opened: Browser) -> None:
    opened.run("document.querySelector('#table tbody button').focus()")
    opened.press("ArrowDown", "Enter")
    second = rows(opened)[1]
    opened.wait(f"element('card-title').textContent === '{second}'")
    opened.run("document.querySelectorAll('#table tbody input')[2].focus()")
    opened.press("Space")
    assert opened.run("return [...state.selection]") == [rows(opened)[2]]
    assert opened.run("return document.activeElement.type") == "checkbox"
    opened.press("ArrowUp", "Space")
    assert opened.run("return [...state.selection]") == [rows(opened)[2], rows(opened)[1]]


def test_readers_of_screens_are_told_what_pictures_show_and_which_keys_there_are(opened: Browser) -> None:
    opened.run("return open(arguments[0])", SECOND)
    population, plane, eigenvalues, training = opened.run(TOLD)
    assert {role for role, _ in (population, plane, eigenvalues, training)} == {"img"}
    assert population[1] == "16 networks as points: placed by their distances under SVCCA, coloured by architecture"
    assert "27 points" in plane[1]
    assert eigenvalues[1].startswith("Eigenvalues of 27 points")
    assert training[1] == "Training: error against optimiser steps"
    described = opened.run("return element('plane').getAttribute('aria-describedby').split(' ').map(id => element(id).textContent)")
    assert "Enter" in described[1]


def test_the_filter_takes_words_and_comparisons_and_says_what_it_did_not_understand(opened: Browser) -> None:
    def filtered(text: str) -> list[str]:
        opened.run("const box = element('filter'); box.value = arguments[0]; box.dispatchEvent(new Event('input'));", text)
        opened.run("return drawing")
        assert sorted(opened.run("return source.data.name")) == sorted(rows(opened))
        return rows(opened)

    assert filtered("gru relu") == [f"flip_flop/gru-relu/adam/0000{number}" for number in range(2)]
    losses = opened.run("return values(column('final_loss'))")
    limit = sorted(loss for loss in losses[:16] if loss is not None)[4]
    names = opened.run("return task().networks")
    assert filtered(f"final_loss<{limit}") == [
        name for name, loss in zip(names[:16], losses[:16], strict=True) if loss is not None and loss < limit
    ]
    assert filtered("architecture=lstm activation!=tanh") == [f"flip_flop/lstm-relu/adam/0000{number}" for number in range(2)]
    assert filtered("nobody") == []
    filtered("not_a_column>3")
    assert "not_a_column" in opened.run("return element('filter-said').textContent")
    choose(opened, "show", "two statistics")
    assert filtered("nobody") == []


def test_a_level_of_the_legend_can_be_put_out_and_in_again(opened: Browser) -> None:
    press = "[...document.querySelectorAll('#legend button')].find(each => each.textContent === 'GRU').click(); return drawing"
    opened.run(press)
    assert not any("/gru-" in name for name in opened.run("return source.data.name"))
    assert opened.run("return [...document.querySelectorAll('#legend button')].map(each => each.ariaPressed)") == [
        "true",
        "true",
        "false",
        "true",
    ]
    opened.run(press)
    assert len(rows(opened)) == 16


def test_a_number_colours_with_a_scale_and_a_cross_where_there_is_none(opened: Browser) -> None:
    choose(opened, "colour", "final_loss")
    markers = opened.run("return Object.fromEntries(source.data.name.map((name, row) => [name, source.data.marker[row]]))")
    assert {name for name, marker in markers.items() if marker == "x"} == {"flip_flop/vanilla-tanh/adam/00001"}
    assert opened.run(INK, "flip_flop/vanilla-tanh/adam/00001") != opened.run(PAPER)  # a cross is all line: it has a colour of its own
    colours = opened.run("return source.data.colour")
    assert len(set(colours)) > 10
    assert opened.run("return document.querySelectorAll('#legend .scale').length") == 1


def test_columns_are_sorted_and_numbers_that_are_missing_come_last(opened: Browser) -> None:
    sort = "document.querySelector('th[data-name=\"final_loss\"] button').click()"
    for wanted in ("ascending", "descending"):
        opened.run(sort)
        assert opened.run("return document.querySelector('th[data-name=\"final_loss\"]').ariaSort") == wanted
        shown = opened.run("return [...document.querySelectorAll('#table tbody tr td:last-child')].map(cell => cell.textContent)")
        assert shown[-1] == "–"
        numbers = [float(text) for text in shown[:-1]]
        assert numbers == sorted(numbers, reverse=wanted == "descending")


def test_a_claim_leads_to_the_numbers_that_carry_it(opened: Browser) -> None:
    opened.run("document.querySelectorAll('#claim-flip_flop\\\\.claim_0 button')[1].click(); return drawing")
    assert opened.run("return [state.show, state.colour, state.learner]") == ["topology", "architecture", "adam"]
    told = opened.run("return element('carried').textContent")
    assert "SVCCA geometry depends on architecture" in told
    assert "0.25" in told
    opened.run("document.querySelector('#claim-flip_flop\\\\.claim_1 button').click(); return drawing")
    assert opened.run("return [state.show, state.x, state.y]") == ["two statistics", "architecture", "final_loss"]
    assert opened.run(
        "const { center, renderers } = drawn.get(element('plane')).model;"
        " return [...center, ...renderers].filter(each => each.type === 'Span').map(each => each.location)"
    ) == [0.001]
    opened.run("document.querySelector('#claim-context_integration\\\\.claim_3 button').click(); return drawing")
    assert opened.run("return [task().name, state.y, state.at.lag]") == ["context_integration", "m90", "10"]
    assert opened.run("return source.data.y") == opened.run("return kept().map(network => column('m90').values[2][network])")
    assert all("-tanh/" in name for name in opened.run("return source.data.name"))
    choose(opened, "colour", "activation")
    assert opened.run("return element('carried').hidden")


def test_what_a_claim_is_held_against_is_in_sight_however_far_the_networks_are(opened: Browser) -> None:
    opened.run("DATA.claims.find(claim => claim.claim === 'claim_1').views[0].bounds = [1000]")
    opened.run("document.querySelector('#claim-flip_flop\\\\.claim_1 button').click(); return drawing")
    low, high = opened.run("const { start, end } = drawn.get(element('plane')).model.y_range; return [start, end]")
    assert low <= 1000 <= high


def test_levels_of_claims_are_those_of_the_table_however_their_numbers_are_written(opened: Browser) -> None:
    assert opened.run("return [isLevel('3.0', 3), isLevel('1e-05', 0.00001), isLevel('adam', 'adam')]") == [True] * 3
    assert opened.run("return [isLevel('3.0', 2), isLevel('', 0), isLevel('adam', 'map')]") == [False] * 3


def test_axes_give_way_where_a_learner_has_no_numbers_on_them(opened: Browser) -> None:
    opened.run(
        "const other = column('learner').levels.indexOf('untrained');"
        " column('learner').values.forEach((learner, row) => { if (learner === other) column('final_loss').values[row] = null; });"
    )
    choose(opened, "show", "two statistics")
    choose(opened, "y", "final_loss")
    assert "1 more has no number here" in opened.run("return element('caption').textContent")
    choose(opened, "learner", "untrained")
    assert opened.run("return state.y") != "final_loss"
    assert opened.run("return source.data.name.length") > 0


def test_claims_without_numbers_here_offer_none(opened: Browser) -> None:
    for claim in ("sine.claim_2", "context_integration.claim_4"):
        assert opened.run("return document.getElementById(`claim-${arguments[0]}`).querySelectorAll('button').length", claim) == 0


def test_an_address_leads_to_a_claim(window: Browser, page: Path) -> None:
    window.open(page, "#claim=flip_flop.claim_1")
    assert window.run("return [state.y, element('carried').hidden]") == ["final_loss", False]
    assert window.complaints() == []


def test_a_point_of_the_card_shows_its_own_eigenvalues(opened: Browser) -> None:
    opened.run("return open(arguments[0])", SECOND)
    plots = "[...document.querySelectorAll('#card-body .plot')].map(place => drawn.get(place).model)"
    count = f"return {plots}[1].renderers.at(-1).data_source.data.x.length"
    assert opened.run(count) == 27 * 8
    opened.run("const menu = document.querySelector('#card-body #point'); menu.value = '13'; menu.dispatchEvent(new Event('change'))")
    opened.wait(f"(function () {{ {count} }})() === 8")
    opened.run("const menu = document.querySelector('#card-body #relation'); menu.value = 'input'; menu.dispatchEvent(new Event('change'))")
    arrows = f"{plots}[0].renderers.find(each => each.glyph.type === 'Quadratic').data_source.data.x0.length"
    opened.wait(f"{arrows} === 24")


def test_every_kind_of_panel_is_drawn(window: Browser, tmp_path: Path) -> None:
    import synthetic_population as synthetic

    summary = synthetic.summary(1)
    name = "flip_flop/vanilla-tanh/adam/00000"
    many = [{"name": f"subset {number}", "x": [-1, 0, 1], "y": [0, None, number]} for number in range(10)]
    series = [*many, {"name": "teacher", "x": [-1, 1], "y": [20, 20], "reference": True}]
    flat = [
        {"name": name, "x": [0.1, 0.1][: 1 + late], "y": [late, late][: 1 + late], "reference": bool(late)}
        for late, name in enumerate("ab")
    ]
    points: dict[str, Any] = {"x": [7.4, -1.8, -3], "y": [9.4, -1.4, -6], "node": [0, 1, 2], "unstable": [0, 2, 5]}
    points |= {"kind": ["fixed"] * 3, "outputs": [[0]] * 3, "eigenvalues": [[[0.5], [0.5]]] * 3}
    panels = [
        {"kind": "lines", "title": "Curve", "x": "x", "y": "y", "series": series, "logarithmic": "", "note": page_study.HOSTILE},
        {"kind": "lines", "title": "One place", "x": "x", "y": "y", "series": flat, "logarithmic": "x", "note": ""},
        {
            "kind": "plane",
            "title": "Plane",
            "x": "PC1 (33 %)",
            "y": "PC2 (23 %)",
            "paths": [[[-9, 10], [-6, 8]]],
            "points": points,
            "conditions": [["silence"], [0, 0, 0]],
            "edges": None,
        },
        {
            "kind": "spectra",
            "title": "Both",
            "note": "",
            "x": "x",
            "y": "y",
            "of": "watched share",
            "places": ["0.1", "1"],
            "teacher": [[1], [0]],
            "students": [[[0.5], [0]], [[1, 0.9], [0, 0]]],
        },
        {
            "kind": "spectra",
            "title": "Alone",
            "note": "no teacher",
            "x": "x",
            "y": "y",
            "of": "watched share",
            "places": ["0.1"],
            "teacher": [[], []],
            "students": [[[0.5], [0]]],
        },
        {
            "kind": "words",
            "title": "Words",
            "x": "x",
            "y": "y",
            "words": ["bad", "good"],
            "along": [-1, 1],
            "valence": [["negative", "positive"], [0, 1]],
        },
    ]
    path = tmp_path / "atlas.html"
    path.write_text(study_page(page_study.told(summary, 1), [{name: panels}]))
    window.complaints()
    window.open(path)
    window.run("return open(arguments[0])", name)
    titles = ["Curve", "One place", "Plane", "Both", "Alone", "Words"]
    assert window.run("return [...document.querySelectorAll('#card-body h3')].map(each => each.textContent)") == titles
    assert all(
        window.run("return [...document.querySelectorAll('#card-body .plot')].map(place => drawn.get(place).model.renderers.length)")
    )
    assert window.run(OUT) == []
    assert window.run(CUT) == []
    legends = window.run("return [...document.querySelectorAll('#card-body .legend')].map(each => each.textContent)")
    # of one series there is no legend
    assert legends == [
        "".join(each["name"] for each in series),
        "ab",
        "3 points; unstable directions:024 or more",
        "teacherstudent",
        "negativepositive",
    ]
    plane = "drawn.get(document.querySelectorAll('#card-body .plot')[2]).model.renderers.at(-1).data_source"
    crosses = window.run(f"return {plane}.data.line.at(-1) !== css('--panel')")
    assert crosses
    first = "drawn.get(document.querySelector('#card-body .plot')).model.renderers[0].visible"
    for shown in (False, True):
        window.run("document.querySelector('#card-body .legend button').click()")
        assert window.run(f"return [{first}, document.querySelector('#card-body .legend button').ariaPressed]") == [
            shown,
            str(shown).lower(),
        ]
    window.run("const menu = document.querySelector('#card-body #place'); menu.value = '1'; menu.dispatchEvent(new Event('change'))")
    student = "drawn.get(document.querySelectorAll('#card-body .plot')[4]).model.renderers.at(-1).data_source.data.x"
    window.wait(f"{student}.length === 2")
    assert window.run("return window.stolen === undefined")
    assert window.complaints() == []


@pytest.mark.parametrize("dark", [False, True])
def test_on_a_phone_nothing_stands_out_of_the_window(window: Browser, page: Path, dark: bool) -> None:
    window.size(390, 844, phone=True)
    window.dark(dark)
    try:
        window.open(page)
        window.run("return open(arguments[0])", SECOND)
        window.run("element('card-title').textContent = 'task/architecture/learner_of_a_long_name_without_a_gap/00000'")
        assert window.run("return document.documentElement.scrollWidth") <= 390
        assert window.run(OUT) == []
        assert window.run(CUT) == []
        paper = window.run("return getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, paper[4:-1].split(","))) < 150) == dark
        assert window.complaints() == []
    finally:
        window.size(1400, 900)
        window.dark(False)


def test_the_index_leads_to_the_pages(window: Browser, page: Path) -> None:
    import synthetic_population as synthetic

    table = synthetic.summary(1)[["final_loss"]].to_dataframe().reset_index()
    index = page.parents[1] / "atlas.html"
    index.write_text(index_page([overview("universality", "title", "adam", table, page_study.claims())]))
    window.open(index)
    window.run("document.querySelector('details').open = true; document.querySelectorAll('tbody a')[1].click()")
    window.wait("document.documentElement.dataset.ready === 'yes' && !element('carried').hidden")
    assert window.run("return state.claim") == "flip_flop.claim_1"
    assert window.complaints() == []


def test_in_a_report_pages_stand_in_frames_and_links_that_would_be_dead_are_none(window: Browser, page: Path, tmp_path: Path) -> None:
    import synthetic_population as synthetic

    def frame(text: str) -> None:
        shown = tmp_path / "report.html"
        shown.write_text(f'<iframe src="data:text/html;base64,{base64.b64encode(text.encode()).decode()}"></iframe>')
        window.ask("url", url=shown.as_uri())
        window.ask("frame", id=0)
        window.wait("document.documentElement.dataset.ready === 'yes'")

    table = synthetic.summary(1)[["final_loss"]].to_dataframe().reset_index()
    window.complaints()
    frame(index_page([overview("universality", "title", "adam", table, page_study.claims())]))
    assert window.run("return [...document.querySelectorAll('[href]')].length") == 0
    assert window.run("return document.getElementById('framed').hidden") is False
    frame(page.read_text())
    assert window.run("return [element('all-studies').hidden, source.data.name.length]") == [True, 16]
    assert window.run("return open(arguments[0]).then(() => document.querySelectorAll('#card-body .plot').length)", SECOND) == 3
    assert window.complaints() == []
