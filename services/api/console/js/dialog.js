// One modal window: the platform's <dialog>, which keeps the focus inside, closes on Escape and gives the focus back.

import { explain } from "./notices.js";
import { fill, freshId, h } from "./dom.js";

/**
 * Opens a window. `body` are its elements; `buttons` go beside Cancel. Returns {close, fail, done}:
 * `fail(problem)` shows a refusal inside the window, `done` settles when it is closed.
 */
export function openDialog({ title, body, buttons = [], cancel = "Cancel", wide = false, tone = "" }) {
  const heading = h("h2", { id: freshId("dialog") }, title);
  const trouble = h("div", { class: "trouble", role: "alert" });
  const closing = h("button", { type: "button", class: "quiet", onclick: () => dialog.close() }, cancel);
  const dialog = h(
    "dialog",
    { "aria-labelledby": heading.id, class: [wide ? "wide" : "", tone].filter(Boolean).join(" ") || null },
    h("header", {}, heading),
    h("div", { class: "body" }, body, trouble),
    h("footer", {}, closing, buttons),
  );
  const done = new Promise((settle) => dialog.addEventListener("close", settle, { once: true }));
  done.then(() => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return {
    done,
    close: () => dialog.close(),
    fail: (problem) => fill(trouble, explain(problem)),
    calm: () => fill(trouble),
    rename: (word) => fill(closing, word),
  };
}

/** Runs a window's action once at a time: its button shows that it is busy, a refusal is shown in the window. */
export async function busy(button, dialog, action) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  dialog.calm();
  try {
    await action();
  } catch (problem) {
    dialog.fail(problem);
  } finally {
    button.removeAttribute("aria-busy");
  }
}
