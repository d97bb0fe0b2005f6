// One network: its pictures, and all that is known of it.

const ORDER_COLOURS = () => [ink(), "#D55E00", "#009E73", dark.matches ? "#4f9fd8" : "#0072B2", css("--muted")];
const ORDER_MARKERS = ["circle", "triangle", "square", "diamond", "x"];
const DASHES = ["solid", [6, 3], [2, 2], [6, 2, 2, 2]];
const RELATIONS = { autonomous: "after small perturbations", heteroclinic: "along unstable directions", input: "after an input" };

async function open(name) {
  state.open = name;
  markSelection();
  for (const row of element("table").querySelectorAll("tbody tr")) row.classList.toggle("open", row.dataset.network === name);
  await drawCard();
  if (innerWidth < 1080) element("card").scrollIntoView({ block: "start" });
}

async function drawCard() {
  const name = state.open;
  const network = name === null ? -1 : task().networks.indexOf(name);
  const body = element("card-body");
  element("card-hint").hidden = network >= 0;
  element("card-title").textContent = network < 0 ? "One network" : name;
  body.replaceChildren();
  if (network < 0) return;
  const chunk = DATA.chunks[state.task][network];
  const panels = chunk === null ? [] : (await unpack(`cards-${chunk}`))[name];
  if (state.open !== name) return; // another one was opened in the meantime
  const badges = task().columns.filter(of => of.kind === "factor").map(of => make("span", { className: "badge" }, `${words(of.name)} ${words(told(of, network))}`));
  body.append(make("p", {}, ...badges));
  for (const panel of panels) await PANELS[panel.kind](body, panel);
  body.append(numbers(network));
}

function numbers(network) {
  const list = make("dl", {});
  for (const of of task().columns.filter(each => each.kind !== "factor")) {
    if (told(of, network) !== "–" && told(of, network) !== "") list.append(make("dt", { title: of.label }, fullLabel(of)), make("dd", {}, told(of, network)));
  }
  return make("details", {}, make("summary", {}, `All ${list.children.length / 2} statistics`), list);
}

function panelPlace(body, panel) {
  const place = make("div", { className: "plot" });
  body.append(make("h3", {}, panel.title), ...(panel.note ? [make("p", { className: "caption" }, panel.note)] : []), place);
  return place;
}

async function drawLines(body, panel) {
  const place = panelPlace(body, panel);
  const made = figure({ x: panel.x, y: panel.y, logarithmic: panel.logarithmic, height: 230 });
  const entries = panel.series.map((series, number) => {
    const look = { colour: series.reference ? css("--muted") : panel.series.length === 1 ? css("--accent") : levelColour(number), dash: series.reference ? [6, 4] : DASHES[number % DASHES.length] };
    const points = series.x.map((x, row) => [x, series.y[row]]).filter(([, y]) => y !== null);
    const [x, y] = [0, 1].map(axis => points.map(point => point[axis]));
    const shows = [made.line(x, y, { line_color: look.colour, line_width: 2, line_dash: look.dash, line_alpha: series.reference ? 0 : 1 })];
    if (series.reference) { // over the whole width, also where there is one place to be held against; the line makes room for it
      shows.push(new Bokeh.Span({ location: y[0], dimension: "width", line_color: look.colour, line_width: 2, line_dash: look.dash }));
      made.add_layout(shows[1]);
    } else if (points.length <= 40) {
      look.marker = levelMarker(number);
      shows.push(made.scatter(x, y, { marker: look.marker, size: 6, fill_color: look.colour, line_color: css("--panel") }));
    }
    return { label: series.name, shows, ...look };
  });
  if (entries.length > 1) body.append(legendOf(entries));
  await draw(place, made, `${panel.title}: ${panel.y} against ${panel.x}${entries.length > 1 ? `, of ${entries.map(each => each.label).join(", ")}` : ""}`);
}

