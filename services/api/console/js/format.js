// Numbers, times and words as people read them.

const WHOLE = new Intl.NumberFormat();

/** A whole number with the separators of the reader's language. */
export function number(value) {
  return WHOLE.format(value ?? 0);
}

/** "1 record", "1,234 records". */
export function records(count) {
  return `${number(count)} ${count === 1 ? "record" : "records"}`;
}

/** A time in a zone, or a dash when there is none. */
export function time(value, zone = undefined) {
  if (!value) return "–";
  const options = { dateStyle: "medium", timeStyle: "medium", timeZone: zone || undefined };
  return new Intl.DateTimeFormat(undefined, options).format(new Date(value));
}

/** Bytes in the unit that reads best. */
export function size(bytes) {
  const units = ["bytes", "KB", "MB", "GB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit ? value.toFixed(1) : value} ${units[unit]}`;
}

/** The value of a field, or "(blank)". */
export function blank(value) {
  return value === null || value === undefined || value === "" ? "(blank)" : String(value);
}

/** "A, B and C". */
export function listing(words) {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** Words of a comma or line separated text, blanks left out. */
export function words(value) {
  return value.split(/[,\n]/).map((word) => word.trim()).filter(Boolean);
}

/** An event's name as a sentence's start: "CampaignForceCompleted" -> "Campaign force completed". */
export function spaced(name) {
  const parted = name.replace(/^outdial\./, "").replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  return parted.charAt(0).toUpperCase() + parted.slice(1);
}
