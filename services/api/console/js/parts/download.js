// Download: choose format and records, see how many rows, let the browser save the stream.

import { address, read } from "../api.js";
import { asQuery, facets, filterForm } from "./filters.js";
import { busy, openDialog } from "../dialog.js";
import { debounce, field, fill, h, select } from "../dom.js";
import { clearing } from "./reset.js";
import { records } from "../format.js";
import { succeed } from "../notices.js";
import { verdict } from "../campaign.js";

const FORMATS = [["xlsx", "Excel (.xlsx)"], ["csv", "CSV (.csv)"], ["xml", "XML (.xml)"], ["pdf", "PDF (.pdf)"]];
const PAUSE_MS = 250;

/** Opens the Download window. */
export async function openDownload(campaign) {
  const found = await facets(campaign.campaign_id);
  const format = select({}, FORMATS, "xlsx");
  const line = h("p", { class: "count", "aria-live": "polite" });
  const form = filterForm({ found, dates: "created", onchange: () => recount() });
  const count = () => say(line, campaign, form);
  const recount = debounce(count, PAUSE_MS);
  const save = h("button", { type: "button", class: "primary" }, "Download");
  const dialog = openDialog({
    title: `Download records of ${campaign.name}`,
    body: [field("Format", format), form.element, clearing(form), line],
    buttons: [save],
    wide: true,
  });
  save.addEventListener("click", () => {
    busy(save, dialog, async () => {
      await stillAllowed(campaign);
      start(campaign, format.value, form.value());
      dialog.close();
      succeed("The download has started. Your browser says where the file is saved.");
    });
  });
  count();
}

/** The address of a file; CSV carries the mark that makes Excel read it as UTF-8. */
export function fileAddress(campaign, format, filters) {
  const bom = format === "csv" ? { bom: "true" } : {};
  return address(`campaigns/${encodeURIComponent(campaign.campaign_id)}/download`, { format, ...bom, ...asQuery(filters) });
}

function start(campaign, format, filters) {
  const link = h("a", { href: fileAddress(campaign, format, filters), download: "", hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
}

/** A browser shows a refused download only as a failed file, so the refusal is asked for first. */
async function stillAllowed(campaign) {
  const now = await read(`campaigns/${encodeURIComponent(campaign.campaign_id)}`);
  const { allowed, text } = verdict(now, "download");
  if (!allowed) throw Object.assign(new Error("The download is not allowed now"), { detail: text });
}

async function say(line, campaign, form) {
  try {
    const found = await read(`campaigns/${encodeURIComponent(campaign.campaign_id)}/records/facets`, { query: asQuery(form.value()) });
    fill(line, h("strong", {}, `${records(found.total)} will be in the file.`));
  } catch (problem) {
    fill(line, h("span", { class: "bad" }, problem.detail || problem.message));
  }
}
