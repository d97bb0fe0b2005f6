// The plotting library, dressed: colours of the page, scales that colour-blind readers can tell apart.

const MARKERS = ["circle", "triangle", "square", "diamond", "inverted_triangle", "plus", "star", "hex"];
const dark = matchMedia("(prefers-color-scheme: dark)");

// Okabe and Ito 2008, in the order of the figures; black is the ink of the page
const levelColours = () => ["#E69F00", "#56B4E9", "#009E73", "#CC79A7", dark.matches ? "#4f9fd8" : "#0072B2", "#D55E00", "#999999", ink()];
const levelColour = place => levelColours()[place % 8];
/** Sizes at which markers look as large as a circle. */
const roomOf = marker => ({ diamond: 1.4, triangle: 1.15, inverted_triangle: 1.15, star: 1.35, plus: 1.1, square: 0.9 })[marker] ?? 1;
const levelMarker = place => MARKERS[markerOf(place)];
// when colours come round, markers do not
const markerOf = place => (place + Math.floor(place / 8)) % MARKERS.length;

const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const ink = () => css("--ink");

/** Cividis, without the end that does not show on the page. */
function ramp() {
  const whole = Bokeh.Palettes.cividis(256);
  return (dark.matches ? whole.slice(70) : whole.slice(0, 236)).map(colour => typeof colour === "number" ? "#" + (colour >>> 8).toString(16).padStart(6, "0") : colour);
}

/** Low, high and whether by powers of ten: so that outliers do not take the whole scale. */
function scaleOf(numbers) {
  const finite = numbers.filter(value => value !== null).sort((a, b) => a - b);
  if (!finite.length) return null;
  const at = share => finite[Math.round(share * (finite.length - 1))];
  const logarithmic = finite[0] > 0 && at(0.98) / at(0.02) > 100;
  let [low, high] = [at(0.02), at(0.98)];
  if (low === high) [low, high] = [finite[0], finite.at(-1)];
  return { low, high, logarithmic };
}

function onRamp(value, scale, colours) {
  const of = scale.logarithmic ? Math.log : number => number;
  const share = scale.high === scale.low ? 0.5 : (of(value) - of(scale.low)) / (of(scale.high) - of(scale.low));
  return colours[Math.round(Math.min(Math.max(share, 0), 1) * (colours.length - 1))];
}

/** An empty figure in the page's colours. */
function figure(options) {
  const tools = options.tools ?? [new Bokeh.BoxZoomTool(), new Bokeh.PanTool(), new Bokeh.WheelZoomTool(), new Bokeh.ResetTool()];
  const touch = matchMedia("(pointer: coarse)").matches; // a finger that drags scrolls the page
  const made = Bokeh.Plotting.figure({
    // room for an axis whose numbers turn out longer than those that it was laid out for: axes of equal scale are drawn twice
    sizing_mode: "stretch_width", height: options.height ?? 260, min_border_left: 66, min_border_right: 12, tools, active_drag: touch ? null : options.drag ?? tools[0], active_scroll: null,
    x_axis_label: options.x, y_axis_label: options.y, x_axis_type: options.logarithmic?.includes("x") ? "log" : "linear", y_axis_type: options.logarithmic?.includes("y") ? "log" : "linear",
    match_aspect: options.equal ?? false, background_fill_color: css("--panel"), border_fill_color: css("--panel"), outline_line_color: css("--line"), toolbar_location: touch && !options.steady ? null : "above",
  });
  made.toolbar.logo = null;
  made.toolbar.stylesheets = [".bk-divider, .bk-tool-overflow { background-color: transparent; }"]; // would be white in the dark
  made.toolbar.autohide = !touch && !options.steady;
  for (const axis of made.axes) {
    Object.assign(axis, { axis_label_text_color: ink(), major_label_text_color: css("--muted"), axis_line_color: css("--line"), major_tick_line_color: css("--line"), minor_tick_line_color: null, axis_label_text_font_style: "normal", axis_label_text_font_size: options.steady ? "13px" : "12px", axis_label_text_font: css("--font"), major_label_text_font: css("--font") });
  }
  for (const grid of made.grids) grid.grid_line_color = css("--line");
  for (const grid of made.grids) grid.grid_line_alpha = 0.6;
  return made;
}

