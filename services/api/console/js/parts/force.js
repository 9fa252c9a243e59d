// Force Complete and Undo: say what will happen, ask, show the answer at the top.

import { busy, openDialog } from "../dialog.js";
import { command } from "../api.js";
import { counts } from "../campaign.js";
import { h } from "../dom.js";
import { records, time } from "../format.js";
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

const NAMES = { reset: "Reset", "force-complete": "Force Complete", "delete-records": "Delete" };

/** Opens the Undo window for the command that can be taken back now. */
export function openUndo(campaign, changed) {
  const slot = campaign.undo ?? {};
  const what = NAMES[slot.command] ?? "the last change";
  const until = slot.until ? ` It can be undone until ${time(slot.until, campaign.settings?.time_zone)}.` : "";
  ask({
    title: `Undo ${what}?`,
    text: `The records get back the values that they had before. Records that changed since stay as they are. A campaign that was Running comes back Stopped.${until}`,
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
