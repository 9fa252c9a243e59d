// A list of values to tick, folded under a summary that says what is ticked.

import { blank, number } from "../format.js";
import { freshId, h, text } from "../dom.js";

const SEARCH_FROM = 12;

/**
 * `options` are [value, count or null] pairs; a null value is blank. Returns {element, value()};
 * value() is null while nothing is ticked, which does not restrict.
 */
export function choice(label, options, { chosen = null, onchange } = {}) {
  const state = h("span", { class: "chosen" });
  const boxes = options.map(([value, count]) => option(value, count, chosen?.includes(value)));
  const list = h("div", { class: "options" }, boxes.map((box) => box.element));
  const value = () => {
    const ticked = boxes.filter((box) => box.input.checked).map((box) => box.value);
    return ticked.length ? ticked : null;
  };
  const say = () => text(state, value()?.map(blank).join(", ") ?? "any");
  list.addEventListener("change", () => {
    say();
    onchange?.();
  });
  say();
  const summary = h("summary", {}, h("span", { class: "label" }, label), state);
  const none = options.length ? null : h("p", { class: "hint" }, "There is no value to choose.");
  const search = options.length > SEARCH_FROM ? searchBox(label, boxes) : null;
  const group = h("div", { role: "group", "aria-label": label }, search, list, none);
  return { element: h("details", { class: "choice" }, summary, group), value };
}

function option(value, count, checked) {
  const input = h("input", { type: "checkbox", id: freshId("option"), checked: Boolean(checked) });
  const amount = count === null ? null : h("span", { class: "amount" }, number(count));
  return { value, input, element: h("label", {}, input, h("span", {}, blank(value)), amount) };
}

function searchBox(label, boxes) {
  const narrow = (event) => {
    const wanted = event.target.value.toLowerCase();
    for (const box of boxes) box.element.hidden = !blank(box.value).toLowerCase().includes(wanted);
  };
  return h("input", { type: "search", placeholder: "Search", "aria-label": `Search ${label}`, oninput: narrow });
}
