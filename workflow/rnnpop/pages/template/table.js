// The table of networks: sorted, filtered, turned by pages; Enter opens a row.

const ROWS = 50;

function tableColumns() {
  const asked = [...(measure() ? [] : [state.x, state.y]), state.colour, ...state.columns];
  const factors = task().columns.filter(of => of.kind === "factor").map(of => of.name);
  return [...new Set([...factors, ...asked])].map(column).filter(Boolean);
}

function ordered(networks) {
  const { column: by, descending } = state.sort;
  if (!by) return networks;
  const of = column(by);
  const key = by === "network" ? network => task().networks[network] : of && (isText(of) ? network => of.levels[values(of)[network]] : network => values(of)[network]);
  if (!key) return networks;
  const sign = descending ? -1 : 1;
  return [...networks].sort((a, b) => {
    const [one, other] = [key(a), key(b)];
    if (one === null || other === null) return (one === null) - (other === null); // what has no number comes last
    return sign * (typeof one === "number" ? one - other : String(one).localeCompare(String(other), undefined, { numeric: true }));
  });
}

function drawTable() {
  const networks = kept();
  const selected = networks.filter(network => state.selection.has(task().networks[network]));
  const rows = ordered(state.only ? selected : networks);
  state.row = Math.min(state.row, Math.max(0, Math.floor((rows.length - 1) / ROWS) * ROWS));
  const columns = tableColumns();
  const [head, body] = element("table").children;
  const header = (name, label, numeric) => {
    const sorted = state.sort.column === name;
    const button = make("button", { type: "button" }, `${label}${sorted ? (state.sort.descending ? " ▼" : " ▲") : ""}`);
    button.addEventListener("click", () => {
      state.sort = { column: name, descending: sorted && !state.sort.descending };
      state.row = 0;
      drawTable();
      element("table").querySelector(`th[data-name="${CSS.escape(name)}"] button`)?.focus();
    });
    return make("th", { scope: "col", className: numeric ? "number" : "", "aria-sort": sorted ? (state.sort.descending ? "descending" : "ascending") : "none", "data-name": name }, button);
  };
  head.replaceChildren(make("tr", {}, make("th", { scope: "col" }, make("span", { title: "selected" }, "✓")), header("network", "network"), ...columns.map(of => header(of.name, fullLabel(of), !isText(of)))));
  body.replaceChildren(...rows.slice(state.row, state.row + ROWS).map(network => {
    const name = task().networks[network];
    const box = make("input", { type: "checkbox", checked: state.selection.has(name), ariaLabel: `Select ${name}` });
    box.addEventListener("change", () => {
      box.checked ? state.selection.add(name) : state.selection.delete(name);
      markSelection();
      drawTable();
      [...body.querySelectorAll("input")].find(each => each.ariaLabel === box.ariaLabel)?.focus();
    });
    const button = make("button", { type: "button", className: "link" }, name.split("/").slice(1).join("/"));
    const row = make("tr", { className: `${state.selection.has(name) ? "selected" : ""} ${state.open === name ? "open" : ""}`, "data-network": name }, make("td", {}, box), make("td", {}, button), ...columns.map(of => make("td", { className: isText(of) ? "" : "number" }, told(of, network))));
    row.addEventListener("click", event => { if (event.target !== box) open(name); });
    return row;
  }));
  const last = Math.min(state.row + ROWS, rows.length);
  element("rows").textContent = rows.length ? `${state.row + 1} to ${last} of ${rows.length}; ${selected.length} selected` : "no network";
  element("previous").disabled = state.row === 0;
  element("next").disabled = last >= rows.length;
  const { unknown } = understood(state.filter);
  element("filter-said").textContent = unknown.length ? `No column is called ${unknown.join(", ")}.` : `${networks.length} of ${task().networks.length} networks of this task.`;
}

/** Arrows go from row to row, from box to box or from name to name. */
function moveInTable(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const row = event.target.closest("tbody tr");
  if (!step || !row) return;
  const next = step > 0 ? row.nextElementSibling : row.previousElementSibling;
  next?.querySelector(event.target.matches("input") ? "input" : "button").focus();
  event.preventDefault();
}

function tableControls() {
  element("filter").addEventListener("input", event => { state.filter = event.target.value; state.row = 0; forget(); render(); });
  element("clear").addEventListener("click", () => { state.selection.clear(); markSelection(); drawTable(); });
  element("only").addEventListener("change", event => { state.only = event.target.checked; state.row = 0; drawTable(); });
  element("previous").addEventListener("click", () => { state.row -= ROWS; drawTable(); });
  element("next").addEventListener("click", () => { state.row += ROWS; drawTable(); });
  element("columns").addEventListener("change", event => {
    const name = event.target.value;
    if (name) state.columns = state.columns.includes(name) ? state.columns.filter(each => each !== name) : [...state.columns, name];
    render();
  });
  element("table").addEventListener("keydown", moveInTable);
}

function columnMenu() {
  const statistics = task().columns.filter(of => of.kind !== "factor");
  element("columns").replaceChildren(option("", "choose", ""), ...statistics.map(of => option(of.name, `${state.columns.includes(of.name) ? "✓ " : ""}${words(of.name)}`, "")));
}
