// A campaign's position and counts, updated in place.

import { fill, h, text } from "../dom.js";
import { counts } from "../campaign.js";
import { number } from "../format.js";

const BAR = ["Success", "Fail", "Complete", "Pending"];
const CARDS = [
  ["Total", "total"],
  ["Active", "active"],
  ["Calls up", "inProgress"],
  ["Success", "Success"],
  ["Fail", "Fail"],
  ["Pending", "Pending"],
  ["Complete", "Complete"],
];

/** The position as a coloured word. */
export function positionPill() {
  const element = h("span", { class: "pill" });
  return {
    element,
    update(campaign) {
      element.dataset.position = campaign.position;
      text(element, campaign.position);
    },
  };
}

/** How the records stand, as one bar; the numbers beside it say the same in text. */
export function statusBar() {
  const parts = BAR.map((status) => [status, h("span", { "data-status": status })]);
  const element = h("div", { class: "bar", role: "img" }, parts.map(([, part]) => part));
  return {
    element,
    update(campaign) {
      const found = counts(campaign);
      for (const [status, part] of parts) part.style.flexGrow = String(found[status]);
      element.setAttribute("aria-label", BAR.map((status) => `${status} ${number(found[status])}`).join(", "));
      element.classList.toggle("empty", found.total === 0);
    },
  };
}

/** The counts as cards, and the reasons below them. */
export function countCards() {
  const cells = CARDS.map(([label, name]) => [name, label, h("dd", {})]);
  const reasons = h("p", { class: "hint reasons" });
  const cards = h("dl", { class: "cards" }, cells.map(([name, label, value]) => h("div", { "data-count": name }, h("dt", {}, label), value)));
  return {
    element: h("section", { "aria-label": "Counts" }, cards, reasons),
    update(campaign) {
      const found = counts(campaign);
      for (const [name, , value] of cells) text(value, number(found[name]));
      fill(reasons, told(campaign.counts));
    },
  };
}

function told(found) {
  const reasons = found?.by_reason;
  const parts = Object.entries(reasons ?? {}).filter(([reason, count]) => reason && count);
  if (found?.awaiting) parts.push(["awaiting disposition", found.awaiting]);
  if (!parts.length) return null;
  return `Reasons: ${parts.map(([reason, count]) => `${reason} ${number(count)}`).join(" · ")}`;
}
