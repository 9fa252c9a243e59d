// Builds page elements. Text is only ever set as text: nothing from a file or a record can become markup.

const PROPERTIES = new Set(["value", "checked", "disabled", "hidden", "selected", "multiple", "open", "indeterminate"]);

/** An element with attributes, `on…` listeners and children; null and false children are left out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  element.append(...present(children));
  for (const [name, value] of Object.entries(attributes)) set(element, name, value);
  return element;
}

/** Replaces what an element holds. */
export function fill(element, ...children) {
  element.replaceChildren(...present(children));
  return element;
}

/** Replaces a text only when it differs, so that a screen reader is not told the same again. */
export function text(element, value) {
  const wanted = String(value);
  if (element.textContent !== wanted) element.textContent = wanted;
  return element;
}

let serial = 0;

/** An id that no other element of the page has. */
export function freshId(prefix) {
  serial += 1;
  return `${prefix}-${serial}`;
}

/** A label above its control, with an optional hint that the control is described by. */
export function field(label, control, hint = null) {
  control.id ||= freshId("field");
  const note = hint ? h("small", { class: "hint", id: `${control.id}-hint` }, hint) : null;
  if (note) control.setAttribute("aria-describedby", note.id);
  return h("div", { class: "field" }, h("label", { for: control.id }, label), control, note);
}

/** A select whose options are values or [value, label] pairs. */
export function select(attributes, options, chosen) {
  const made = options.map((option) => {
    const [value, label] = Array.isArray(option) ? option : [option, option];
    return h("option", { value, selected: value === chosen }, label);
  });
  return h("select", attributes, made);
}

/** Runs `action` once calls have paused for `pause` milliseconds. */
export function debounce(action, pause) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(action, pause);
  };
}

/** Runs `action` at once, then at most every `pause` milliseconds however often it is called; the last call counts. */
export function throttle(action, pause) {
  let timer = 0;
  let wanted = false;
  const run = () => {
    timer = setTimeout(() => {
      timer = 0;
      if (wanted) run();
    }, pause);
    wanted = false;
    action();
  };
  return () => {
    wanted = true;
    if (!timer) run();
  };
}

function present(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

function set(element, name, value) {
  if (value === null || value === undefined) return;
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (PROPERTIES.has(name)) element[name] = value;
  else if (value === true) element.setAttribute(name, "");
  else if (value !== false) element.setAttribute(name, value);
}
