// The uploads of a campaign with their receipts; one that was added can be withdrawn.

import { busy, openDialog } from "../dialog.js";
import { fill, h } from "../dom.js";
import { number, records, time } from "../format.js";
import { read, send } from "../api.js";
import { fail, succeed } from "../notices.js";
import { receipt } from "./receipt.js";

const COLUMNS = ["File", "State", "Read", "Added", "Duplicates", "Invalid", "By", "Time", ""];

/** The part of the page. `current()` gives the campaign. */
export function uploadsPart(current) {
  const body = h("tbody", {});
  const head = h("tr", {}, COLUMNS.map((name) => h("th", { scope: "col" }, name)));
  const part = {
    element: h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Uploads" }, h("table", {}, h("thead", {}, head), body)),
    async refresh() {
      const page = await read(`campaigns/${current().campaign_id}/uploads`);
      const empty = h("tr", {}, h("td", { colspan: COLUMNS.length, class: "empty" }, "Nothing was uploaded yet."));
      fill(body, page.items.length ? page.items.map((upload) => row(current(), upload, part)) : empty);
    },
  };
  return part;
}

function row(campaign, upload, part) {
  const show = h("button", { type: "button", class: "link", onclick: () => openReceipt(campaign, upload).catch(fail) }, upload.file_name || upload.upload_id);
  const numbers = ["read", "accepted", "duplicate", "invalid"].map((name) => number(upload[name]));
  const cells = [show, upload.state, ...numbers, upload.actor, time(upload.created_at, campaign.settings?.time_zone)];
  const open = upload.state !== "withdrawn" && upload.state !== "rejected";
  const withdraw = open ? h("button", { type: "button", class: "quiet", onclick: () => openWithdraw(campaign, upload, part) }, "Withdraw…") : null;
  return h("tr", {}, cells.map((cell) => h("td", {}, cell ?? "")), h("td", {}, withdraw));
}

async function openReceipt(campaign, upload) {
  const whole = await read(`campaigns/${campaign.campaign_id}/uploads/${encodeURIComponent(upload.upload_id)}`);
  openDialog({ title: `Upload ${upload.file_name || upload.upload_id}`, body: receipt(campaign, whole), cancel: "Close", wide: true });
}

function openWithdraw(campaign, upload, part) {
  const confirm = h("button", { type: "button", class: "danger" }, "Withdraw");
  const text = `The ${records(upload.accepted ?? 0)} that this upload added are deleted for good; they cannot be brought back, but the file can be uploaded again.`;
  const dialog = openDialog({ title: `Withdraw ${upload.file_name || "this upload"}?`, body: h("p", { class: "warning" }, text), buttons: [confirm], tone: "danger" });
  confirm.addEventListener("click", () => {
    busy(confirm, dialog, async () => {
      const answer = await send("DELETE", `campaigns/${campaign.campaign_id}/uploads/${encodeURIComponent(upload.upload_id)}`);
      dialog.close();
      succeed(answer?.message || "The upload was withdrawn.");
      await part.refresh();
    });
  });
}
