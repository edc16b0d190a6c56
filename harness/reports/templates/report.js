// The scenarios: a table of verdicts, filters that are kept in the address, and what a cell rests on.

const SEVERITY = ["unexpected", "error", "flaky", "inconclusive", "unexplained", "limitation", "kept", "unsupported"];
const [ROW, COLUMN, POLICY, SURFACE, VERDICT, IN, PROMISED, EXPECTED, OBSERVED, LIMITATION, EVIDENCE, ACCOUNT, COMPARISON, REPEATS, ACCEPTED, BEFORE] = Array(16).keys();

async function unpack(text) {
  const bytes = Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).json();
}

function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter(child => child !== null && child !== undefined));
  return node;
}

class Report {
  constructor(data) {
    this.take(data);
    addEventListener("hashchange", () => this.follow());
    this.follow();
  }

  take(data) {
    this.data = data;
    this.count = data.observations.length ? data.observations[0].length : 0;
    this.rank = data.verdicts.map(([name]) => SEVERITY.indexOf(name));
    this.names = Object.keys(data.scenarios);
    const numbers = new Map(this.names.map((name, number) => [name, number]));
    this.scenarioOfRow = data.rows.map(([scenario]) => numbers.get(scenario));
    this.compared = this.count > 0 && data.observations[BEFORE].some(number => number >= 0);
    this.cells = new Map();
    this.buttons = [];
    this.lines = [];
    this.buildFilters();
    this.buildTable();
  }

  // Other data, in the place of what is shown; where one is, and what one was about to do, stays.
  update(data) {
    const matrix = document.getElementById("matrix");
    const { scrollLeft, scrollTop } = matrix;
    const focused = document.activeElement;
    const column = this.buttons.findIndex(buttons => buttons.includes(focused));
    const key = column < 0 ? "" : this.keyOf(column, this.buttons[column].indexOf(focused));
    const { name, selectionStart, selectionEnd } = focused ?? {};
    this.take(data);
    this.follow();
    matrix.scrollTo(scrollLeft, scrollTop);
    const field = name && document.getElementById("filters").elements[name];
    if (field && field !== focused) {
      field.focus();
      if (selectionStart !== undefined) field.setSelectionRange(selectionStart, selectionEnd);
    }
    this.buttons.flat().find(button => key && button.dataset.key === key)?.focus();
  }

  at(what, number) { return this.data.observations[what][number]; }
  text(number) { return number < 0 ? "" : this.data.texts[number]; }
  chosen() { return new URLSearchParams(location.hash.slice(1)); }

  // The address says what is chosen and what is open.
  change(changes) {
    const chosen = this.chosen();
    for (const [name, value] of Object.entries(changes)) {
      if (value) chosen.set(name, value); else chosen.delete(name);
    }
    history.replaceState(null, "", `#${chosen}`);
    this.follow();
  }

  follow() {
    const chosen = this.chosen();
    for (const field of document.getElementById("filters").elements) {
      if (field.name) field.value = chosen.get(field.name) ?? "";
    }
    this.filter(chosen);
    this.show(chosen.get("open"), chosen.get("at"));
    const plain = location.hash.slice(1);
    if (chosen.has("text") || chosen.has("limitation")) {
      if (this.jumped !== plain && document.activeElement?.tagName === "A") {
        document.getElementById("scenarios").scrollIntoView();
      }
    }
    this.jumped = plain;
  }

