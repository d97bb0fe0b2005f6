// Start, and what follows from a choice.

let drawing = Promise.resolve();
let asked = 0;

/** All of the page but the claims and the open card, which do not depend on menus. */
function render() {
  settle();
  controls();
  drawCarried();
  columnMenu();
  drawTable();
  const mine = ++asked;
  drawing = drawing.then(() => mine === asked ? drawPopulation() : undefined); // of several choices in a row the last one is drawn
  return drawing;
}

/** Choices that this task does not offer give way. */
function settle() {
  const has = name => Boolean(column(name));
  const numbers = task().columns.filter(of => of.kind === "number").map(of => of.name);
  const claimed = DATA.claims.filter(claim => claim.task === task().name).flatMap(claim => claim.views.map(view => view.y)).filter(name => name && has(name));
  const learners = column("learner")?.levels ?? [];
  if (state.learner !== "" && !learners.includes(state.learner)) state.learner = DATA.groups.find(group => learners.includes(group)) ?? "";
  const measures = task().measures.filter(each => each.group === state.learner).map(each => each.name);
  if (state.show !== STATISTICS && !measures.includes(state.show)) state.show = measures[0] ?? STATISTICS;
  const varied = name => has(name) && new Set(kept().map(network => values(column(name))[network])).size > 1;
  if (!has(state.colour)) state.colour = ["architecture", ...task().columns.filter(of => of.kind === "factor" && of.name !== "status").map(of => of.name)].find(varied) ?? "status";
  state.columns = state.columns.filter(has);
  for (const of of task().columns.filter(each => each.places && !(each.dimension in state.at))) {
    const told = DATA.claims.map(claim => claim.views[0].among[of.dimension]).find(place => of.places.includes(String(place)));
    state.at[of.dimension] = told === undefined ? of.places[0] : String(told);
  }
  const mine = task().networks.map((_, network) => network).filter(network => state.learner === "" || told(column("learner"), network) === state.learner);
  const known = name => mine.map(network => values(column(name))[network]).filter(value => value !== null);
  const distinct = name => known(name).length > mine.length / 2 ? new Set(known(name)).size : 0;
  const spread = [...new Set([...claimed, ...numbers.filter(name => distinct(name) > mine.length / 2), ...numbers])].filter(name => distinct(name) > 5);
  const offered = name => has(name) && known(name).length > 0;
  if (!offered(state.y)) state.y = spread[0] ?? numbers.find(offered) ?? "status";
  if (!offered(state.x)) state.x = spread.find(name => name !== state.y) ?? state.colour;
}

function chooseTask(number, andRender = true) {
  Object.assign(state, { task: number, selection: new Set(), open: null, row: 0, left_out: {} });
  state.columns = firstColumns();
  forget();
  drawCard();
  if (andRender) render();
}

/** Columns of the table at the beginning. */
const firstColumns = () => ["final_loss", "n_fixed", "accuracy"].filter(name => column(name));

async function start() {
  DATA = await unpack("data");
  element("all-studies").hidden = window !== window.top; // a report shows pages in a frame, and has none beside them
  state.learner = DATA.groups[0];
  state.columns = firstColumns();
  tableControls();
  drawClaims();
  await render();
  const address = /^#claim=(.+)$/.exec(decodeURIComponent(location.hash));
  const claim = address && DATA.claims.find(each => claimName(each) === address[1]);
  if (claim) showClaim(claim, 0);
  await drawing;
  dark.addEventListener("change", () => { render(); drawCard(); });
  document.documentElement.dataset.ready = "yes"; // for whoever waits for the page
}

start();
