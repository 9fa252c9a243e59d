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
  return h("tr", {}, cells.map((cell) => h("td", {}, cell ?? "")));
}

/** The plain values of an event; long columns as how many they are. */
function brief(data) {
  const parts = Object.entries(data ?? {}).filter(([, value]) => value !== null && value !== "" && !(Array.isArray(value) && !value.length));
  return parts.map(([name, value]) => `${name.replaceAll("_", " ")} ${plain(value)}`).join(", ").slice(0, 300);
}

function plain(value) {
  if (Array.isArray(value)) return value.length > 5 ? `${value.length} values` : value.map(plain).join(" ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
