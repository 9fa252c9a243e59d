// One record: its values, why it is (not) called, its attempts and its history.

import { h } from "../dom.js";
import { openDialog } from "../dialog.js";
import { read } from "../api.js";
import { spaced, time } from "../format.js";

const FIELDS = [
  ["Phone", "phone"],
  ["Name", "name"],
  ["Priority", "priority"],
  ["Expiry", "expiry_date"],
  ["Agent", "agent"],
  ["Skill", "skill"],
  ["Status", "status"],
  ["Reason", "reason"],
  ["Disposition", "disposition"],
  ["Last agent", "last_agent"],
  ["Attempts", "attempts"],
  ["Pass", "pass"],
  ["Upload", "upload_id"],
];
const TIMES = [["Last attempt", "last_attempt_at"], ["Next attempt", "next_attempt_at"], ["Created", "created_at"], ["Changed", "updated_at"]];

/** Opens the window of one record. */
export async function openRecord(campaign, id) {
  const path = `campaigns/${campaign.campaign_id}/records/${encodeURIComponent(id)}`;
  const [record, why] = await Promise.all([read(path), read(`${path}/why`)]);
  const zone = campaign.settings?.time_zone;
  openDialog({
    title: `Record ${id} of ${campaign.name}`,
    body: [h("p", { class: "why-called" }, why.text), values(record, zone), attempts(record.attempts_made ?? [], zone), history(record.history ?? [], zone)],
    cancel: "Close",
    wide: true,
  });
}

function values(record, zone) {
  const plain = FIELDS.map(([label, name]) => [label, record[name]]);
  const extra = Object.entries(record.extra ?? {});
  const times = TIMES.map(([label, name]) => [label, record[name] ? time(record[name], zone) : null]);
  const shown = [...plain, ...extra, ...times].filter(([, value]) => value !== null && value !== undefined && value !== "");
  return h("dl", { class: "values" }, shown.map(([label, value]) => h("div", {}, h("dt", {}, label), h("dd", {}, String(value)))));
}

function attempts(list, zone) {
  if (!list.length) return h("p", { class: "hint" }, "It was never dialled.");
  const rows = list.map((attempt) => h("tr", {}, [attempt.attempt, attempt.pass, time(attempt.claimed_at, zone), attempt.outcome || "call up", said(attempt.dispositions ?? []), attempt.agent ?? ""].map((cell) => h("td", {}, `${cell}`))));
  const head = h("tr", {}, ["Attempt", "Pass", "Claimed", "Outcome", "Disposition", "Agent"].map((name) => h("th", { scope: "col" }, name)));
  return [h("h3", {}, "Attempts"), h("div", { class: "scroll" }, h("table", {}, h("thead", {}, head), h("tbody", {}, rows)))];
}

function history(items, zone) {
  if (!items.length) return null;
  return [h("h3", {}, "History"), h("ol", { class: "history" }, items.map((item) => h("li", {}, h("time", {}, time(item.time, zone)), " ", spaced(item.what), item.text ? `: ${item.text}` : "")))];
}

/** The dispositions of an attempt, oldest first; a later one corrects. */
function said(dispositions) {
  return dispositions.map((one) => one.disposition).join(" → ");
}