/** Points in the network's own plane with their transitions, and beside them their eigenvalues. */
async function drawPlane(body, panel) {
  const [conditions, codes] = panel.conditions;
  const relations = panel.edges ? panel.edges.relation[0] : [];
  const chosen = { condition: conditions.length > 1 ? "" : conditions[0], relation: relations[0] ?? "", point: "" };
  body.append(make("h3", {}, panel.title));
  const bar = make("div", { className: "controls" });
  const sides = make("div", { className: "two" });
  const [left, right] = [make("div", { className: "plot" }), make("div", { className: "plot" })];
  sides.append(left, right);
  const legend = make("div", { className: "legend" });
  body.append(bar, sides, legend);
  const again = async () => {
    const inside = panel.points.node.map((_, row) => row).filter(row => chosen.condition === "" || conditions[codes[row]] === chosen.condition);
    const orders = [...new Set(inside.map(row => Math.min(panel.points.unstable[row], 4)))].sort();
    legend.replaceChildren(make("span", { className: "caption" }, `${inside.length} points; unstable directions:`), ...orders.map(order => make("span", { className: "entry" }, sign({ marker: ORDER_MARKERS[order], colour: ORDER_COLOURS()[order] }), `${order === 4 ? "4 or more" : order}`)));
    fields(inside);
    const of = chosen.point === "" ? `${inside.length} points` : pointName(panel, Number(chosen.point));
    await draw(left, planeOf(panel, inside, chosen), `${panel.title}: ${panel.y} against ${panel.x}; ${inside.length} points`);
    await draw(right, spectrumOf(panel, inside, chosen), `Eigenvalues of ${of} in the complex plane, beside the unit circle`);
  };
  const fields = inside => {
    const made = [];
    if (conditions.length > 1) made.push(menu("Input held", "condition", { "": [["", "all"], ...conditions.map(each => [each, words(each)])] }, chosen.condition, value => { chosen.condition = value; chosen.point = ""; again(); }));
    if (relations.length) made.push(menu("Arrows", "relation", { "": [...relations.map(each => [each, RELATIONS[each] ?? each]), ["", "none"]] }, chosen.relation, value => { chosen.relation = value; again(); }));
    made.push(menu("Eigenvalues of", "point", { "": [["", "all points"], ...inside.map(row => [String(row), pointName(panel, row)])] }, chosen.point, value => { chosen.point = value; again(); }));
    const focused = document.activeElement?.id;
    bar.replaceChildren(...made);
    bar.querySelector(`#${focused || "none"}`)?.focus();
  };
  chosen.choose = row => { chosen.point = String(row); again(); };
  await again();
}

const pointName = (panel, row) => `point ${panel.points.node[row]}${panel.conditions[0].length > 1 ? `, ${words(panel.conditions[0][panel.conditions[1][row]])}` : ""}: ${panel.points.unstable[row]} unstable`;

function planeOf(panel, inside, chosen) {
  const { points, edges } = panel;
  const tip = teller([["point", "node"], ["input held", "condition"], ["unstable directions", "unstable"], ["outputs", "outputs"], ["kind", "kind"]]);
  const tap = new Bokeh.TapTool();
  const made = figure({ x: panel.x, y: panel.y, equal: true, height: 300, tools: [new Bokeh.BoxZoomTool(), new Bokeh.PanTool(), new Bokeh.WheelZoomTool(), tap, tip, new Bokeh.ResetTool()] });
  const paths = panel.paths.map(([x, y]) => made.line(x, y, { line_color: css("--muted"), line_alpha: 0.45, line_width: 1 }));
  if (edges && chosen.relation) drawArrows(made, panel, inside, chosen);
  const order = inside.map(row => Math.min(points.unstable[row], 4));
  const source = new Bokeh.ColumnDataSource({ data: {
    x: inside.map(row => points.x[row]), y: inside.map(row => points.y[row]), node: inside.map(row => points.node[row]), unstable: inside.map(row => points.unstable[row]), kind: inside.map(row => points.kind[row]),
    condition: inside.map(row => words(panel.conditions[0][panel.conditions[1][row]])), outputs: inside.map(row => points.outputs[row].map(shortNumber).join(", ")),
    colour: order.map(each => ORDER_COLOURS()[each]), marker: order.map(each => ORDER_MARKERS[each]), line: inside.map((row, place) => String(row) === chosen.point ? css("--warm") : order[place] === 4 ? ORDER_COLOURS()[4] : css("--panel")), size: inside.map((row, place) => (String(row) === chosen.point ? 14 : 9) * roomOf(ORDER_MARKERS[order[place]])),
  } });
  const renderer = made.scatter({ field: "x" }, { field: "y" }, { source, size: { field: "size" }, marker: { field: "marker" }, fill_color: { field: "colour" }, line_color: { field: "line" }, line_width: 1.5, nonselection_fill_alpha: 1, nonselection_line_alpha: 1 });
  tip.renderers = [renderer];
  tap.renderers = [renderer];
  for (const range of [made.x_range, made.y_range]) range.renderers = [renderer, ...paths]; // what bent arrows take up is overestimated
  source.selected.properties.indices.change.connect(() => { if (source.selected.indices.length) chosen.choose(inside[source.selected.indices[0]]); });
  return made;
}

