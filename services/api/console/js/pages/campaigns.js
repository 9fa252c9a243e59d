// The list of campaigns, with positions and counts that change while one looks.

import { address, read } from "../api.js";
import { counts, merged } from "../campaign.js";
import { debounce, fill, h, text } from "../dom.js";
import { positionPill, statusBar } from "../parts/status.js";
import { fail } from "../notices.js";
import { follow } from "../live.js";
import { number } from "../format.js";

const PAGE = 200;
const REREAD_MS = 400;

/** The page of all campaigns. */
export async function campaignsPage() {
  const table = campaignTable();
  const reread = async () => table.update(await everyCampaign());
  await reread();
  const soon = debounce(() => reread().catch(fail), REREAD_MS);
  const leave = follow(address("watch"), {
    poll: reread,
    onEvent: (kind, data) => {
      if (!table.merge(data) || kind === "position") soon();
    },
  });
  const element = h(
    "div",
    {},
    h("div", { class: "head" }, h("h1", {}, "Campaigns"), h("a", { class: "button primary", href: "#/new" }, "New campaign")),
    table.element,
  );
  return { title: "Campaigns", element, leave };
}

async function everyCampaign() {
  const items = [];
  let cursor;
  do {
    const page = await read("campaigns", { query: { limit: PAGE, cursor } });
    items.push(...page.items);
    cursor = page.next_cursor ?? undefined;
  } while (cursor);
  return items;
}

function campaignTable() {
  const body = h("tbody", {});
  const names = ["Campaign", "Position", "Records", "Total", "Active", "Calls up", "Success", "Fail"];
  const head = h("tr", {}, names.map((name, index) => h("th", { scope: "col", class: index > 2 ? "amount" : null }, name)));
  const table = h("div", { class: "scroll" }, h("table", { class: "campaigns" }, h("thead", {}, head), body));
  const empty = h("p", { class: "empty" }, "There is no campaign yet. ", h("a", { href: "#/new" }, "Create the first one"), ".");
  const rows = new Map();
  const element = h("div", {}, table, empty);
  return {
    element,
    update(items) {
      const kept = new Set(items.map((item) => item.campaign_id));
      for (const id of rows.keys()) if (!kept.has(id)) rows.delete(id);
      for (const item of items) put(rows, item);
      arrange(body, [...items.map((item) => rows.get(item.campaign_id).element)]);
      table.hidden = items.length === 0;
      empty.hidden = items.length > 0;
    },
    /** Lays an event over its row; false when the event is of no row here. */
    merge(data) {
      const row = rows.get(data.campaign ?? data.campaign_id);
      if (row) row.update(merged(row.campaign, data));
      return Boolean(row);
    },
  };
}

function put(rows, item) {
  if (!rows.has(item.campaign_id)) rows.set(item.campaign_id, campaignRow(item));
  rows.get(item.campaign_id).update(item);
}

/** Rows are moved only when the order differs, so that the focus stays where it is. */
function arrange(body, wanted) {
  const same = body.children.length === wanted.length && wanted.every((row, index) => body.children[index] === row);
  if (!same) fill(body, wanted);
}

function campaignRow(campaign) {
  const pill = positionPill();
  const bar = statusBar();
  const link = h("a", { href: `#/campaigns/${campaign.campaign_id}` });
  const cells = ["total", "active", "inProgress", "Success", "Fail"].map((name) => [name, h("td", { class: "amount" })]);
  const name = h("th", { scope: "row" }, link, h("small", {}, campaign.campaign_id));
  const element = h("tr", {}, name, h("td", {}, pill.element), h("td", { class: "wide" }, bar.element), cells.map(([, cell]) => cell));
  const row = {
    element,
    campaign,
    update(now) {
      row.campaign = now;
      text(link, now.name);
      pill.update(now);
      bar.update(now);
      const found = counts(now);
      for (const [key, cell] of cells) text(cell, number(found[key]));
    },
  };
  return row;
}
