// The receipt of an upload: every row accounted for, the first row errors, the workbook to correct.

import { address } from "../api.js";
import { h } from "../dom.js";
import { listing, number, time } from "../format.js";

const HEADLINES = {
  committed: "The records are added.",
  rejected: "The file was not taken; nothing was added.",
  withdrawn: "This upload was withdrawn; its records are deleted.",
  queued: "Waiting for the upload before this one.",
  checking: "Being checked.",
};

/** The receipt as elements. */
export function receipt(campaign, upload) {
  const errors = upload.errors ?? [];
  const tone = upload.state === "committed" ? "good" : upload.state === "rejected" ? "bad" : "";
  return h(
    "section",
    { class: "receipt", "aria-label": "Receipt" },
    h("p", { class: `headline ${tone}`, role: "status" }, HEADLINES[upload.state] ?? upload.state),
    upload.text ? h("p", {}, upload.text) : null,
    h("p", { class: "hint" }, [upload.file_name, upload.actor, time(upload.created_at, campaign.settings?.time_zone)].filter(Boolean).join(" · ")),
    totals(upload),
    upload.other_sheets?.length ? h("p", {}, `Sheets with phone numbers that were not read: ${listing(upload.other_sheets)}. Upload each as a file of its own.`) : null,
    upload.ignored_columns?.length ? h("p", {}, `Columns of a download that were ignored: ${listing(upload.ignored_columns)}.`) : null,
    errors.length ? rowErrors(campaign, upload, errors) : null,
  );
}

function totals(upload) {
  const cells = [["Rows read", "read"], ["Added", "accepted"], ["Duplicates", "duplicate"], ["Invalid", "invalid"]];
  return h("dl", { class: "cards" }, cells.map(([label, name]) => h("div", {}, h("dt", {}, label), h("dd", {}, number(upload[name])))));
}

function rowErrors(campaign, upload, errors) {
  const path = `campaigns/${encodeURIComponent(campaign.campaign_id)}/uploads/${encodeURIComponent(upload.upload_id)}/errors.xlsx`;
  const rows = errors.map((error) => h("tr", {}, h("td", {}, number(error.row)), h("td", {}, error.column), h("td", {}, error.text || error.code)));
  return [
    h("h3", {}, "Rows that were not added"),
    h("p", {}, h("a", { href: address(path), download: "" }, "Get all of them as a workbook"), " to correct and upload again."),
    h(
      "div",
      { class: "scroll", tabindex: 0, role: "region", "aria-label": "Row errors" },
      h("table", {}, h("thead", {}, h("tr", {}, ["Row", "Column", "Why"].map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, rows)),
    ),
  ];
}
