// What is shown, and the data that it is shown of.

const state = {
  task: 0, learner: "", show: "", x: "", y: "", colour: "", at: {}, filter: "", left_out: {}, bounds: [],
  selection: new Set(), open: null, claim: null, sort: { column: "", descending: false }, columns: [], row: 0, only: false,
};

const STATISTICS = "two statistics"; // in place of a measure

let DATA;
const unpacked = new Map();

const element = id => document.getElementById(id);
const task = () => DATA.tasks[state.task];

// names of config.yaml as print writes them, like those of figures
const PRINTED = { vanilla: "Vanilla", ugrnn: "UGRNN", gru: "GRU", lstm: "LSTM", relu: "ReLU", svcca: "SVCCA", pwcca: "PWCCA", cka: "CKA", dsa: "DSA", l2: "L2", radd: "RADD", map: "MAP", cornn: "CORNN", force: "FORCE" };
const words = name => String(name).split("_").map(word => PRINTED[word] ?? word).join(" ");

async function unpack(id) {
  if (!unpacked.has(id)) {
    const bytes = Uint8Array.from(atob(element(id).textContent), letter => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    unpacked.set(id, await new Response(stream).json());
  }
  return unpacked.get(id);
}

/** An element with properties and children; texts are texts, never HTML. */
function make(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) key in made ? (made[key] = value) : made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const column = name => task().columns.find(each => each.name === name);

/** Values of a column, at the chosen place where it has several. */
function values(of) {
  if (!of.places) return of.values;
  const place = of.places.indexOf(String(state.at[of.dimension]));
  return of.values[Math.max(place, 0)];
}

const isText = of => of.kind !== "number";

function shortNumber(value) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e6) ? value.toExponential(2) : String(+value.toPrecision(4));
}

function told(of, network) {
  const value = values(of)[network];
  return isText(of) ? of.levels[value] : shortNumber(value);
}

/** The same, as print writes it. */
const printed = (of, network) => of.kind === "factor" ? words(told(of, network)) : told(of, network);

function fullLabel(of) {
  const place = of.places ? ` at ${words(of.dimension)} ${state.at[of.dimension] ?? of.places[0]}` : "";
  const units = of.units && of.units !== "1" ? ` (${of.units})` : "";
  return `${words(of.name)}${place}${units}`;
}

/** A test of networks, from words and comparisons; what it did not understand stands in `unknown`. */
function understood(text) {
  const unknown = [];
  const tests = text.trim().split(/\s+/).filter(Boolean).map(word => {
    const parts = /^(\w+)(<=|>=|!=|<|>|=)(.+)$/.exec(word);
    if (!parts) return network => searched(network).includes(word.toLowerCase());
    const of = column(parts[1]);
    if (!of) {
      unknown.push(parts[1]);
      return () => true;
    }
    const compare = { "<": (a, b) => a < b, ">": (a, b) => a > b, "<=": (a, b) => a <= b, ">=": (a, b) => a >= b, "=": (a, b) => a === b, "!=": (a, b) => a !== b }[parts[2]];
    if (!isText(of)) return network => values(of)[network] !== null && compare(values(of)[network], Number(parts[3]));
    const number = Number(parts[3]);
    return network => {
      const level = of.levels[values(of)[network]];
      return Number.isNaN(number) || Number.isNaN(Number(level)) ? compare(level, parts[3]) : compare(Number(level), number);
    };
  });
  return { holds: network => tests.every(test => test(network)), unknown };
}

function searched(network) {
  const levels = task().columns.filter(isText).map(of => told(of, network));
  return [task().networks[network], ...levels].join(" ").toLowerCase();
}

/** Numbers of the networks that the filters leave in. */
function kept() {
  const filter = understood(state.filter);
  const learners = column("learner");
  const excluded = Object.entries(state.left_out).map(([name, levels]) => [column(name), levels]).filter(([of, levels]) => of && levels.size);
  return task().networks.map((_, network) => network).filter(network =>
    (state.learner === "" || told(learners, network) === state.learner)
    && excluded.every(([of, levels]) => !levels.has(told(of, network)))
    && filter.holds(network));
}

const measure = () => task().measures.find(each => each.name === state.show && each.group === state.learner);

/** Numbers of the networks in the picture, and where they are in it. */
function positions() {
  const shown = measure();
  if (shown) return { networks: shown.networks, x: shown.x, y: shown.y };
  const networks = task().networks.map((_, network) => network);
  return { networks, x: onAxis(column(state.x)), y: onAxis(column(state.y)) };
}

/** Levels of a factor are side by side, networks of a level scattered a little, always alike. */
const onAxis = of => values(of).map((value, network) => isText(of) ? value + 0.5 * (((network * 0.6180339887) % 1) - 0.5) : value);
