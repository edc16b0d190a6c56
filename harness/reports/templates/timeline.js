"use strict";
// Draws one observation's lifecycle: what was open when, what was sent, what the server said.

const SLOT = 92, LEFT = 132, LANE = 30;
const SHORT = {
  sign_in: "sign in", sign_out: "sign out", sign_out_during_visit: "sign out while visiting",
  visit: "visit", refresh_tokens: "refresh tokens", open_tab: "open tab", close_tab: "close tab",
  open_window: "open window", open_popup: "open popup", close_window: "close window",
  pin_tab: "pin tab", quit: "close browser", crash: "crash", end_os_session: "shut down",
  restart: "restart", start: "start", restore_previous_session: "restore tabs",
  settle: "settle", wait: "stay away", set_clock_back: "clock back",
  override_session_policy: "policy changed", change_cookie_scope: "cookie domain changed",
  mend_cookie_scope: "old cookie deleted", revoke_sessions: "sessions revoked", check: "check",
};
const ENDS = new Set(["quit", "crash", "end_os_session"]);
const ACTIVE = new Set(["sign_in", "visit"]);

function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function duration(seconds) {
  for (const [unit, size] of [["d", 86400], ["h", 3600], ["min", 60]]) {
    if (seconds >= size) return `${Math.round(seconds / size * 10) / 10} ${unit}`;
  }
  return `${seconds} s`;
}

/** Seconds of each wait, those that depend on the policy worked out; null where none. */
function waits(moves, policy) {
  let idle = 0, lasted = 0;
  return moves.map(([verb, value, until]) => {
    if (ACTIVE.has(verb)) { idle = 0; }
    if (verb === "sign_in") { lasted = 0; }
    if (verb !== "wait") return null;
    let seconds = value;
    if (until) {
      const absolute = until.includes("absolute");
      const limit = absolute ? policy.absolute_timeout : policy.inactivity_timeout;
      if (limit == null) return null;
      seconds = limit + (until.includes("before") ? -1 : 1) - (absolute ? lasted : idle);
    }
    if (seconds == null) return null;
    const before = idle;
    idle += seconds;
    lasted += seconds;
    return { seconds, before };
  });
}

/**
 * `moves`: [verb, value, until] each; `seen`: by the label of a check, what was observed at it
 * ({sent, signedIn, symbol, verdict, reason}); `current`: the label of the one that is shown.
 */
