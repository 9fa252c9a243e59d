// Reset: choose records by the eight fields, see how many match, confirm.

import { facets, filterForm } from "./filters.js";
import { busy, openDialog } from "../dialog.js";
import { fill, h } from "../dom.js";
import { command } from "../api.js";
import { matching } from "./matching.js";
import { records } from "../format.js";
import { succeed } from "../notices.js";

/** Opens the Reset window; `changed()` is called after a success. */
export async function openReset(campaign, changed) {
  const found = await facets(campaign.campaign_id);
  const confirm = h("button", { type: "button", class: "primary" }, "Reset");
  const why = h("span", { class: "why" });
  const form = filterForm({ found, dates: "last_attempt", onchange: () => match.ask() });
  const state = { answer: null };
  const match = matching({
    campaign: campaign.campaign_id,
    verb: "reset",
    filters: form.value,
    onanswer: (answer) => {
      state.answer = answer;
      ready(confirm, why, answer);
    },
  });
  const dialog = openDialog({
    title: `Reset records of ${campaign.name}`,
    body: [explanation(), form.element, clearing(form), match.element],
    buttons: [why, confirm],
    wide: true,
  });
  confirm.addEventListener("click", () => {
    if (confirm.disabled) return;
    busy(confirm, dialog, async () => {
      const body = { filters: form.value(), selection: state.answer.selection };
      const answer = await confirmed(campaign, "reset", body, match);
      dialog.close();
      succeed(answer.message);
      changed();
    });
  });
  match.now();
}

/** Gives a command for exactly the records that were counted; when others match by now, they are counted anew. */
export async function confirmed(campaign, verb, body, match) {
  try {
    return await command(campaign.campaign_id, verb, body);
  } catch (problem) {
    if (problem.code === "count-changed") match.now();
    throw problem;
  }
}

/** A button that empties the filter form. */
export function clearing(form) {
  return h("p", {}, h("button", { type: "button", class: "link", onclick: form.clear }, "Clear all filters"));
}

function explanation() {
  return h(
    "p",
    {},
    "Matching records become Pending and are dialled again in a new pass; their Reason, Disposition and planned next attempt are cleared. The campaign becomes Ready. Undo takes it back.",
  );
}

function ready(confirm, why, answer) {
  confirm.disabled = !answer?.affected;
  fill(confirm, answer?.affected ? `Reset ${records(answer.affected)}` : "Reset");
  fill(why, answer && !answer.affected ? "No record matches." : null);
}
