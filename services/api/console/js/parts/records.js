// The records of a campaign: filters, a table with paging, and one record with its attempts.

import { facets, filterForm, asQuery } from "./filters.js";
import { debounce, fill, h } from "../dom.js";
import { clearing } from "./reset.js";
import { fail } from "../notices.js";
import { number, time } from "../format.js";
import { openRecord } from "./record.js";
import { read } from "../api.js";

const PAGE = 50;
const PAUSE_MS = 250;
const COLUMNS = ["Record", "Phone", "Name", "Priority", "Status", "Reason", "Disposition", "Agent", "Skill", "Attempts", "Last attempt", "Next attempt"];

/** The part of the page. `current()` gives the campaign. */
export function recordsPart(current) {
  const state = { cursors: [undefined], filters: {}, next: null };
  const body = h("tbody", {});
  const line = h("span", { class: "hint", "aria-live": "polite" });
  const back = h("button", { type: "button", onclick: () => turn(-1) }, "← Previous");
  const forth = h("button", { type: "button", onclick: () => turn(1) }, "Next →");
  const place = h("div", {});
  const element = h("div", {}, place, tableOf(body), h("p", { class: "paging" }, back, line, forth));

  async function show() {
    const query = { ...asQuery(state.filters), limit: PAGE, cursor: state.cursors.at(-1) };
    const page = await read(`campaigns/${current().campaign_id}/records`, { query });
    state.next = page.next_cursor ?? null;
    fill(body, page.items.length ? page.items.map((record) => row(current(), record)) : nothing(state.filters));
    back.disabled = state.cursors.length === 1;
    back.title = back.disabled ? "This is the first page." : "";
    forth.disabled = state.next === null;
    forth.title = forth.disabled ? "This is the last page." : "";
    fill(line, paging(state, page));
  }

  function turn(direction) {
    if (direction > 0) state.cursors.push(state.next);
    else state.cursors.pop();
    show().catch(fail);
  }

  async function formed() {
    const found = await facets(current().campaign_id);
    const form = filterForm({ found, chosen: state.filters, dates: "last_attempt", onchange: () => again() });
    const again = debounce(() => {
      state.filters = form.value();
      state.cursors = [undefined];
      show().catch(fail);
    }, PAUSE_MS);
    const open = place.querySelector("details.fold")?.open ?? false;
    fill(place, h("details", { class: "fold", open }, h("summary", {}, "Filter"), form.element, clearing(form)));
  }

  return {
    element,
    async refresh() {
      await formed();
      await show();
    },
    /** The same rows as they are now; left alone while somebody is at one of them. */
    async follow() {
      if (!body.contains(document.activeElement)) await show();
    },
  };
}

function tableOf(body) {
  const head = h("tr", {}, COLUMNS.map((name) => h("th", { scope: "col" }, name)));
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Records" }, h("table", { class: "records" }, h("thead", {}, head), body));
}

function row(campaign, record) {
  const zone = campaign.settings?.time_zone;
  const open = h("button", { type: "button", class: "link", onclick: () => openRecord(campaign, record.record_id).catch(fail) }, `${record.record_id}`);
  const status = h("span", { class: "status", "data-status": record.status }, record.status);
  const cells = [open, record.phone, record.name, record.priority, status, record.reason, record.disposition, record.agent, record.skill, record.attempts, time(record.last_attempt_at, zone), time(record.next_attempt_at, zone)];
  return h("tr", {}, cells.map((cell) => h("td", {}, cell ?? "")));
}

function nothing(filters) {
  const said = Object.keys(filters).length ? "No record matches the filters." : "The campaign has no records yet. Add Data brings them in.";
  return h("tr", {}, h("td", { colspan: COLUMNS.length, class: "empty" }, said));
}

function paging(state, page) {
  const first = (state.cursors.length - 1) * PAGE + 1;
  if (!page.items.length) return "0 records";
  const total = page.total === undefined ? "" : ` of ${number(page.total)}`;
  return `${number(first)}–${number(first + page.items.length - 1)}${total}`;
}
