// The plane of the population, its menus and its legend.

function option(value, label, chosen) {
  return make("option", { value, textContent: label, selected: value === chosen });
}

function menu(label, id, options, chosen, change) {
  const select = make("select", { id });
  for (const [group, entries] of Object.entries(options)) {
    const made = entries.map(([value, name]) => option(value, name, chosen));
    select.append(...(group ? [make("optgroup", { label: group }, ...made)] : made));
  }
  select.addEventListener("change", () => change(select.value));
  return make("label", {}, label, select);
}

const named = columns => columns.map(of => [of.name, words(of.name)]);

function columnOptions() {
  const all = task().columns;
  return { "design": named(all.filter(of => of.kind === "factor")), "statistics": named(all.filter(of => of.kind !== "factor")) };
}

function controls() {
  const set = key => value => { state[key] = value; forget(); render(); };
  const learners = [...new Set(DATA.groups)].filter(group => column("learner")?.levels.includes(group));
  const measures = task().measures.filter(each => each.group === state.learner);
  const fields = [];
  if (DATA.tasks.length > 1) fields.push(menu("Task", "task", { "": DATA.tasks.map((each, place) => [String(place), words(each.name)]) }, String(state.task), value => chooseTask(Number(value))));
  if (learners.length > 1) fields.push(menu("Learner", "learner", { "": [...learners.map(name => [name, words(name)]), ["", "all"]] }, state.learner, set("learner")));
  fields.push(menu("Place by", "show", { ...(measures.length ? { "distance under": named(measures) } : {}), "": [[STATISTICS, STATISTICS]] }, state.show, set("show")));
  if (!measure()) {
    fields.push(menu("Across", "x", columnOptions(), state.x, set("x")), menu("Up", "y", columnOptions(), state.y, set("y")));
  }
  fields.push(menu("Colour by", "colour", columnOptions(), state.colour, set("colour")));
  const used = [state.colour, ...state.columns, ...(measure() ? [] : [state.x, state.y])].map(column).filter(of => of?.places);
  for (const of of new Map(used.map(each => [each.dimension, each])).values()) {
    const chosen = String(state.at[of.dimension] ?? of.places[0]);
    fields.push(menu(words(of.dimension), `at-${of.dimension}`, { "": of.places.map(place => [place, words(place)]) }, chosen, value => { state.at[of.dimension] = value; forget(); render(); }));
  }
  const focused = document.activeElement?.id;
  element("controls").replaceChildren(...fields);
  if (focused && element("controls").contains(element(focused))) element(focused).focus();
}

let source = null;
let ring = null;

/** Colours and markers of all networks by the chosen column, and the legend that says what they mean. */
function coding() {
  const of = column(state.colour);
  const all = values(of);
  if (isText(of)) return { colour: all.map(levelColour), marker: all.map(levelMarker), of };
  const scale = scaleOf(kept().map(network => all[network])) ?? { low: 0, high: 1 };
  const colours = ramp();
  return { colour: all.map(value => value === null ? css("--muted") : onRamp(value, scale, colours)), marker: all.map(value => value === null ? "x" : "circle"), of, scale };
}

async function drawPopulation() {
  const place = positions();
  const code = coding();
  const inside = new Set(kept());
  const has = place.networks.map((network, row) => row).filter(row => place.x[row] !== null && place.y[row] !== null);
  const rows = has.filter(row => inside.has(place.networks[row]));
  const others = measure() ? has.filter(row => !inside.has(place.networks[row])) : [];
  const numbers = rows.map(row => place.networks[row]);
  const [x, y] = measure() ? [null, null] : [column(state.x), column(state.y)];
  const logarithmic = [["x", x, place.x], ["y", y, place.y]].filter(([, of, at]) => of && !isText(of) && rows.length && scaleOf(rows.map(row => at[row]))?.logarithmic).map(([axis]) => axis).join("");
  const small = place.networks.length > 500;

  // a factor that is the same for all of them says nothing of one
  const varied = task().columns.filter(of => of.kind === "factor" && (of.name === "status" || of.levels.length > 1)).map(of => of.name);
  const telling = [...new Set([...varied, ...(x ? [state.x, state.y] : []), state.colour, ...state.columns])].filter(column);
  const tip = teller([["network", "name"], ...telling.map(name => [fullLabel(column(name)), `told_${name}`])]);
  const tools = [new Bokeh.BoxSelectTool(), new Bokeh.LassoSelectTool(), new Bokeh.PanTool(), new Bokeh.BoxZoomTool(), new Bokeh.WheelZoomTool(), new Bokeh.TapTool(), tip, new Bokeh.ResetTool()];
  const phone = innerWidth < 600;
  const made = figure({ x: x ? fullLabel(x) : `${words(state.show)}: first axis`, y: y ? fullLabel(y) : "second axis", equal: !x, height: phone ? 340 : 480, tools, logarithmic, steady: true });
  if (x && isText(x)) nameTicks(made.xaxes[0], x.levels);
  if (y && isText(y)) nameTicks(made.yaxes[0], y.levels);
  made.grids.forEach((grid, number) => { grid.ticker = made.axes[number].ticker; });
  if (x && isText(x) && x.levels.length * 70 > innerWidth * 0.55) made.xaxes[0].major_label_orientation = 0.6;

  if (!rows.length && !others.length) Object.assign(made, { x_range: new Bokeh.Range1d(), y_range: new Bokeh.Range1d() }); // nothing to find a range from
  made.scatter(others.map(row => place.x[row]), others.map(row => place.y[row]), { marker: "circle", size: 4, fill_color: css("--muted"), line_color: null, fill_alpha: 0.25 });
  source = new Bokeh.ColumnDataSource({ data: {
    x: rows.map(row => place.x[row]), y: rows.map(row => place.y[row]), name: numbers.map(network => task().networks[network]),
    colour: numbers.map(network => code.colour[network]), marker: numbers.map(network => code.marker[network]), line: numbers.map(network => code.marker[network] === "x" ? code.colour[network] : css("--panel")), size: numbers.map(network => (small ? 7 : 11) * roomOf(code.marker[network])),
    ...Object.fromEntries(telling.map(name => [`told_${name}`, numbers.map(network => printed(column(name), network))])),
  } });
  const points = made.scatter({ field: "x" }, { field: "y" }, {
    source, size: { field: "size" }, marker: { field: "marker" }, fill_color: { field: "colour" }, line_color: { field: "line" }, line_width: numbers.some(network => code.marker[network] === "x") ? 1.5 : small ? 0.5 : 1, fill_alpha: 0.85,
    selection_fill_alpha: 1, selection_line_color: ink(), selection_line_width: 2, nonselection_fill_alpha: 0.4, nonselection_line_alpha: 0.5,
  });
  tip.renderers = [points];
  ring = new Bokeh.ColumnDataSource({ data: { x: [], y: [] } });
  made.scatter({ field: "x" }, { field: "y" }, { source: ring, marker: "circle", size: small ? 18 : 24, fill_color: null, line_color: css("--warm"), line_width: 3 });
  for (const bound of state.claim && y && rows.length ? state.bounds : []) {
    made.scatter([place.x[rows[0]]], [bound], { fill_alpha: 0, line_alpha: 0 }); // a line alone would stay out of the axis's range
    made.add_layout(new Bokeh.Span({ location: bound, dimension: "width", line_color: css("--warm"), line_dash: [6, 4], line_width: 2 }));
  }
  markSelection();
  source.selected.properties.indices.change.connect(() => picked(numbers));
  await draw("plane", made, `${rows.length} networks as points: ${x ? `${fullLabel(y)} against ${fullLabel(x)}` : `placed by their distances under ${words(state.show)}`}, coloured by ${fullLabel(code.of)}`);
  legend(code);
  caption(place, rows, inside.size - rows.length, x, y);
}

