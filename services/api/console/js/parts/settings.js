// The settings of a campaign, as they are.

import { fill, h } from "../dom.js";
import { spaced } from "../format.js";

/** The part of the page. `current()` gives the campaign. */
export function settingsPart(current) {
  const list = h("dl", { class: "values" });
  return {
    element: list,
    async refresh() {
      const shown = Object.entries(current().settings ?? {}).filter(([, value]) => !empty(value));
      fill(list, shown.map(([name, value]) => h("div", {}, h("dt", {}, spaced(name.replaceAll("_", " "))), h("dd", {}, said(value)))));
    },
  };
}

function empty(value) {
  return value === null || value === "" || (Array.isArray(value) && !value.length) || (typeof value === "object" && !Object.keys(value).length);
}

function said(value) {
  if (Array.isArray(value)) return value.map(said).join("; ");
  if (value === null || typeof value !== "object") return String(value);
  return Object.entries(value).map(([name, part]) => `${name.replaceAll("_", " ")} ${said(part)}`).join(", ");
}
