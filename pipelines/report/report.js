"use strict";
// Shows the sample rows. Dataset text is hostile: it only ever becomes text, never markup.
(() => {
  const GROUPS_SHOWN = 10;
  const CHARACTERS_SHOWN = 420;
  const data = JSON.parse(document.getElementById("sample-data").textContent);
  const byId = (id) => document.getElementById(id);
  const filters = {
    lang: byId("filter-lang"),
    status: byId("filter-status"),
    reason: byId("filter-reason"),
  };
  const search = byId("filter-text");
  let matches = [];
  let shown = 0;

  const make = (name, className, ...children) => {
    const node = document.createElement(name);
    if (className) node.className = className;
    node.append(...children); // strings become text nodes
    return node;
  };
  const languageName = (code) => (data.languages[code] ? data.languages[code].name : code);
  const count = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;
  const isSource = (row) => row.status === "source";

  // Rows that were refused may be in any language: there the text itself decides.
  const setDirection = (node, row) => {
    const known = data.languages[row.lang];
    node.dir = row.status === "kept" && known ? known.direction : "auto";
    if (row.status === "kept" || isSource(row)) node.lang = row.lang;
    return node;
  };

  // Filters

  const fillSelect = (select, any, values, label) => {
    const counts = new Map();
    for (const value of values) counts.set(value, (counts.get(value) || 0) + 1);
    const option = (value, text) => {
      const node = make("option", "", text);
      node.value = value;
      return node;
    };
    select.append(option("", any));
    for (const value of [...counts.keys()].sort((a, b) => (label(a) < label(b) ? -1 : 1))) {
      select.append(option(value, `${label(value)} (${counts.get(value)})`));
    }
  };

  const textOf = (row) =>
    [row.question, row.title, row.passage, ...(row.answers || []).map((answer) => answer.text)]
      .filter(Boolean)
      .join("\n")
      .toLowerCase();

  const rowMatches = (row) =>
    !isSource(row) &&
    (!filters.lang.value || row.lang === filters.lang.value) &&
    (!filters.status.value || row.status === filters.status.value) &&
    (!filters.reason.value || (row.reasons || []).includes(filters.reason.value));

  const groupMatch = (group, wanted) => {
    const source = group.rows.find(isSource);
    let rows = group.rows.filter(rowMatches);
    if (wanted && !textOf(source).includes(wanted)) {
      rows = rows.filter((row) => textOf(row).includes(wanted));
    }
    return { group, source, rows };
  };

  // One row

  const passageParts = (row, points, end) => {
    const parts = [];
    let place = 0;
    const spans = (row.answers || [])
      .filter((answer) => answer.start >= 0)
      .map((answer) => [answer.start, answer.start + Array.from(answer.text).length])
      .sort((a, b) => a[0] - b[0]);
    for (const [start, stop] of spans) {
      if (start < place || stop > end) continue;
      parts.push(points.slice(place, start).join(""));
      parts.push(make("mark", "", points.slice(start, stop).join("")));
      place = stop;
    }
    parts.push(points.slice(place, end).join(""));
    return parts;
  };

  const showPassage = (row) => {
    const points = Array.from(row.passage || ""); // offsets count code points
    const body = setDirection(make("p", "passage"), row);
    const box = make("div", "", body);
    let open = points.length <= CHARACTERS_SHOWN * 1.3;
    const fill = () => {
      const end = open ? points.length : CHARACTERS_SHOWN;
      const cut = !open || row.characters ? [" …"] : [];
      body.replaceChildren(...passageParts(row, points, end), ...cut);
    };
    fill();
    if (!open) {
      const button = make("button", "toggle", "More");
      button.type = "button";
      button.setAttribute("aria-expanded", "false");
      button.addEventListener("click", () => {
        open = !open;
        fill();
        button.textContent = open ? "Less" : "More";
        button.setAttribute("aria-expanded", String(open));
      });
      box.append(button);
    }
    if (row.characters) {
      box.append(make("p", "note", `${row.characters.toLocaleString("en")} characters in all`));
    }
    return box;
  };

  const showAnswers = (row) => {
    const list = make("ul", "answers");
    for (const answer of row.answers || []) {
      const text = setDirection(make("span", "", answer.text), row);
      const how = answer.method ? ` ${answer.method}` : "";
      list.append(make("li", "", text, make("span", "code", how)));
    }
    return list;
  };

  const checkTable = (row) => {
    const body = make("tbody");
    for (const [name, field, value, threshold, verdict] of row.checks) {
      const number = (x) => make("td", "number", x === null ? "–" : String(x));
      const line = make("tr", `verdict-${verdict}`);
      line.append(make("th", "text code", name), make("td", "text", field));
      line.append(number(value), number(threshold), make("td", "text", verdict));
      body.append(line);
    }
    const head = make("tr");
    for (const [name, kind] of [
      ["check", "text"], ["field", "text"], ["value", "number"], ["against", "number"],
      ["verdict", "text"],
    ]) {
      head.append(make("th", kind, name));
    }
    return make("div", "scroll", make("table", "", make("thead", "", head), body));
  };

  const showChecks = (row) => {
    const rejecting = row.checks.filter((check) => check[4] === "reject").length;
    const summary = count(row.checks.length, "check") + (rejecting ? `, ${rejecting} rejecting` : "");
    const details = make("details", "", make("summary", "", summary));
    details.addEventListener("toggle", () => {
      if (details.open && !details.querySelector("table")) details.append(checkTable(row));
    });
    return details;
  };

  const showScores = (row) =>
    [["score_mean", "mean score"], ["score_min", "lowest score"], ["unknown_share", "unknown words"]]
      .filter(([name]) => row[name] !== undefined)
      .map(([name, words]) => `${words} ${row[name]}`)
      .join(", ");

  const showRow = (row) => {
    const title = make("h4", "", languageName(row.lang), " ", make("span", "code", row.lang));
    if (!isSource(row)) title.append(make("span", `status back-${row.status}`, row.status));
    const box = make("div", `row row-${isSource(row) ? "source" : row.status}`, title);
    for (const reason of row.reasons || []) {
      const meaning = make("span", "detail", data.meanings[reason]);
      box.append(make("p", "reasons", reason, meaning));
    }
    if (row.detail) box.append(make("p", "note", row.detail));
    if (row.title) box.append(setDirection(make("p", "title", row.title), row));
    box.append(setDirection(make("p", "question", row.question || "(no question)"), row));
    box.append(row.passage ? showPassage(row) : make("p", "note", "(no passage)"));
    if (row.answers) box.append(showAnswers(row));
    const scores = showScores(row);
    if (scores) box.append(make("p", "note", scores));
    if (row.checks) box.append(showChecks(row));
    return box;
  };

  // Groups

  const showGroup = ({ group, source, rows }) => {
    const where = [group.dataset, group.split, group.record].filter(Boolean).join(" · ");
    const name = make("h3", "", where, " ", make("span", "code", group.id.slice(0, 8)));
    const targets = make("div", "targets", ...rows.map(showRow));
    const pair = make("div", rows.length > 1 ? "pair many" : "pair", showRow(source), targets);
    const card = make("article", "group", name, pair);
    card.tabIndex = -1;
    return card;
  };

  const showMore = (focus) => {
    const cards = matches.slice(shown, shown + GROUPS_SHOWN).map(showGroup);
    byId("groups").append(...cards);
    shown += cards.length;
    byId("more").hidden = shown >= matches.length;
    if (focus && cards.length) cards[0].focus();
  };

  const update = () => {
    const wanted = search.value.trim().toLowerCase();
    const filtered = wanted || Object.values(filters).some((select) => select.value);
    matches = data.groups
      .map((group) => groupMatch(group, wanted))
      .filter((match) => match.rows.length || !filtered);
    const rows = matches.reduce((sum, match) => sum + match.rows.length, 0);
    byId("found").textContent = `${count(rows, "row")} in ${count(matches.length, "group")}`;
    byId("groups").replaceChildren();
    shown = 0;
    showMore(false);
  };

  const rows = data.groups.flatMap((group) => group.rows).filter((row) => !isSource(row));
  const same = (value) => value;
  fillSelect(filters.lang, "all", rows.map((row) => row.lang), languageName);
  fillSelect(filters.status, "all", rows.map((row) => row.status), same);
  fillSelect(filters.reason, "all", rows.flatMap((row) => row.reasons || []), same);
  const form = byId("filters");
  form.hidden = false;
  form.addEventListener("input", update);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(update)); // after the fields are empty
  byId("more").addEventListener("click", () => showMore(true));
  update();
})();