/** What was selected in the plane: a single network is opened, too, and of those that stand on one another the uppermost. */
function picked(numbers) {
  const names = source.selected.indices.map(row => task().networks[numbers[row]]);
  if (names.length === state.selection.size && names.every(name => state.selection.has(name))) return;
  state.selection = new Set(names);
  state.row = 0;
  drawTable();
  if (names.length && !names.includes(state.open) && together(source.selected.indices)) open(names.at(-1));
}

/** Whether points stand so close that a click meets them all. */
function together(rows) {
  const view = drawn.get(element("plane"));
  const { x_scale, y_scale } = (view.plot ?? view).frame;
  const spread = (scale, at) => { const seats = rows.map(row => scale.compute(at[row])); return Math.max(...seats) - Math.min(...seats); };
  return Math.hypot(spread(x_scale, source.data.x), spread(y_scale, source.data.y)) < 25;
}

/** Show in the plane what is selected, and which network is open. */
function markSelection() {
  const names = source.data.name ?? source.get("name");
  source.selected.indices = names.map((name, row) => state.selection.has(name) ? row : -1).filter(row => row >= 0);
  const row = names.indexOf(state.open);
  ring.data = row < 0 ? { x: [], y: [] } : { x: [source.data.x[row]], y: [source.data.y[row]] };
}

function legend({ of, scale }) {
  const place = element("legend");
  const title = make("span", { className: "caption" }, `${fullLabel(of)}:`);
  if (isText(of)) {
    const out = state.left_out[of.name] ?? new Set();
    const inTask = new Set(values(of));
    place.replaceChildren(title, ...of.levels.map((level, number) => [level, number]).filter(([, number]) => inTask.has(number)).map(([level, number]) => {
      const button = make("button", { type: "button", title: "Show or hide", "aria-pressed": String(!out.has(level)) }, mark(number), words(level) || "none");
      button.addEventListener("click", () => {
        out.has(level) ? out.delete(level) : out.add(level);
        state.left_out[of.name] = out;
        state.row = 0;
        render();
        [...element("legend").querySelectorAll("button")].find(each => each.textContent === button.textContent)?.focus();
      });
      return button;
    }));
    return;
  }
  const bar = make("i", {});
  bar.style.background = `linear-gradient(to right, ${ramp().filter((_, step) => step % 15 === 0).join(",")})`;
  place.replaceChildren(title, make("span", { className: "scale" }, make("span", {}, shortNumber(scale.low)), bar, make("span", {}, shortNumber(scale.high))), make("span", { className: "caption" }, [scale.logarithmic ? "by powers of ten" : "", source.data.marker.includes("x") ? "crosses have no number" : ""].filter(Boolean).join("; ")));
}

function caption(place, rows, without, x, y) {
  const shown = measure();
  const seats = new Set(rows.map(row => `${place.x[row]},${place.y[row]}`)).size;
  const share = seats < rows.length ? `; ${rows.length - seats} ${rows.length - seats === 1 ? "stands" : "stand"} exactly where another one does` : "";
  const meaning = of => of.label && of.label !== words(of.name) ? `; ${words(of.name)} is: ${of.label}` : "";
  const what = shown
    ? `. Multidimensional scaling of the distances of all pairs under ${words(shown.name)}: stress ${shortNumber(shown.stress)}, rank correlation of distances given and drawn ${shortNumber(shown.rank_correlation)}.`
    : `${meaning(x)}${y === x ? "" : meaning(y)}.`;
  element("caption").textContent = `${rows.length} of ${place.networks.length} networks${without ? `; ${without} more ${without === 1 ? "has" : "have"} no ${shown ? "place" : "number"} here` : ""}${share}${what}`;
}
