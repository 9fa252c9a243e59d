// The eight filter fields: from date, to date, status, reason, dispositions, priority, agent, skill.

import { field, fill, h, select } from "../dom.js";
import { choice } from "./choice.js";
import { read } from "../api.js";
import { words } from "../format.js";

const DATES = [["last_attempt", "last attempt"], ["created", "creation"], ["updated", "last change"]];
const LISTS = [
  ["status", "Status"],
  ["reason", "Reason"],
  ["disposition", "Dispositions"],
  ["agent", "Agent"],
  ["skill", "Skill"],
];
const STATUSES = ["Pending", "Success", "Fail", "Complete"];

/** Reads which values the campaign's records have, with their counts. */
export function facets(campaign, signal) {
  return read(`campaigns/${encodeURIComponent(campaign)}/records/facets`, { signal });
}

/**
 * The form of the eight fields. `found` are the facets, `chosen` filters to start with, `dates` the date that From and To
 * look at. Returns {element, value(), clear()}; value() is the filters object of the API.
 */
export function filterForm({ found, chosen = {}, dates, onchange }) {
  const element = h("fieldset", { class: "filters" });
  let parts = {};
  const build = (start) => {
    parts = controls(found, start, dates, onchange);
    fill(element, h("legend", {}, "Only records that match (nothing chosen: all records)"), layout(parts));
  };
  build(chosen);
  return {
    element,
    value: () => gathered(parts),
    clear: () => {
      build({});
      onchange?.();
    },
  };
}

/** The filters object as the query of a read. */
export function asQuery(filters) {
  return Object.keys(filters).length ? { filters: JSON.stringify(filters) } : {};
}

function controls(found, chosen, dates, onchange) {
  const made = {
    from_date: h("input", { type: "date", value: chosen.from_date ?? "", onchange }),
    to_date: h("input", { type: "date", value: chosen.to_date ?? "", onchange }),
    date_field: select({ onchange }, DATES, chosen.date_field ?? dates),
    priority: h("input", { type: "text", inputmode: "numeric", placeholder: "any, e.g. 1, 5-9", value: (chosen.priority ?? []).join(", "), oninput: onchange }),
  };
  for (const [name, label] of LISTS) made[name] = choice(label, options(name, found), { chosen: chosen[name], onchange });
  return made;
}

function layout(parts) {
  const lists = Object.fromEntries(LISTS.map(([name]) => [name, parts[name].element]));
  return h(
    "div",
    { class: "grid" },
    field("From date", parts.from_date),
    field("To date", parts.to_date, "That whole day is included."),
    field("Dates are those of the", parts.date_field),
    lists.status,
    lists.reason,
    lists.disposition,
    field("Priority", parts.priority),
    lists.agent,
    lists.skill,
  );
}

function options(name, found) {
  const counted = Object.entries(found?.[name] ?? {}).map(([value, count]) => [value === "" ? null : value, count]);
  if (name !== "status") return counted;
  const known = new Map(counted);
  return STATUSES.map((status) => [status, known.get(status) ?? 0]);
}

function gathered(parts) {
  const filters = {};
  const dated = parts.from_date.value || parts.to_date.value;
  if (parts.from_date.value) filters.from_date = parts.from_date.value;
  if (parts.to_date.value) filters.to_date = parts.to_date.value;
  if (dated) filters.date_field = parts.date_field.value;
  const priorities = words(parts.priority.value);
  if (priorities.length) filters.priority = priorities;
  for (const [name] of LISTS) {
    const value = parts[name].value();
    if (value) filters[name] = value;
  }
  return filters;
}
