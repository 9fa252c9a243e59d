// The campaign's events, oldest first, read page by page.

import { fill, h } from "../dom.js";
import { spaced, time } from "../format.js";
import { fail } from "../notices.js";
import { read } from "../api.js";

const PAGE = 100;

/** The part of the page. `current()` gives the campaign. */
export function historyPart(current) {
  const list = h("tbody", {});
  const more = h("button", { type: "button", onclick: () => next().catch(fail) }, "Show more");
  const state = { cursor: undefined, over: false };
  const head = h("tr", {}, ["Log position", "Time", "Event", "By", "What"].map((name) => h("th", { scope: "col" }, name)));
  const table = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "History" }, h("table", {}, h("thead", {}, head), list));
  async function next() {
    const page = await read(`campaigns/${current().campaign_id}/history`, { query: { limit: PAGE, cursor: state.cursor } });
    list.append(...page.items.map((item) => row(item, current().settings?.time_zone)));
    state.cursor = page.next_cursor ?? undefined;
    more.hidden = !page.next_cursor;
  }
  return {
    element: h("div", {}, table, h("p", { class: "paging" }, more)),
    async refresh() {
      fill(list);
      state.cursor = undefined;
      await next();
    },
  };
}

function row(item, zone) {
  const cells = [item.log_position ?? String(item.sequence), time(item.time, zone), spaced(item.type), item.actor, item.text ?? brief(item.data)];
  return h("tr", {}, cells.map((cell, index) => h("td", { class: index < 4 ? "time" : null }, cell ?? "")));
}

/** The values of an event that say something; what is long as how much it is. */
function brief(data) {
  const parts = Object.entries(data ?? {}).filter(([, value]) => !nothing(value));
  return parts.map(([name, value]) => `${name.replaceAll("_", " ")} ${plain(value)}`).join(", ");
}

function nothing(value) {
  return value === null || value === "" || value === 0 || (typeof value === "object" && !Object.keys(value).length);
}

function plain(value) {
  if (typeof value !== "object") return String(value);
  const values = Object.values(value);
  const short = values.length <= 5 && values.every((one) => typeof one !== "object");
  return short ? values.join(" ") : `(${values.length} values)`;
}
