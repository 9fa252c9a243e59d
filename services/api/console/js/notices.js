// Notices at the top of every page: what succeeded, what was refused and what to do about it.

import { h } from "./dom.js";

const place = document.getElementById("notices");
const KEPT = 2;

/** Says that something succeeded; stays until it is closed. `carried`: it also outlives the next change of page. */
export function succeed(message, { carried = false } = {}) {
  show(h("div", { class: "notice good", role: "status", "data-carried": carried }, h("p", {}, message)));
}

/** Says what was refused or failed, and what to do. */
export function fail(problem) {
  if (problem.name === "AbortError" || problem.status === 401) return;
  show(h("div", { class: "notice bad", role: "alert" }, explain(problem)));
}

/** Clears the notices when another page is opened. */
export function clear() {
  for (const notice of [...place.children]) {
    if (notice.hasAttribute("data-carried")) notice.removeAttribute("data-carried");
    else notice.remove();
  }
}

/** A problem as title, detail, what to do and one line per field. */
export function explain(problem) {
  const lines = (problem.errors || []).map((error) => h("li", {}, `${pointed(error.pointer)}${error.detail}`));
  const rest = beyond(problem.detail || "", problem.message);
  return [
    h("p", {}, h("strong", {}, sentence(problem.message))),
    rest ? h("p", {}, sentence(rest)) : null,
    lines.length ? h("ul", {}, lines) : null,
    problem.advice ? h("p", { class: "advice" }, `What to do: ${problem.advice}`) : null,
  ];
}

function show(notice) {
  notice.append(h("button", { class: "close", type: "button", "aria-label": "Close the notice", onclick: () => notice.remove() }, "×"));
  place.prepend(notice);
  while (place.children.length > KEPT) place.lastChild.remove();
  window.scrollTo({ top: 0, behavior: "instant" });
}

/** What a detail says beyond the title that it often begins with. */
function beyond(detail, title) {
  const repeats = detail.toLowerCase().startsWith(title.toLowerCase());
  return repeats ? detail.slice(title.length).replace(/^[\s.;:]+/, "") : detail;
}

function pointed(pointer) {
  const name = (pointer || "").replace(/^[#/]+/, "").replaceAll("/", " › ");
  return name ? `${name}: ` : "";
}

function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1).replace(/([^.!?])$/, "$1.");
}
