// One campaign: position, counts and functions on top; records, uploads, history and settings below.

import { address, read } from "../api.js";
import { countCards, positionPill, statusBar } from "../parts/status.js";
import { debounce, fill, h, text, throttle } from "../dom.js";
import { fail } from "../notices.js";
import { follow } from "../live.js";
import { functionPanel } from "../parts/functions.js";
import { historyPart } from "../parts/history.js";
import { merged } from "../campaign.js";
import { recordsPart } from "../parts/records.js";
import { settingsPart } from "../parts/settings.js";
import { uploadsPart } from "../parts/uploads.js";

const TABS = [
  ["records", "Records", recordsPart],
  ["uploads", "Uploads", uploadsPart],
  ["history", "History", historyPart],
  ["settings", "Settings", settingsPart],
];
const REREAD_MS = 400;
const FOLLOW_MS = 3_000;

/** The page of one campaign; `tab` is the part below. */
export async function campaignPage({ campaign: id, tab = "records" }) {
  const path = `campaigns/${id}`;
  const state = { campaign: await read(path) };
  const top = header(state);
  const low = tabs(id, tab, state);
  const renew = debounce(() => low.refresh().catch(fail), REREAD_MS);
  const apply = (campaign) => {
    if (campaign.version !== state.campaign.version) renew();
    state.campaign = campaign;
    top.update(campaign);
  };
  const reread = async () => apply(await read(path));
  const panel = functionPanel({ current: () => state.campaign, changed: () => reread().catch(fail) });
  top.add(panel);
  apply(state.campaign);
  await low.refresh();
  return { title: state.campaign.name, element: h("div", {}, top.element, low.element), leave: live(path, state, apply, reread, low) };
}

function live(path, state, apply, reread, low) {
  const rows = throttle(() => low.follow().catch(fail), FOLLOW_MS);
  const soon = debounce(() => reread().catch(fail), REREAD_MS);
  return follow(address(`${path}/watch`), {
    poll: reread,
    onEvent: (kind, data) => {
      const before = standing(state.campaign);
      apply(merged(state.campaign, kind === "snapshot" ? data.campaign : data));
      if (kind !== "progress") soon();
      // a snapshot may be newer than the rows that were read; rows that are current are left alone
      if (kind === "counts" || standing(state.campaign) !== before) rows();
    },
  });
}

function standing(campaign) {
  return JSON.stringify([campaign.log_position, campaign.counts]);
}

function header(state) {
  const name = h("h1", {}, state.campaign.name);
  const pill = positionPill();
  const place = h("span", { "aria-live": "polite" }, pill.element);
  const parts = [pill, statusBar(), countCards()];
  const where = h("p", { class: "hint" });
  const head = h("div", { class: "head" }, h("div", { class: "title" }, name, place), where);
  const element = h("div", {}, h("p", { class: "crumbs" }, h("a", { href: "#/" }, "Campaigns"), " › ", state.campaign.campaign_id), head, parts.slice(1).map((part) => part.element));
  return {
    element,
    add(part) {
      parts.push(part);
      element.append(part.element);
    },
    update(campaign) {
      for (const part of parts) part.update(campaign);
      text(name, campaign.name);
      text(where, `Version ${campaign.version} · log position ${campaign.log_position}`);
    },
  };
}

function tabs(id, chosen, state) {
  const links = TABS.map(([name, label]) => h("a", { href: `#/campaigns/${id}/${name}`, "aria-current": name === chosen ? "page" : null }, label));
  const [, label, make] = TABS.find(([name]) => name === chosen) ?? TABS[0];
  const part = make(() => state.campaign);
  const place = h("section", { "aria-label": label });
  return {
    element: h("div", {}, h("nav", { class: "tabs", "aria-label": "Parts of the campaign" }, links), place),
    async refresh() {
      await part.refresh();
      if (!place.firstChild) fill(place, part.element);
    },
    follow: async () => part.follow?.(),
  };
}
