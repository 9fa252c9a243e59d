// Delete: choose records, see the warning and the count, confirm exactly what was shown.

import { facets, filterForm } from "./filters.js";
import { busy, openDialog } from "../dialog.js";
import { fill, h } from "../dom.js";
import { clearing, confirmed } from "./reset.js";
import { matching } from "./matching.js";
import { records } from "../format.js";
import { succeed } from "../notices.js";

/** Opens the Delete window; `changed()` is called after a success. */
export async function openDelete(campaign, changed) {
  const found = await facets(campaign.campaign_id);
  const form = filterForm({ found, dates: "last_attempt", onchange: () => match.ask() });
  const state = { answer: null };
  const parts = confirmation(state);
  const match = matching({
    campaign: campaign.campaign_id,
    verb: "delete-records",
    filters: form.value,
    onanswer: (answer) => {
      state.answer = answer;
      parts.box.checked = false;
      parts.say();
    },
  });
  const dialog = openDialog({
    title: `Delete records of ${campaign.name}`,
    body: [warning(), form.element, clearing(form), match.element, parts.element],
    buttons: [parts.why, parts.confirm],
    wide: true,
    tone: "danger",
  });
  parts.confirm.addEventListener("click", () => {
    if (parts.confirm.disabled) return;
    busy(parts.confirm, dialog, () => remove(campaign, form, state, dialog, match, changed));
  });
  match.now();
}

async function remove(campaign, form, state, dialog, match, changed) {
  const body = { filters: form.value(), confirm: state.answer.selection };
  const answer = await confirmed(campaign, "delete-records", body, match);
  dialog.close();
  succeed(answer.message);
  changed();
}

function confirmation(state) {
  const box = h("input", { type: "checkbox" });
  const sure = h("span", {});
  const confirm = h("button", { type: "button", class: "danger" }, "Delete for good");
  const why = h("span", { class: "why" });
  const say = () => {
    const count = state.answer?.affected ?? 0;
    fill(sure, `I understand that ${records(count)} will be gone for good.`);
    box.disabled = count === 0;
    confirm.disabled = count === 0 || !box.checked;
    fill(confirm, count ? `Delete ${records(count)} for good` : "Delete for good");
    fill(why, reason(state.answer, box.checked));
  };
  box.addEventListener("change", say);
  return { element: h("p", {}, h("label", { class: "sure" }, box, sure)), box, confirm, why, say };
}

function reason(answer, sure) {
  if (!answer) return null;
  if (!answer.affected) return "No record matches.";
  return sure ? null : "Tick the box first.";
}

function warning() {
  return h(
    "p",
    { class: "warning" },
    h("strong", {}, "This cannot be taken back. "),
    "The matching records leave every list at once, are never dialled again, and their phone numbers, names and further columns are erased from every store.",
  );
}
