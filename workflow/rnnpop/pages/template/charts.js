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
    sizing_mode: "stretch_width", height: options.height ?? 260, min_border_right: 12, tools, active_drag: touch ? null : options.drag ?? tools[0], active_scroll: null,
    x_axis_label: options.x, y_axis_label: options.y, x_axis_type: options.logarithmic?.includes("x") ? "log" : "linear", y_axis_type: options.logarithmic?.includes("y") ? "log" : "linear",
    match_aspect: options.equal ?? false, background_fill_color: css("--panel"), border_fill_color: css("--panel"), outline_line_color: css("--line"), toolbar_location: touch && !options.steady ? null : "above",
  });
  made.toolbar.logo = null;
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

/** Draw in place of what stood there before. */
async function draw(id, made) {
  const place = typeof id === "string" ? element(id) : id;
  drawn.get(place)?.remove?.();
  place.replaceChildren();
  drawn.set(place, await Bokeh.Plotting.show(made, place));
}

/** A mark of the legend, as the plot draws it. */
function mark(place) {
  const shapes = [
    '<circle cx="7" cy="7" r="5"/>', '<path d="M7 1.5 13 12H1z"/>', '<path d="M2 2h10v10H2z"/>', '<path d="M7 .5 12.5 7 7 13.5 1.5 7z"/>',
    '<path d="M7 12.5 1 2h12z"/>', '<path d="M5 1h4v4h4v4H9v4H5V9H1V5h4z"/>', '<path d="m7 .5 1.8 4.3 4.7.4-3.6 3 1.2 4.6L7 10.300l-4.100 2.500 1.200-4.600-3.600-3 4.700-.400z"/>', '<path d="M7 .5 12.600 3.800v6.400L7 13.500 1.400 10.200V3.800z"/>',
  ];
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("width", 14);
  svg.setAttribute("height", 14);
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("fill", levelColour(place));
  svg.innerHTML = shapes[markerOf(place)];
  return svg;
}
