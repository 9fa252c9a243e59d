// Add Data: choose or drop a file, see it go, read the receipt.

import { address, freshKey, read, refused } from "../api.js";
import { busy, openDialog } from "../dialog.js";
import { field, fill, h, select } from "../dom.js";
import { receipt } from "./receipt.js";
import { size } from "../format.js";

const ACCEPTED = ".xlsx,.xlsm,.csv";
const POLL_MS = 700;
const OPEN = new Set(["queued", "checking"]);

/** Opens the Add Data window; `changed()` is called when the file is through. */
export function openUpload(campaign, changed) {
  const chosen = { file: null };
  const send = h("button", { type: "button", class: "primary", disabled: true }, "Upload");
  const why = h("span", { class: "why" }, "Choose a file first.");
  const picker = filePicker((file) => {
    chosen.file = file;
    send.disabled = false;
    fill(why);
  });
  const options = uploadOptions();
  const progress = h("div", { class: "sending", "aria-live": "polite" });
  const template = address(`campaigns/${encodeURIComponent(campaign.campaign_id)}/upload-template.xlsx`);
  const intro = h("p", {}, "One row per customer; PhoneNumber is required. ", h("a", { href: template, download: "" }, "Get the template with this campaign's columns"), ".");
  const body = h("div", {}, intro, picker.element, options.element, progress);
  const dialog = openDialog({ title: `Add data to ${campaign.name}`, body, buttons: [why, send], wide: true });
  send.addEventListener("click", () => {
    if (send.disabled) return;
    busy(send, dialog, async () => {
      const upload = await through(campaign, chosen.file, options.value(), progress);
      finished({ campaign, upload, body, send, dialog, changed });
    });
  });
}

function finished({ campaign, upload, body, send, dialog, changed }) {
  fill(body, receipt(campaign, upload));
  send.remove();
  dialog.rename("Close");
  changed();
}

async function through(campaign, file, options, place) {
  const bar = h("progress", { max: 1, value: 0, "aria-label": "Progress" });
  const line = h("p", {}, "Sending…");
  fill(place, bar, line);
  try {
    const sent = await post(campaign, file, options, (part) => {
      bar.value = part * 0.5;
      fill(line, `Sending… ${Math.round(part * 100)} %`);
    });
    return await settled(campaign, sent, bar, line);
  } catch (problem) {
    fill(place);
    throw problem;
  }
}

/** Follows an upload until it is committed, rejected or withdrawn. */
async function settled(campaign, upload, bar, line) {
  let current = upload;
  while (OPEN.has(current.state)) {
    bar.value = 0.5 + 0.5 * (current.progress ?? 0);
    fill(line, current.state === "queued" ? "Waiting for the upload before this one…" : `Checking rows… ${current.read ?? 0} read`);
    await new Promise((done) => setTimeout(done, POLL_MS));
    current = await read(`campaigns/${encodeURIComponent(campaign.campaign_id)}/uploads/${encodeURIComponent(upload.upload_id)}`);
  }
  return current;
}

/** XMLHttpRequest, because fetch does not tell how much was sent. */
function post(campaign, file, options, onpart) {
  const form = new FormData();
  for (const [name, value] of Object.entries(options)) form.append(name, value);
  form.append("file", file, file.name);
  return new Promise((settle, refuse) => {
    const request = new XMLHttpRequest();
    request.open("POST", address(`campaigns/${encodeURIComponent(campaign.campaign_id)}/uploads`));
    request.setRequestHeader("Idempotency-Key", freshKey());
    request.upload.addEventListener("progress", (event) => onpart(event.total ? event.loaded / event.total : 0));
    request.addEventListener("load", () => {
      if (request.status < 300) settle(JSON.parse(request.responseText));
      else refuse(refused(request.status, request.responseText));
    });
    request.addEventListener("error", () => refuse(Object.assign(new Error("The connection broke while the file was sent"), { advice: "Send the file again; nothing is added twice." })));
    request.send(form);
  });
}

function filePicker(onfile) {
  const input = h("input", { type: "file", accept: ACCEPTED, id: "upload-file", class: "visually-hidden" });
  const name = h("span", { class: "file-name", "aria-live": "polite" }, "Drop an Excel or CSV file here, or choose one");
  const zone = h("label", { class: "dropzone", for: "upload-file" }, name, h("span", { class: "hint" }, ".xlsx, .xlsm (its macros are never run) or .csv"));
  const take = (file) => {
    if (!file) return;
    fill(name, h("strong", {}, file.name), ` (${size(file.size)})`);
    onfile(file);
  };
  input.addEventListener("change", () => take(input.files[0]));
  for (const kind of ["dragover", "dragenter", "dragleave", "drop"]) {
    zone.addEventListener(kind, (event) => {
      event.preventDefault();
      zone.classList.toggle("over", kind === "dragover" || kind === "dragenter");
      if (kind === "drop") take(event.dataTransfer.files[0]);
    });
  }
  return { element: h("div", { class: "picker" }, input, zone) };
}

function uploadOptions() {
  const duplicates = select({}, [["skip", "skip them"], ["allow", "add them again"]], "skip");
  const mode = select({}, [["accept-valid", "add the valid rows"], ["all-or-nothing", "add nothing"]], "accept-valid");
  const columns = select({}, [["refuse", "refuse the file"], ["add", "add the columns"]], "refuse");
  const element = h(
    "div",
    { class: "grid" },
    field("Numbers that are there already", duplicates),
    field("When rows are invalid", mode),
    field("Columns that are not declared", columns),
  );
  return { element, value: () => ({ duplicates: duplicates.value, mode: mode.value, new_columns: columns.value }) };
}
