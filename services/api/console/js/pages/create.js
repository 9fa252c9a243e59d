// Create a campaign: what is required first, everything else folded away with its default.

import { field, fill, h, select } from "../dom.js";
import { freshKey, read, send } from "../api.js";
import { explain, succeed } from "../notices.js";
import { rowList } from "../parts/rows.js";
import { words } from "../format.js";

const TYPES = [["progressive", "Progressive"], ["predictive", "Predictive"], ["preview", "Preview"], ["ivr", "IVR"]];
const METHODS = [["nonagentwise", "Any agent"], ["agentwise", "The agent of each record"], ["skillwise", "The skill of each record"]];
const EFFECTS = [
  ["final-success", "final: Success"],
  ["final-fail", "final: Fail"],
  ["retry", "dial again later"],
  ["callback", "call back at a time"],
  ["do-not-call", "never call again"],
];
const DAYS = [["all", "every day"], ["weekdays", "Monday to Friday"], ["weekend", "Saturday and Sunday"], ...["mon", "tue", "wed", "thu", "fri", "sat", "sun"].map((day) => [day, day])];
const DAY_SETS = {
  all: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
  weekdays: ["mon", "tue", "wed", "thu", "fri"],
  weekend: ["sat", "sun"],
};

const RENAMED = {
  "Asia/Calcutta": "Asia/Kolkata",
  "Asia/Katmandu": "Asia/Kathmandu",
  "Asia/Rangoon": "Asia/Yangon",
  "Asia/Saigon": "Asia/Ho_Chi_Minh",
  "Atlantic/Faeroe": "Atlantic/Faroe",
  "Europe/Kiev": "Europe/Kyiv",
  "America/Buenos_Aires": "America/Argentina/Buenos_Aires",
};

/** The page with the form. One idempotency key per opened form: sending it twice creates one campaign. */
export async function createPage() {
  const outcomes = await retryable();
  const parts = formParts(outcomes);
  const trouble = h("div", { class: "trouble", role: "alert" });
  const submit = h("button", { type: "submit", class: "primary" }, "Create campaign");
  const key = { value: freshKey() };
  const create = async (event) => {
    event.preventDefault();
    if (submit.getAttribute("aria-busy")) return;
    submit.setAttribute("aria-busy", "true");
    fill(trouble);
    try {
      await created(parts, key.value);
    } catch (problem) {
      key.value = freshKey();
      fill(trouble, explain(problem));
    } finally {
      submit.removeAttribute("aria-busy");
    }
  };
  const form = h("form", { class: "create", onsubmit: create }, required(parts), folded(parts), trouble, h("p", {}, submit));
  return { title: "New campaign", element: h("div", {}, h("h1", {}, "New campaign"), form) };
}

async function created(parts, key) {
  const body = settings(parts);
  const answer = await send("POST", "campaigns", body, { key });
  succeed(answer.message || `${body.name} was created.`, { carried: true });
  location.hash = `#/campaigns/${answer.campaign ?? answer.campaign_id}`;
}

/** A zone by the name it has today; browsers keep some of the old ones. */
function named(zone) {
  return RENAMED[zone] ?? zone;
}

/** Outcomes that are dialled again by default, from the server's own list. */
async function retryable() {
  const found = await read("reasons");
  return Object.entries(found.outcomes).filter(([, outcome]) => outcome.retry).map(([name]) => name);
}