/** Bent, so that there and back are two; the head stands half way, and strong arrows are dark. */
function drawArrows(made, panel, inside, chosen) {
  const { points, edges } = panel;
  const rows = new Map(inside.map(row => [points.node[row], row]));
  const [relations, codes] = edges.relation;
  const arrows = edges.origin.map((_, edge) => edge).filter(edge => relations[codes[edge]] === chosen.relation && rows.has(edges.origin[edge]) && rows.has(edges.destination[edge]));
  const data = { x0: [], y0: [], x1: [], y1: [], cx: [], cy: [], mx: [], my: [], angle: [], alpha: [] };
  for (const edge of arrows) {
    const [from, to] = [rows.get(edges.origin[edge]), rows.get(edges.destination[edge])];
    const [x0, y0, x1, y1] = [points.x[from], points.y[from], points.x[to], points.y[to]];
    const [cx, cy] = [(x0 + x1) / 2 - 0.12 * (y1 - y0), (y0 + y1) / 2 + 0.12 * (x1 - x0)];
    const values = { x0, y0, x1, y1, cx, cy, mx: (x0 + 2 * cx + x1) / 4, my: (y0 + 2 * cy + y1) / 4, angle: Math.atan2(y1 - y0, x1 - x0) - Math.PI / 2, alpha: 0.15 + 0.6 * edges.weight[edge] };
    for (const [key, value] of Object.entries(values)) data[key].push(value);
  }
  const source = new Bokeh.ColumnDataSource({ data });
  made.quadratic({ x0: { field: "x0" }, y0: { field: "y0" }, x1: { field: "x1" }, y1: { field: "y1" }, cx: { field: "cx" }, cy: { field: "cy" }, source, line_color: css("--accent"), line_alpha: { field: "alpha" }, line_width: 1.2 });
  made.scatter({ field: "mx" }, { field: "my" }, { source, marker: "triangle", size: 6, angle: { field: "angle" }, fill_color: css("--accent"), line_color: null, fill_alpha: { field: "alpha" } });
}

function unitCircle(made) {
  const turn = Array.from({ length: 181 }, (_, step) => step * Math.PI / 90);
  made.line(turn.map(Math.cos), turn.map(Math.sin), { line_color: css("--muted"), line_dash: [4, 3] });
}

function spectrumOf(panel, inside, chosen) {
  const tip = teller([["eigenvalue", "told"], ["modulus", "modulus"], ["point", "node"]]);
  const made = figure({ x: "real part", y: "imaginary part", equal: true, height: 300, tools: [new Bokeh.BoxZoomTool(), new Bokeh.PanTool(), new Bokeh.WheelZoomTool(), tip, new Bokeh.ResetTool()] });
  unitCircle(made);
  const data = { x: [], y: [], told: [], modulus: [], node: [], colour: [], marker: [] };
  for (const row of inside.filter(each => chosen.point === "" || String(each) === chosen.point)) {
    const [real, imaginary] = panel.points.eigenvalues[row];
    const order = Math.min(panel.points.unstable[row], 4);
    real.forEach((x, mode) => {
      for (const y of imaginary[mode] ? [imaginary[mode], -imaginary[mode]] : [0]) {
        for (const [key, value] of Object.entries({ x, y, told: `${shortNumber(x)}${y ? ` ${y < 0 ? "−" : "+"} ${shortNumber(Math.abs(y))} i` : ""}`, modulus: shortNumber(Math.hypot(x, y)), node: panel.points.node[row], colour: ORDER_COLOURS()[order], marker: ORDER_MARKERS[order] })) data[key].push(value);
      }
    });
  }
  const renderer = made.scatter({ field: "x" }, { field: "y" }, { source: new Bokeh.ColumnDataSource({ data }), size: 6, marker: { field: "marker" }, fill_color: { field: "colour" }, line_color: { field: "colour" }, fill_alpha: 0.55, line_alpha: 0.8 });
  tip.renderers = [renderer];
  return made;
}

