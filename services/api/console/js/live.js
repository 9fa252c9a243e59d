// Keeps a page current: server-sent events, and asking again every few seconds while they do not come.

import { text } from "./dom.js";

const POLL_MS = 3_000;
const REOPEN_MS = 15_000;
const EVENTS = ["snapshot", "position", "counts", "progress", "notice"];
const WORDS = { live: "Live", polling: "Every 3 seconds", lost: "Not connected" };

/** Follows `url`. `onEvent(kind, data)` takes each event, `poll()` reads anew. Returns a function that ends it. */
export function follow(url, { onEvent, poll }) {
  const state = { over: false, polling: false, source: null, timers: new Set() };
  open(state, url, onEvent, poll);
  return () => {
    state.over = true;
    state.source?.close();
    state.timers.forEach(clearTimeout);
    show(null);
  };
}

function open(state, url, onEvent, poll) {
  const source = new EventSource(url);
  state.source = source;
  source.addEventListener("open", () => {
    state.polling = false;
    show("live");
  });
  for (const kind of EVENTS) source.addEventListener(kind, (event) => onEvent(kind, JSON.parse(event.data)));
  source.addEventListener("error", () => {
    if (state.over) return;
    startPolling(state, poll);
    if (source.readyState === EventSource.CLOSED) later(state, REOPEN_MS, () => open(state, url, onEvent, poll));
  });
}

function startPolling(state, poll) {
  if (state.polling) return;
  state.polling = true;
  const ask = async () => {
    if (state.over || !state.polling) return;
    try {
      await poll();
      if (state.polling && !state.over) show("polling");
    } catch {
      if (!state.over) show("lost");
    }
    later(state, POLL_MS, ask);
  };
  ask();
}

function later(state, pause, action) {
  const timer = setTimeout(() => {
    state.timers.delete(timer);
    if (!state.over) action();
  }, pause);
  state.timers.add(timer);
}

function show(word) {
  const place = document.getElementById("live");
  place.hidden = word === null;
  place.dataset.state = word ?? "";
  text(place, word ? WORDS[word] : "");
}
