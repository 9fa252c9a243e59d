// Force Complete and Undo: say what will happen, ask, show the answer at the top.

import { busy, openDialog } from "../dialog.js";
import { command } from "../api.js";
import { counts } from "../campaign.js";
import { h } from "../dom.js";
import { records, spaced } from "../format.js";
import { succeed } from "../notices.js";

/** Opens the Force Complete window. */
export function openForceComplete(campaign, changed) {
  const active = counts(campaign).active;
  const text = `${records(active)} of ${campaign.name} ${active === 1 ? "is" : "are"} still active and will not be dialled: Status becomes Complete, Reason becomes ForceCompleted. Calls that are up now finish and are recorded. The campaign is Completed.`;
  ask({
    title: `Force Complete ${campaign.name}?`,
    text,
    label: "Force Complete",
    tone: "danger",
    run: () => command(campaign.campaign_id, "force-complete"),
    changed,
  });
}

/** Opens the Undo window for the command that can be taken back now. */
export function openUndo(campaign, changed) {
  const slot = campaign.undo ?? {};
  const what = slot.command ? spaced(slot.command) : "the last change";
  const scope = slot.restorable === undefined ? "" : ` ${records(slot.restorable)} can be restored; the others have changed since.`;
  ask({
    title: `Undo ${what}?`,
    text: `The records get back the values that they had before.${scope} A campaign that was Running comes back Stopped.`,
    label: "Undo",
    tone: "",
    run: () => command(campaign.campaign_id, "undo", { command_id: slot.command_id }),
    changed,
  });
}

function ask({ title, text, label, tone, run, changed }) {
  const confirm = h("button", { type: "button", class: tone || "primary" }, label);
  const dialog = openDialog({ title, body: h("p", {}, text), buttons: [confirm], tone });
  confirm.addEventListener("click", () => {
    busy(confirm, dialog, async () => {
      const answer = await run();
      dialog.close();
      succeed(answer.message);
      changed();
    });
  });
}