  buildFilters() {
    const { data } = this;
    const unique = of => [...new Set(of)];
    const choices = {
      engine: unique(data.columns.map(([engine]) => engine)),
      preset: unique(data.columns.map(([, , preset]) => preset)),
      policy: data.policies.map(policy => policy.name),
      surface: data.surfaces,
      verdict: data.verdicts.map(([name]) => name),
      limitation: data.limitation_names,
      ...(this.compared ? { changed: ["yes"] } : {}),
    };
    const form = document.getElementById("filters");
    const text = JSON.stringify(choices);
    if (form.dataset.choices === text) return;
    form.dataset.choices = text;
    form.replaceChildren();
    form.onsubmit = event => event.preventDefault();
    for (const [name, values] of Object.entries(choices)) {
      const select = el("select", { name, onchange: event => this.change({ [name]: event.target.value }) },
        el("option", { value: "" }, "all"), values.map(value => el("option", { value }, value)));
      form.append(el("label", {}, name, select));
    }
    form.append(el("label", {}, "text",
      el("input", { name: "text", type: "search", oninput: event => this.change({ text: event.target.value }) })));
    form.append(el("button", {
      type: "button",
      onclick: () => this.change(Object.fromEntries([...Object.keys(choices), "text"].map(name => [name, ""]))),
    }, "Show all"));
  }

  buildTable() {
    const { data } = this;
    const head = el("tr", {}, el("th", { scope: "col" }, "Scenario"), data.columns.map(
      ([engine, version, preset]) => el("th", { scope: "col" }, `${engine} ${version}`, el("br"), el("span", { class: "small" }, preset))));
    const table = el("table", { class: "matrix" }, el("thead", {}, head));
    this.packs = new Map();
    this.names.forEach((name, number) => {
      const { pack } = data.scenarios[name];
      if (!this.packs.has(pack)) {
        const heading = el("tr", { class: "pack" }, el("th", { scope: "rowgroup", colspan: data.columns.length + 1 }, pack));
        this.packs.set(pack, { body: el("tbody", {}, heading), scenarios: [] });
      }
      this.packs.get(pack).scenarios.push(number);
    });
    for (const { body, scenarios } of this.packs.values()) {
      for (const number of scenarios) {
        const name = this.names[number];
        const buttons = data.columns.map((_, column) => el("button", {
          type: "button", "aria-expanded": "false", "data-key": this.keyOf(number, column),
          onclick: () => this.toggle(`${number}.${column}`),
        }));
        const line = el("tr", {}, el("th", { scope: "row" }, el("b", {}, name),
          el("span", { class: "small" }, data.scenarios[name].title)),
          buttons.map(button => el("td", {}, button)));
        this.lines[number] = line;
        this.buttons[number] = buttons;
        body.append(line);
      }
      table.append(body);
    }
    document.getElementById("matrix").replaceChildren(table);
  }

  // What an address names is named by texts: numbers are those of one page alone.
  keyOf(scenario, column) { return [this.names[scenario], ...this.data.columns[column]].join("~"); }

  toggle(place) {
    const [scenario, column] = place.split(".").map(Number);
    const key = this.keyOf(scenario, column);
    this.change({ open: this.chosen().get("open") === key ? "" : key, at: "" });
  }

  filter(chosen) {
    const { data, count, rank } = this;
    const one = (name, values) => chosen.get(name) ? values.indexOf(chosen.get(name)) : -1;
    const policy = one("policy", data.policies.map(p => p.name));
    const surface = one("surface", data.surfaces);
    const verdict = one("verdict", data.verdicts.map(([name]) => name));
    const limitation = one("limitation", data.limitation_names);
    const changed = chosen.has("changed"), BEFORES = data.observations[BEFORE];
    const engine = chosen.get("engine"), preset = chosen.get("preset");
    const columns = data.columns.map(c => (!engine || c[0] === engine) && (!preset || c[2] === preset));
    const text = (chosen.get("text") ?? "").toLowerCase();
    const has = string => string.toLowerCase().includes(text);
    const rows = data.rows.map(([name, check]) => {
      const { title, claims, pack } = data.scenarios[name];
      return [name, check, title, claims, pack].some(has);
    });
    const reasons = data.limitation_names.map(has);
    const [ROWS, COLUMNS, POLICIES, SURFACES, VERDICTS, , , , , LIMITATIONS] = data.observations;
    const cells = new Map();
    let shown = 0;
    const note = (row, column, verdict) => {
      const place = this.scenarioOfRow[row] * data.columns.length + column;
      let cell = cells.get(place);
      if (!cell) cells.set(place, cell = { worst: verdict, counts: new Map() });
      if (rank[verdict] < rank[cell.worst]) cell.worst = verdict;
      cell.counts.set(verdict, (cell.counts.get(verdict) ?? 0) + 1);
    };
    for (let number = 0; number < count; number += 1) {
      if (policy >= 0 && POLICIES[number] !== policy) continue;
      if (surface >= 0 && SURFACES[number] !== surface) continue;
      if (verdict >= 0 && VERDICTS[number] !== verdict) continue;
      if (limitation >= 0 && LIMITATIONS[number] !== limitation) continue;
      if (changed && BEFORES[number] < 0) continue;
      if (!columns[COLUMNS[number]]) continue;
      if (text && !rows[ROWS[number]] && !(LIMITATIONS[number] >= 0 && reasons[LIMITATIONS[number]])) continue;
      shown += 1;
      note(ROWS[number], COLUMNS[number], VERDICTS[number]);
    }
    for (const trouble of data.troubles) {
      const [row, column] = trouble.at;
      if (policy >= 0 || surface >= 0 || limitation >= 0 || changed || !columns[column] || (text && !rows[row])) continue;
      if (verdict >= 0 && trouble.verdict !== verdict) continue;
      note(row, column, trouble.verdict);
    }
    this.paint(cells, columns);
    document.getElementById("shown").textContent =
      `${shown} of ${count} observations shown; in each cell the worst verdict, and how many say so.`;
  }

