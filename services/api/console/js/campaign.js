// What a campaign answers of itself: its position, counts and which functions it allows now, and why not.

/** The functions of a campaign in the order of the page. `key` is the API's word in `allowed`. */
export const FUNCTIONS = {
  reset: { key: "reset", label: "Reset…", hint: "Make records dialable again." },
  delete: { key: "delete-records", label: "Delete…", hint: "Remove records for good." },
  download: { key: "download", label: "Download…", hint: "CSV, Excel, XML or PDF." },
  addData: { key: "add-data", label: "Add Data…", hint: "Upload an Excel or CSV file." },
  forceComplete: { key: "force-complete", label: "Force Complete…", hint: "Complete the campaign now." },
  undo: { key: "undo", label: "Undo…", hint: "Take the last Reset or Force Complete back." },
};

const PERMISSION = {
  start: "command",
  stop: "command",
  reset: "command",
  "force-complete": "command",
  "delete-records": "delete",
  undo: "delete",
  download: "download",
  "add-data": "add",
};
let granted = null;

/** What the caller's role may do, as the session tells it. */
export function grant(permissions) {
  granted = permissions ? new Set(permissions) : null;
}

/** Whether a function may be used now: {allowed, text}; the text says why not. */
export function verdict(campaign, key) {
  if (granted && PERMISSION[key] && !granted.has(PERMISSION[key])) return { allowed: false, text: "Your role does not allow this." };
  const found = campaign.allowed?.[key];
  if (!found) return { allowed: false, text: "The server does not offer this." };
  if (key === "undo" && found.allowed && !campaign.undo) return { allowed: false, text: "There is nothing to undo." };
  return { allowed: found.allowed && found.code !== "already", text: found.text || "" };
}

/** The one function of the toggle: Stop while Running, else Start. */
export function toggle(campaign) {
  return campaign.position === "Running" ? "stop" : "start";
}

/** Counts with a zero for what the server leaves out. */
export function counts(campaign) {
  const given = campaign.counts || {};
  const status = given.by_status || {};
  return {
    total: given.total ?? 0,
    active: given.active ?? 0,
    inProgress: given.in_progress ?? 0,
    Pending: status.Pending ?? 0,
    Success: status.Success ?? 0,
    Fail: status.Fail ?? 0,
    Complete: status.Complete ?? 0,
  };
}

/** A campaign with what a live event says of it laid over. */
export function merged(campaign, data) {
  const changed = { ...campaign };
  for (const name of ["position", "version", "log_position", "counts", "allowed", "undo", "upload"]) {
    if (data[name] !== undefined) changed[name] = data[name];
  }
  return changed;
}
