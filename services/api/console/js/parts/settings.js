// The settings of a campaign, as they are.

import { fill, h } from "../dom.js";
import { spaced } from "../format.js";

/** The part of the page. `current()` gives the campaign. */
export function settingsPart(current) {
  const list = h("dl", { class: "values settings" });
  return {
    element: list,
    async refresh() {
      const shown = Object.entries(current().settings ?? {}).filter(([, value]) => !empty(value));
      fill(list, shown.map(([name, value]) => h("div", {}, h("dt", {}, label(name)), h("dd", {}, said(value)))));
    },
  };
}

function empty(value) {
  return value === null || value === "" || (typeof value === "object" && !Object.keys(value).length);
}

/** "ring_timeout_s" -> "Ring timeout (seconds)". */
function label(name) {
  return spaced(name.replace(/_s$/, " (seconds)").replace(/_ms$/, " (ms)").replaceAll("_", " "));
}

/** A single value as text; several as a list of lines. */
function said(value) {
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value) && value.every((one) => typeof one !== "object")) return value.join(", ");
  const lines = Array.isArray(value) ? value.map(line) : Object.entries(value).map(([name, part]) => `${label(name)}: ${line(part)}`);
  return h("ul", {}, lines.map((text) => h("li", {}, text)));
}

function line(value) {
  if (typeof value !== "object") return String(value);
  const parts = Object.entries(value).filter(([, part]) => part !== 0 && !empty(part));
  return parts.map(([name, part]) => (name === "name" ? part : `${label(name).toLowerCase()} ${Array.isArray(part) ? part.join(" ") : part}`)).join(", ");
}