  paint(cells, columns) {
    const { data } = this;
    const wide = data.columns.length;
    const heads = document.querySelectorAll(".matrix thead th");
    columns.forEach((visible, column) => { heads[column + 1].hidden = !visible; });
    for (const { body, scenarios } of this.packs.values()) {
      let any = false;
      for (const number of scenarios) {
        let visible = false;
        for (let column = 0; column < wide; column += 1) {
          const button = this.buttons[number][column];
          button.parentNode.hidden = !columns[column];
          const cell = cells.get(number * wide + column);
          button.hidden = !cell;
          if (!cell) continue;
          visible = true;
          const [verdict, symbol] = data.verdicts[cell.worst];
          const total = [...cell.counts.values()].reduce((sum, n) => sum + n, 0);
          const key = `${cell.worst}:${cell.counts.get(cell.worst)}:${total}`;
          if (this.cells.get(button) === key) continue;
          this.cells.set(button, key);
          button.className = `chip ${verdict}`;
          button.replaceChildren(`${symbol} ${verdict}`, el("small", {}, `${cell.counts.get(cell.worst)} of ${total}`));
        }
        this.lines[number].hidden = !visible;
        any ||= visible;
      }
      body.hidden = !any;
    }
  }

  show(open, at) {
    const old = document.getElementById("open");
    if (old && old.dataset.key === open && old.dataset.at === (at ?? "")) return;
    old?.remove();
    this.buttons.flat().forEach(button => button.setAttribute("aria-expanded", "false"));
    if (!open) return;
    const [name, ...place] = open.split("~");
    const scenario = this.names.indexOf(name);
    const column = this.data.columns.findIndex(c => c.join("~") === place.join("~"));
    if (scenario < 0 || column < 0) return;
    this.buttons[scenario][column].setAttribute("aria-expanded", "true");
    const detail = el("div", { class: "detail" }, this.detail(scenario, column, at));
    this.lines[scenario].after(el("tr", { id: "open", "data-key": open, "data-at": at ?? "" },
      el("td", { colspan: this.data.columns.length + 1 }, detail)));
  }