async function drawSpectra(body, panel) {
  const bar = make("div", { className: "controls" });
  const place = panelPlace(body, panel);
  const legend = make("div", {});
  place.before(bar);
  body.append(legend);
  const again = async number => {
    const made = figure({ x: panel.x, y: panel.y, height: 260 });
    const entries = [];
    const add = (label, values, look, lines) => {
      entries.push({ label, ...look, shows: [made.scatter(...values, { marker: look.marker, fill_color: null, line_color: look.colour, ...lines })] });
    };
    if (panel.teacher[0].length) add("teacher", panel.teacher, { marker: "circle", colour: ink(), hollow: true }, { size: 11, line_width: 1.5 });
    add("student", panel.students[number], { marker: "x", colour: levelColour(5) }, { size: 9, line_width: 2 });
    made.y_range.min_interval = 0.5;
    legend.replaceChildren(...(entries.length > 1 ? [legendOf(entries)] : []));
    await draw(place, made, `${panel.title}, of ${entries.map(each => each.label).join(" and ")}, at ${panel.of} ${panel.places[number]}`);
  };
  bar.append(menu(words(panel.of), "place", { "": panel.places.map((each, number) => [String(number), each]) }, "0", value => again(Number(value))));
  await again(0);
}

async function drawWords(body, panel) {
  const place = panelPlace(body, panel);
  const [valences, codes] = panel.valence;
  const colours = { positive: levelColour(4), negative: levelColour(5), neutral: levelColour(6) };
  const markers = { positive: "triangle", negative: "inverted_triangle", neutral: "circle" };
  const tip = teller([["word", "word"], ["adds", "told"]]);
  const made = figure({ x: panel.x, y: panel.y, height: 330, tools: [new Bokeh.BoxZoomTool(), new Bokeh.PanTool(), tip, new Bokeh.ResetTool()] });
  made.add_layout(new Bokeh.Span({ location: 0, dimension: "height", line_color: css("--line") }));
  made.yaxes[0].major_label_text_font_size = "0px";
  const few = panel.words.length <= 12; // of many, those at the ends have their words beside them
  const entries = [];
  for (const [number, valence] of valences.entries()) {
    const look = { marker: markers[valence] ?? "circle", colour: colours[valence] ?? css("--accent") };
    const rows = panel.words.map((_, row) => row).filter(row => codes[row] === number);
    const source = new Bokeh.ColumnDataSource({ data: { x: rows.map(row => panel.along[row]), y: rows, word: rows.map(row => words(panel.words[row])), told: rows.map(row => shortNumber(panel.along[row])) } });
    const points = made.scatter({ field: "x" }, { field: "y" }, { source, marker: look.marker, size: 8, fill_color: look.colour, line_color: css("--panel") });
    tip.renderers = [...tip.renderers, points];
    entries.push({ label: valence, shows: [points], ...look });
  }
  const labelled = panel.words.map((_, row) => row).filter(row => few || row === 0 || row === panel.words.length - 1);
  const span = Math.max(...panel.along.map(Math.abs)) || 1;
  for (const row of labelled) {
    const right = panel.along[row] < 0;
    const clear = few ? "middle" : row ? "bottom" : "top"; // of the neighbours, which are many
    made.text([panel.along[row] + (few ? (right ? 0.04 : -0.04) * span : 0)], [row], [words(panel.words[row])], { text_color: ink(), text_font_size: "12px", text_align: right ? "left" : "right", text_baseline: clear, y_offset: { middle: 0, bottom: -7, top: 7 }[clear] });
  }
  if (!few) made.y_range.range_padding = 0.25;
  if (entries.length > 1) body.append(legendOf(entries));
  await draw(place, made, `${panel.title}: ${panel.words.length} words, from ${words(panel.words[0])} to ${words(panel.words.at(-1))}`);
}

const PANELS = { lines: drawLines, plane: drawPlane, spectra: drawSpectra, words: drawWords };
