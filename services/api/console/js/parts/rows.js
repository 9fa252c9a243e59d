// Settings that are lists of things: a row of controls each, with buttons to add and remove.

import { freshId, h, select } from "../dom.js";

/**
 * `columns` are [name, label, kind, options]: kind is text, number, time or select. Returns {element, value()};
 * value() is a list of objects, rows without their first value left out.
 */
export function rowList(label, columns, start, addLabel) {
  const body = h("div", { class: "rows" });
  const rows = new Set();
  const add = (given = {}) => {
    const row = { controls: new Map(columns.map((column) => [column[0], control(column, given[column[0]])])) };
    const remove = h("button", { type: "button", class: "quiet", "aria-label": `Remove from ${label}`, onclick: () => gone(row) }, "×");
    row.element = h("div", { class: "row" }, columns.map((column) => labelled(column, row.controls.get(column[0]))), remove);
    rows.add(row);
    body.append(row.element);
    return row;
  };
  const gone = (row) => {
    rows.delete(row);
    row.element.remove();
  };
  start.forEach(add);
  const more = h("button", { type: "button", class: "quiet", onclick: () => add().element.querySelector("input, select").focus() }, addLabel);
  return {
    element: h("fieldset", { class: "list" }, h("legend", {}, label), body, more),
    value: () => [...rows].map((row) => valueOf(columns, row.controls)).filter((row) => row[columns[0][0]] !== ""),
  };
}

function control([, , kind, options], value) {
  if (kind === "select") return select({ id: freshId("row") }, options, value ?? options[0]?.[0] ?? options[0]);
  const numeric = kind === "number" ? { min: 0, step: 1 } : {};
  return h("input", { type: kind, id: freshId("row"), value: value ?? "", ...numeric });
}

function labelled([, label], made) {
  return h("div", { class: "field" }, h("label", { for: made.id }, label), made);
}

function valueOf(columns, controls) {
  return Object.fromEntries(columns.map(([name, , kind]) => [name, kind === "number" ? Number(controls.get(name).value) : controls.get(name).value.trim()]));
}