  detail(scenario, column, at) {
    const { data } = this;
    const name = this.names[scenario];
    const [engine, version, preset] = data.columns[column];
    const numbers = [];
    for (let number = 0; number < this.count; number += 1) {
      if (this.at(COLUMN, number) === column && this.scenarioOfRow[this.at(ROW, number)] === scenario) numbers.push(number);
    }
    const placeOf = number => [data.rows[this.at(ROW, number)][1], data.policies[this.at(POLICY, number)].name, data.surfaces[this.at(SURFACE, number)]].join("~");
    const chosen = numbers.find(number => placeOf(number) === at)
      ?? [...numbers].sort((a, b) => this.rank[this.at(VERDICT, a)] - this.rank[this.at(VERDICT, b)])[0];
    const parts = [el("h3", {}, `${name}: ${engine} ${version}, ${preset}`)];
    if (data.scenarios[name].claims) parts.push(el("p", {}, `Put to the test: “${data.scenarios[name].claims}”`));
    for (const trouble of data.troubles) {
      if (trouble.at[1] !== column || this.scenarioOfRow[trouble.at[0]] !== scenario) continue;
      const [verdict, symbol] = data.verdicts[trouble.verdict];
      parts.push(el("p", {}, el("span", { class: `chip ${verdict}` }, `${symbol} ${verdict}`), ` ${trouble.sentence}`,
        trouble.accepted ? `; accepted: ${trouble.accepted}` : "", trouble.kept.length ? " Kept of it: " : "", this.files(trouble.kept)));
      parts.push(this.steps(trouble.steps));
    }
    const checks = [...new Set(numbers.map(number => this.at(ROW, number)))];
    for (const row of checks) parts.push(...this.check(row, numbers.filter(n => this.at(ROW, n) === row), chosen, placeOf));
    if (chosen !== undefined) parts.push(...this.evidence(chosen, numbers));
    return parts;
  }

  check(row, numbers, chosen, placeOf) {
    const { data } = this;
    const policies = [...new Set(numbers.map(n => this.at(POLICY, n)))];
    const surfaces = [...new Set(numbers.map(n => this.at(SURFACE, n)))].sort((a, b) => a - b);
    const found = new Map(numbers.map(n => [`${this.at(POLICY, n)}.${this.at(SURFACE, n)}`, n]));
    const head = el("tr", {}, el("td"), surfaces.map(s => el("th", { scope: "col" }, data.surfaces[s].replace("app:", "").replaceAll("_", " "))));
    const lines = policies.map(policy => el("tr", {}, el("th", { scope: "row" }, data.policies[policy].name),
      surfaces.map(surface => {
        const number = found.get(`${policy}.${surface}`);
        if (number === undefined) return el("td");
        const [verdict, symbol] = data.verdicts[this.at(VERDICT, number)];
        return el("td", {}, el("button", {
          type: "button", class: `chip ${verdict}${this.at(ACCEPTED, number) >= 0 ? " accepted" : ""}`,
          "aria-pressed": String(number === chosen), "aria-label": `${verdict}: signed ${this.at(IN, number) ? "in" : "out"}, ${data.policies[policy].name}, ${data.surfaces[surface]}${this.at(BEFORE, number) >= 0 ? ", changed" : ""}`,
          onclick: () => this.change({ at: placeOf(number) }),
        }, `${symbol} ${this.at(IN, number) ? "in" : "out"}${this.at(BEFORE, number) >= 0 ? " Δ" : ""}`));
      })));
    return [el("h4", {}, `Check: ${data.rows[row][1]}`),
      el("div", { class: "scroller" }, el("table", { class: "cells" }, el("thead", {}, head), el("tbody", {}, lines)))];
  }

  files(numbers) {
    return numbers.flatMap(number => [el("a", { href: this.text(number) }, this.text(number).split("/").at(-1)), " "]);
  }

  steps(numbers) { return el("ol", {}, numbers.map(number => el("li", {}, this.text(number)))); }

