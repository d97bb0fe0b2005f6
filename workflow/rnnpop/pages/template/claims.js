// The claims: what was found, and the numbers that carry each.

const VERDICTS = { "holds": "✔", "holds in part": "◐", "does not hold": "✘", "undecided": "?" };

const claimName = claim => `${claim.task}.${claim.claim}`;

function drawClaims() {
  const place = element("claims");
  if (!DATA.claims.length) {
    place.hidden = true;
    return;
  }
  const [head, body] = place.querySelector("table").children;
  const titles = ["verdict", "task", "claim", "estimate", "95 % interval", "held against", "networks", "detail"];
  head.replaceChildren(make("tr", {}, ...titles.map(title => make("th", { scope: "col" }, title))));
  body.replaceChildren(...DATA.claims.map(claim => {
    const buttons = claim.views.filter(canShow(claim)).map(view => {
      const button = make("button", { type: "button", title: "Show the numbers that carry it" }, viewName(view));
      button.addEventListener("click", () => showClaim(claim, claim.views.indexOf(view)));
      return button;
    });
    const cells = [
      make("td", { className: "verdict" }, `${VERDICTS[claim.verdict] ?? ""} ${claim.verdict}`), make("td", {}, words(claim.task)), make("td", { className: "text" }, claim.statement, make("div", { className: "views" }, ...buttons)),
      make("td", { className: "number" }, shortNumber(claim.estimate)), make("td", {}, interval(claim)), make("td", { className: "number" }, shortNumber(claim.threshold)),
      make("td", { className: "number" }, String(claim.n)), make("td", { className: "text" }, claim.detail ?? ""),
    ];
    cells.forEach((cell, number) => { if (![0, 2].includes(number)) cell.dataset.label = titles[number]; });
    return make("tr", { id: `claim-${claimName(claim)}` }, ...cells);
  }));
}

const interval = claim => claim.low === null ? "–" : `${shortNumber(claim.low)} to ${shortNumber(claim.high)}`;
const viewName = view => view.measure ? `${words(view.measure)} by ${words(view.colour)}` : `${words(view.y)} by ${words(view.x)}`;

/** Whether the page holds what a view is of. */
const canShow = claim => view => {
  const of = DATA.tasks.find(each => each.name === claim.task);
  const has = name => of.columns.some(each => each.name === name);
  return view.measure ? of.measures.some(each => each.name === view.measure) && has(view.colour) : has(view.x) && has(view.y);
};

/** Claims say numbers as config.yaml does: 3 and 3.0 are one level. */
const isLevel = (text, level) => text === String(level) || (text !== "" && Number(text) === Number(level));

function showClaim(claim, number) {
  const view = claim.views[number];
  const same = DATA.tasks[state.task].name === claim.task;
  if (!same) chooseTask(DATA.tasks.findIndex(each => each.name === claim.task), false);
  Object.assign(state, { claim: claimName(claim), colour: view.colour, left_out: {}, filter: "", bounds: view.bounds ?? [], row: 0 });
  element("filter").value = "";
  for (const [name, level] of Object.entries(view.among)) {
    const of = column(name);
    if (name === "learner") state.learner = String(level);
    else if (of) state.left_out[name] = new Set(of.levels.filter(each => !isLevel(each, level)));
    else state.at[name] = String(level);
  }
  if (view.measure) state.show = view.measure;
  else Object.assign(state, { show: STATISTICS, x: view.x, y: view.y });
  render();
  element("population").scrollIntoView({ block: "start" });
  element("population").focus({ preventScroll: true });
}

/** Above the plane: the claim whose numbers it shows. */
function drawCarried() {
  const claim = DATA.claims.find(each => claimName(each) === state.claim);
  const place = element("carried");
  place.hidden = !claim;
  if (!claim) return;
  const back = make("a", { href: `#claim-${claimName(claim)}` }, "to the table of claims");
  place.replaceChildren(make("strong", {}, `${VERDICTS[claim.verdict] ?? ""} ${claim.verdict}: `), `${claim.statement.replace(/\.$/, "")}. Estimate ${shortNumber(claim.estimate)} (95 % interval ${interval(claim)}), held against ${shortNumber(claim.threshold)}; ${claim.n} networks${claim.detail ? `; ${claim.detail}` : ""}. `, back);
}

/** The picture is no longer that of a claim. */
function forget() {
  state.claim = null;
  state.bounds = [];
}