function formParts(outcomes) {
  return {
    name: h("input", { type: "text", required: true, maxlength: 200, autocomplete: "off" }),
    campaign_id: h("input", { type: "text", pattern: "[a-z0-9\\-]{1,64}", autocomplete: "off" }),
    region: h("input", { type: "text", required: true, maxlength: 2, pattern: "[A-Za-z]{2}", class: "short", value: new Intl.Locale(navigator.language).region ?? "" }),
    time_zone: h("input", { type: "text", required: true, list: "zones", autocomplete: "off", value: named(Intl.DateTimeFormat().resolvedOptions().timeZone) }),
    campaign_type: select({}, TYPES, "progressive"),
    dial_method: select({}, METHODS, "nonagentwise"),
    caller_id: h("input", { type: "tel", autocomplete: "off" }),
    max_attempts: h("input", { type: "number", min: 1, max: 127, class: "short" }),
    ring_timeout_s: h("input", { type: "number", min: 5, max: 120, class: "short" }),
    columns: h("textarea", { rows: 2 }),
    agents: h("textarea", { rows: 2 }),
    skills: h("textarea", { rows: 2 }),
    dispositions: rowList("Dispositions", [["name", "Name", "text"], ["effect", "The record is", "select", EFFECTS], ["delay_s", "Delay in seconds", "number"]], [], "Add a disposition"),
    retry: rowList("Retry", [["outcome", "After", "select", outcomes], ["attempts", "Attempts", "number"], ["delay_s", "Delay in seconds", "number"]], [], "Add a retry rule"),
    calling_window: rowList("Calling window", [["days", "Days", "select", DAYS], ["from", "From", "time"], ["to", "To", "time"]], [], "Add a time window"),
  };
}

function required(parts) {
  return h(
    "fieldset",
    { class: "card" },
    h("legend", {}, "Campaign"),
    h(
      "div",
      { class: "grid" },
      field("Name", parts.name),
      field("Region", parts.region, "Two letters, e.g. IN: how national phone numbers are read."),
      field("Time zone", parts.time_zone, "By its IANA name, e.g. Asia/Kolkata."),
      h("datalist", { id: "zones" }, Intl.supportedValuesOf("timeZone").map((zone) => h("option", { value: named(zone) }))),
      field("Type", parts.campaign_type),
      field("Calls go to", parts.dial_method),
      field("Campaign id", parts.campaign_id, "Small letters, digits and -; made for you when blank. It cannot be changed later."),
    ),
  );
}

function folded(parts) {
  return h(
    "details",
    { class: "fold" },
    h("summary", {}, "More settings (what is left blank takes its default)"),
    h(
      "div",
      { class: "grid" },
      field("Caller id", parts.caller_id),
      field("Attempts for life", parts.max_attempts),
      field("Ring time-out in seconds", parts.ring_timeout_s),
      field("Further columns", parts.columns, "Names, separated by commas."),
      field("Agents", parts.agents, "Ids, separated by commas."),
      field("Skills", parts.skills, "Names, separated by commas."),
    ),
    parts.dispositions.element,
    parts.retry.element,
    parts.calling_window.element,
  );
}

/** A window of the form as the API takes it; an end at midnight is the end of that day. */
function calling({ days, from, to }) {
  return { days: DAY_SETS[days] ?? [days], from, to: to === "00:00" ? "24:00" : to };
}

/** The body of the request; blanks are left out so that the server's defaults hold. */
function settings(parts) {
  const body = { name: parts.name.value.trim(), region: parts.region.value.trim().toUpperCase(), time_zone: parts.time_zone.value.trim() };
  for (const name of ["campaign_type", "dial_method", "campaign_id", "caller_id"]) {
    if (parts[name].value.trim()) body[name] = parts[name].value.trim();
  }
  for (const name of ["max_attempts", "ring_timeout_s"]) if (parts[name].value) body[name] = Number(parts[name].value);
  for (const name of ["columns", "agents", "skills"]) if (words(parts[name].value).length) body[name] = words(parts[name].value);
  if (parts.dispositions.value().length) body.dispositions = parts.dispositions.value();
  const rules = parts.retry.value();
  if (rules.length) body.retry = Object.fromEntries(rules.map(({ outcome, ...rule }) => [outcome, rule]));
  const windows = parts.calling_window.value().filter((window) => window.from && window.to);
  if (windows.length) body.calling_window = windows.map(calling);
  return body;
}