  evidence(number, numbers) {
    const { data } = this;
    const e = data.evidence[this.at(EVIDENCE, number)];
    const [steps, time, notes] = data.accounts[this.at(ACCOUNT, number)];
    const scenario = data.scenarios[data.rows[this.at(ROW, number)][0]];
    const policy = data.policies[this.at(POLICY, number)];
    const surface = data.surfaces[this.at(SURFACE, number)];
    const [verdict] = data.verdicts[this.at(VERDICT, number)];
    const limitation = data.limitation_names[this.at(LIMITATION, number)];
    const parts = [el("h4", {}, `${policy.name}, ${surface}`)];
    if (scenario.moves.length) {
      const seen = new Map();
      for (const other of numbers) {
        if (this.at(POLICY, other) !== this.at(POLICY, number) || this.at(SURFACE, other) !== this.at(SURFACE, number)) continue;
        const evidence = data.evidence[this.at(EVIDENCE, other)];
        const names = (evidence.set ?? []).map(header => this.text(header).split("=")[0]);
        const sent = (evidence.sent ?? []).map(cookie => this.text(cookie));
        seen.set(data.rows[this.at(ROW, other)][1], {
          sent: names.length ? names.some(cookie => sent.includes(cookie)) : Boolean(this.at(IN, other)),
          signedIn: Boolean(this.at(IN, other)),
          symbol: data.verdicts[this.at(VERDICT, other)][1],
          reason: this.text(evidence.reason ?? -1),
        });
      }
      const title = `Timeline of ${policy.name}, ${surface}; the steps below say the same in words`;
      parts.push(el("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": "Timeline" },
        timeline(scenario.moves, policy, seen, data.rows[this.at(ROW, number)][1], title)));
    }
    const facts = el("dl");
    const fact = (name, ...what) => facts.append(el("dt", {}, name), el("dd", {}, ...what));
    const codes = list => list?.length ? list.map(n => [el("code", {}, this.text(n)), " "]).flat() : ["none"];
    fact("verdict", verdict);
    fact("promised", this.text(this.at(PROMISED, number)));
    if (this.at(EXPECTED, number) >= 0) fact("expected", this.text(this.at(EXPECTED, number)));
    const reason = this.text(e.reason ?? -1);
    fact("observed", this.text(this.at(OBSERVED, number)), reason ? ` (${reason})` : "");
    if (this.at(BEFORE, number) >= 0) fact("before", this.text(this.at(BEFORE, number)));
    if (limitation) fact("limitation", el("a", { href: `#${limitation}` }, limitation), `: ${data.limitations[limitation].sentence}`);
    if (this.at(COMPARISON, number) >= 0) fact("unexpected", this.text(this.at(COMPARISON, number)));
    if (this.at(ACCEPTED, number) >= 0) fact("accepted", this.text(this.at(ACCEPTED, number)));
    if (this.at(REPEATS, number) >= 0) fact("repeated", this.text(this.at(REPEATS, number)));
    fact("cookies sent", ...codes(e.sent));
    if (e.carriers) fact("carries the session", e.carriers.map(n => this.text(n)).join(", or "));
    if (e.behind >= 0) fact("behind it", this.text(e.behind));
    if (e.duplicates) fact("of one name, the first counts", ...codes(e.duplicates));
    for (const header of e.set ?? []) fact("Set-Cookie", el("code", {}, this.text(header)));
    for (const tab of e.tabs ?? []) fact("tab", this.text(tab));
    if ("claim" in e) fact("ksp.persistent", el("code", {}, String(e.claim)));
    fact("browser's list", ...codes(e.listed));
    if (e.kept) fact("kept of it", ...this.files(e.kept));
    if (e.why) fact("why", e.why.map(n => `${this.text(n)}. `).join(""));
    const story = [this.steps(steps), ...time.map(n => el("p", {}, `Time: ${this.text(n)}.`)), ...notes.map(n => el("p", {}, `Note: ${this.text(n)}.`))];
    parts.push(el("div", { class: "two" }, el("div", {}, story), el("div", {}, facts)));
    return parts;
  }
}

// The address says what is chosen, so that a link to a place of the page must leave it alone.
addEventListener("click", event => {
  const link = event.target.closest?.("a[href^='#']");
  const place = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
  if (!place || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  place.scrollIntoView();
  place.setAttribute("tabindex", "-1");
  place.focus({ preventScroll: true });
});

unpack(document.getElementById("data").textContent).then(data => {
  window.report = new Report(data);
  document.documentElement.dataset.ready = "yes";
  if (document.documentElement.dataset.live) watch();
}, error => {
  document.getElementById("matrix").textContent = `The table could not be read by this browser: ${error}`;
});