/** Names of levels where their numbers would stand. */
function nameTicks(axis, levels) {
  axis.ticker = new Bokeh.FixedTicker({ ticks: levels.map((_, place) => place) });
  axis.major_label_overrides = new Map(levels.map((level, place) => [place, words(level)]));
}

const drawn = new Map();

/** Draw in place of what stood there before; readers of screens are told what the picture shows. */
async function draw(id, made, shows) {
  const place = typeof id === "string" ? element(id) : id;
  drawn.get(place)?.remove?.();
  place.replaceChildren();
  const view = await Bokeh.Plotting.show(made, place);
  drawn.set(place, view);
  const { events_el } = (view.plot ?? view).canvas_view; // what the mouse and the focus are on: the tools beside it stay buttons
  events_el.setAttribute("role", "img");
  events_el.setAttribute("aria-label", shows);
}

/** A tool that tells of the points under the mouse, at most three: what is told, and the column of their source that says it. */
function teller(rows) {
  const tooltips = (points, { index }) => {
    const list = make("div", { style: "display: grid; grid-template-columns: auto auto; gap: 0 .5em; margin: .25em; font: 12px/1.4 var(--font)" });
    for (const [what, of] of rows) {
      list.append(make("span", { style: "color: var(--muted); text-align: right" }, what), make("span", { style: "font-variant-numeric: tabular-nums" }, String(points.get_column(of)[index])));
    }
    list.children[1].style.fontWeight = 600; // who it is: of several, where the next one begins
    return list;
  };
  return new Bokeh.HoverTool({ tooltips, limit: 3, renderers: [] });
}

const SHAPES = {
  circle: '<circle cx="7" cy="7" r="5"/>', triangle: '<path d="M7 1.5 13 12H1z"/>', square: '<path d="M2 2h10v10H2z"/>', diamond: '<path d="M7 .5 12.5 7 7 13.5 1.5 7z"/>',
  inverted_triangle: '<path d="M7 12.5 1 2h12z"/>', plus: '<path d="M5 1h4v4h4v4H9v4H5V9H1V5h4z"/>', star: '<path d="m7 .5 1.8 4.3 4.7.4-3.6 3 1.2 4.6L7 10.3l-4.1 2.5 1.2-4.6-3.6-3 4.7-.4z"/>',
  hex: '<path d="M7 .5 12.6 3.8v6.4L7 13.5 1.4 10.2V3.8z"/>', x: '<path d="m3 3 8 8m0-8-8 8"/>',
};

/** What stands for points and lines in a legend, as the plot draws them: `dash` is of a line, `hollow` of a marker. */
function sign({ marker, colour, dash, hollow }) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const [width, left] = dash ? [30, 8] : [14, 0];
  for (const [key, value] of Object.entries({ width, height: 14, "aria-hidden": "true", fill: hollow || marker === "x" ? "none" : colour, stroke: hollow || dash || marker === "x" ? colour : "none", "stroke-width": 2 })) svg.setAttribute(key, value);
  const line = dash ? `<path d="M0 7h30" fill="none"${dash === "solid" ? "" : ` stroke-dasharray="${dash.join(" ")}"`}/>` : "";
  svg.innerHTML = `${line}${marker ? `<g transform="translate(${left} 0)">${SHAPES[marker]}</g>` : ""}`;
  return svg;
}

const mark = place => sign({ marker: levelMarker(place), colour: levelColour(place) });

/** The legend of a plot, below it: each entry has a label, its sign, and what goes and comes when it is pressed. */
function legendOf(entries) {
  return make("div", { className: "legend" }, ...entries.map(({ label, shows, ...look }) => {
    const button = make("button", { type: "button", title: "Show or hide", "aria-pressed": "true" }, sign(look), label);
    button.addEventListener("click", () => {
      button.ariaPressed = String(button.ariaPressed !== "true");
      for (const each of shows) each.visible = button.ariaPressed === "true";
    });
    return button;
  }));
}