function timeline(moves, policy, seen, current, title) {
  moves = [["start", null, ""], ...moves];
  const width = LEFT + SLOT * moves.length + 20;
  const away = waits(moves, policy);
  const at = index => LEFT + SLOT * index + SLOT / 2;
  const parts = [];
  const put = (...nodes) => parts.push(...nodes);
  const lanes = {};
  let y = 74;
  for (const name of ["browser", "tabs", "sent", "session"]) { lanes[name] = y; y += LANE; }

  // Lives of the browser, and what is open in each.
  let life = null, windows = [], highest = 0;
  const tab = (x, row, until) => {
    const top = lanes.tabs - 8 + row * 6;
    put(svg("rect", { class: "tab", x, y: top, width: Math.max(2, until - x), height: 4 }));
  };
  const close = (list, x) => list.forEach(t => tab(t.since, t.row, x));
  const open = x => { const t = { since: x, row: highest % 4 }; highest += 1; return t; };
  const bar = (from, to) =>
    put(svg("rect", { class: "life", x: from, y: lanes.browser - 6, width: Math.max(3, to - from), height: 12, rx: 3 }));
  moves.forEach(([verb, value], index) => {
    const x = at(index);
    if (verb === "start" && life === null) { life = x; highest = 0; windows = [[open(x)]]; }
    else if (verb === "restart" && life !== null) {
      bar(life, x - 3); close(windows.flat(), x - 3);
      life = x + 3; highest = 0; windows = [[open(x + 3)]];
    } else if (life === null) { /* nothing is open */ }
    else if (verb === "open_tab") windows.at(-1).push(open(x));
    else if (verb === "open_window" || verb === "open_popup") windows.push([open(x)]);
    else if (verb === "close_tab" || verb === "close_window") {
      const listed = verb === "close_tab" ? windows.flat() : windows;
      const gone = value ? listed[value - 1] : listed.at(-1);
      const tabs = gone ? [gone].flat() : [];
      close(tabs, x);
      windows = windows.map(w => w.filter(t => !tabs.includes(t))).filter(w => w.length);
      if (!windows.length) { bar(life, x); life = null; }
    } else if (ENDS.has(verb)) {
      bar(life, x);
      close(windows.flat(), x);
      if (verb === "crash") {
        put(svg("path", { class: "end", d: `M${x - 6} ${lanes.browser - 9}l12 18m0 -18l-12 18` }));
      } else {
        put(svg("path", { class: "end", d: `M${x} ${lanes.browser - 10}v20` }));
      }
      life = null; windows = [];
    }
  });
  const end = width - 12;
  if (life !== null) { bar(life, end); close(windows.flat(), end); }

  // Time that was skipped, and where the limit of inactivity lies in it.
  away.forEach((wait, index) => {
    if (!wait) return;
    const x = at(index) - SLOT / 2 + 6, wide = SLOT - 12;
    parts.unshift(svg("rect", { class: "skipped", x, y: 50, width: wide, height: y - 58 }));
    const limit = policy.inactivity_timeout;
    if (limit && wait.before < limit && wait.before + wait.seconds >= limit) {
      const mark = x + wide * (limit - wait.before) / wait.seconds;
      put(svg("path", { class: "limit", d: `M${mark} 50V${y - 8}` }));
      put(svg("text", { x: mark - 4, y: y + 2, "text-anchor": "end", class: "dim" }, `timeout ${duration(limit)}`));
    }
  });

  // What was sent, and what the server made of it: known at the checks, and at the sign-in.
  for (const [lane, known] of [["sent", o => o.sent], ["session", o => o.signedIn]]) {
    let since = null, there = false;
    moves.forEach(([verb, value], index) => {
      const x = at(index);
      const now = verb === "sign_in" ? true : verb === "check" && seen.has(value) ? known(seen.get(value)) : null;
      if (now === null) return;
      if (since !== null) {
        const state = there && now ? "alive" : there || now ? "unknown" : null;
        if (state) put(svg("path", { class: state, d: `M${since} ${lanes[lane]}H${x}` }));
      }
      since = x; there = now;
    });
    moves.forEach(([verb, value], index) => {
      if (verb !== "check" || !seen.has(value)) return;
      const o = seen.get(value);
      put(svg("circle", { class: known(o) ? "there" : "away", cx: at(index), cy: lanes[lane], r: 5 }));
    });
  }

  // Steps above, verdicts below.
  moves.forEach(([verb, value, until], index) => {
    const x = at(index);
    if (verb === "check" && value === current) {
      parts.unshift(svg("rect", { class: "here", x: x - SLOT / 2 + 4, y: 4, width: SLOT - 8, height: y + 16 }));
    }
    const wait = away[index];
    const words = [SHORT[verb] ?? verb];
    if (wait) words.push(duration(wait.seconds));
    else if (typeof value === "number" && verb !== "wait") words.push(`no. ${value}`);
    else if (verb === "sign_in" && value) words.push(`as ${value}`);
    words.forEach((word, line) => put(svg("text", { x, y: 20 + line * 14, "text-anchor": "middle" }, word)));
    if (verb === "check" && seen.has(value)) {
      const o = seen.get(value);
      put(svg("text", { x, y: y + 2, "text-anchor": "middle" }, `${o.symbol} ${o.signedIn ? "in" : "out"}`));
      if (o.reason && !o.signedIn) {
        put(svg("text", { x, y: y + 16, "text-anchor": "middle", class: "dim" }, o.reason.slice(0, 16)));
      }
    }
  });
  const names = { browser: "browser runs", tabs: "tabs", sent: "was sent", session: "signed in" };
  for (const [lane, name] of Object.entries(names)) {
    parts.unshift(svg("path", { class: "lane", d: `M${LEFT} ${lanes[lane]}H${end}` }));
    put(svg("text", { x: 0, y: lanes[lane] + 4 }, name));
  }
  const drawing = svg("svg", { class: "timeline", width, height: y + 24, viewBox: `0 0 ${width} ${y + 24}`, role: "img", "aria-label": title }, ...parts);
  return drawing;
}
