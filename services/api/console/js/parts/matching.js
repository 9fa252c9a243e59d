// The live answer to "which records would this touch?": count and breakdown of a dry run.

import { Problem, dryRun } from "../api.js";
import { blank, number, records } from "../format.js";
import { debounce, fill, h } from "../dom.js";
import { explain } from "../notices.js";

const PAUSE_MS = 250;
const BREAKDOWNS = [
  ["by_status", "Status"],
  ["by_reason", "Reason"],
  ["by_disposition", "Disposition"],
  ["by_priority", "Priority"],
  ["by_agent", "Agent"],
  ["by_skill", "Skill"],
];

/**
 * Asks anew after each change. `filters()` gives what is chosen, `onanswer(answer or null)` hears each result.
 * Returns {element, ask(), now()}: `ask` waits for a pause in typing, `now` does not.
 */
export function matching({ campaign, verb, filters, onanswer }) {
  const line = h("p", { class: "count", "aria-live": "polite" }, "Counting…");
  const more = h("div", { class: "breakdown" });
  let running = null;
  /** From the moment of a change nothing that was counted before can be confirmed. */
  const outdate = () => {
    running?.abort();
    onanswer(null);
    fill(line, "Counting…");
  };
  const now = async () => {
    outdate();
    running = new AbortController();
    try {
      const answer = await dryRun(campaign, verb, filters(), running.signal);
      fill(line, summary(answer));
      fill(more, breakdown(answer));
      onanswer(answer);
    } catch (problem) {
      if (!(problem instanceof Problem)) return;
      fill(line, h("span", { class: "bad" }, explain(problem)));
      fill(more);
    }
  };
  const element = h("section", { class: "matching", "aria-label": "Matching records" }, line, more);
  const later = debounce(now, PAUSE_MS);
  const ask = () => {
    outdate();
    later();
  };
  return { element, ask, now };
}

function summary(answer) {
  const left = Object.entries(answer.not_dialable ?? {});
  const notes = left.map(([reason, count]) => `${number(count)} can never be dialled (${reason})`);
  if (answer.without_date) notes.push(`${number(answer.without_date)} have no such date and do not match`);
  if (answer.in_progress) notes.push(`${number(answer.in_progress)} have a call up`);
  const matches = `${records(answer.affected)} ${answer.affected === 1 ? "matches" : "match"}.`;
  return [h("strong", {}, matches), notes.length ? ` ${notes.join("; ")}.` : null];
}

function breakdown(answer) {
  const groups = BREAKDOWNS.map(([name, label]) => [label, Object.entries(answer[name] ?? {})]);
  const shown = groups.filter(([, values]) => values.length > 0);
  if (!shown.length) return null;
  const lists = shown.map(([label, values]) => h("div", {}, h("h3", {}, label), h("ul", {}, values.slice(0, 8).map(row), surplus(values))));
  return h("details", {}, h("summary", {}, "What they are"), h("div", { class: "groups" }, lists));
}

function row([value, count]) {
  return h("li", {}, h("span", {}, blank(value)), h("span", { class: "amount" }, number(count)));
}

function surplus(values) {
  return values.length > 8 ? h("li", { class: "hint" }, `and ${values.length - 8} more`) : null;
}
