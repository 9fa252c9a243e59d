// The functions of a campaign: the Start/Stop toggle and six buttons; a button that is off says why.

import { FUNCTIONS, toggle, verdict } from "../campaign.js";
import { fill, h, text } from "../dom.js";
import { fail, succeed } from "../notices.js";
import { command } from "../api.js";
import { openDelete } from "./delete.js";
import { openDownload } from "./download.js";
import { openForceComplete, openUndo } from "./force.js";
import { openReset } from "./reset.js";
import { openUpload } from "./upload.js";

const WINDOWS = {
  reset: openReset,
  delete: openDelete,
  download: openDownload,
  addData: openUpload,
  forceComplete: openForceComplete,
  undo: openUndo,
};

/** The panel. `current()` gives the campaign as it is now, `changed()` is called after every success. */
export function functionPanel({ current, changed }) {
  const switched = toggleButton(current, changed);
  const buttons = Object.entries(FUNCTIONS).map(([name, entry]) => functionButton(name, entry, current, changed));
  return {
    element: h("section", { class: "functions", "aria-label": "Functions" }, switched.element, buttons.map((button) => button.element)),
    update(campaign) {
      switched.update(campaign);
      for (const button of buttons) button.update(campaign);
    },
  };
}

function toggleButton(current, changed) {
  const button = h("button", { type: "button", class: "toggle", id: "toggle", "aria-describedby": "toggle-why" });
  const why = h("small", { id: "toggle-why" });
  let asked = null; // until it is seen to be done: the button says the other thing as soon as that can be asked for
  const ask = (verb) => {
    asked = verb;
    if (verb) button.setAttribute("aria-busy", "true");
    else button.removeAttribute("aria-busy");
  };
  button.addEventListener("click", () => {
    const verb = toggle(current());
    if (off(button) || asked === verb) return;
    ask(verb);
    command(current().campaign_id, verb)
      .then((answer) => {
        succeed(answer.message);
        return changed();
      })
      .catch(fail)
      .finally(() => {
        if (asked === verb) ask(null);
      });
  });
  return {
    element: h("div", { class: "function wide" }, button, why),
    update(campaign) {
      const verb = toggle(campaign);
      if (verb !== asked) ask(null);
      button.dataset.verb = verb;
      fill(button, h("span", { class: "glyph", "aria-hidden": "true" }, verb === "stop" ? "■" : "▶"), verb === "stop" ? "Stop" : "Start");
      say(button, why, verdict(campaign, verb), verb === "stop" ? "Nothing new is dialled; calls that are up finish." : "Dial the active records.");
    },
  };
}

function functionButton(name, { key, label, hint }, current, changed) {
  const why = h("small", { id: `${name}-why` });
  const button = h("button", { type: "button", id: name, "aria-describedby": why.id }, label);
  button.addEventListener("click", () => {
    if (!off(button)) Promise.resolve(WINDOWS[name](current(), changed)).catch(fail);
  });
  return {
    element: h("div", { class: "function" }, button, why),
    update: (campaign) => say(button, why, verdict(campaign, key), hint),
  };
}

/** Buttons that are off stay reachable by keyboard, so that everybody can read why. */
function say(button, why, found, hint) {
  button.setAttribute("aria-disabled", String(!found.allowed));
  button.title = found.allowed ? "" : found.text;
  text(why, found.allowed ? hint : found.text);
}

function off(button) {
  return button.getAttribute("aria-disabled") === "true";
}
