// Talks to the HTTP API. Every refusal becomes a Problem that says what happened and what to do.

const BASE = new URL("../v1/", document.baseURI);
const TIMEOUT_MS = 30_000;
const UNKNOWN_TRIES = 30;
const WRITTEN_MS = 10_000;

/** A refusal of the API (RFC 9457), or the API not being there. */
export class Problem extends Error {
  constructor(status, body) {
    super(body.title || body.code || `HTTP ${status}`);
    this.status = status;
    this.body = body;
    this.code = body.code || "";
    this.advice = body.do || "";
    this.detail = body.detail || "";
    this.errors = body.errors || [];
  }
}

/** The address of an API path, for links and event sources. */
export function address(path, query = {}) {
  const url = new URL(path, BASE);
  for (const [name, value] of Object.entries(query)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== undefined) url.searchParams.append(name, item ?? "");
    }
  }
  return url.href;
}

/** Reads one path; a campaign that was just commanded is read as it is after the command. */
export async function read(path, { query = {}, signal } = {}) {
  const at = written.get(path.split("/")[1]);
  const headers = at ? { "Outdial-Min-Log-Position": at } : {};
  const response = await reach(address(path, query), { headers, signal: limited(signal) });
  return answer(response);
}

/** Campaigns that were commanded a moment ago, each with the log position of the answer. */
const written = new Map();

function remember(response) {
  const at = response.headers.get("Outdial-Log-Position");
  const campaign = at?.slice(0, at.lastIndexOf("@"));
  if (!response.ok || !campaign) return;
  written.set(campaign, at);
  setTimeout(() => written.get(campaign) === at && written.delete(campaign), WRITTEN_MS);
}

/** Sends a body that is no command of a campaign (creating, logging in, settings). */
export async function send(method, path, body, { key, signal } = {}) {
  const headers = { "Content-Type": "application/json" };
  if (key) headers["Idempotency-Key"] = key;
  const text = body === undefined ? undefined : JSON.stringify(body);
  const response = await reach(address(path), { method, headers, body: text, signal: limited(signal) });
  remember(response);
  return answer(response);
}

/**
 * Gives a command to a campaign and waits for its outcome. A broken connection is tried again with the same key,
 * which the API answers with the first answer, so nothing is done twice.
 */
export async function command(campaign, verb, body = {}) {
  const path = `campaigns/${encodeURIComponent(campaign)}/${verb}`;
  const key = freshKey();
  try {
    return await send("POST", path, body, { key });
  } catch (problem) {
    if (problem.code !== "not-reached") throw problem;
    return send("POST", path, body, { key });
  }
}

/** What a command would do; appends nothing. */
export function dryRun(campaign, verb, filters, signal) {
  const path = `campaigns/${encodeURIComponent(campaign)}/${verb}?dry_run=true`;
  return send("POST", path, { filters }, { signal });
}

/** A key that no other request has. `crypto.randomUUID` is missing on plain http, this is not. */
export function freshKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Tells the page that the session is over. */
export const sessions = new EventTarget();

/** The Problem in a response that is no success, said to the page when it means "log in". */
export function refused(status, text) {
  if (status === 401) sessions.dispatchEvent(new Event("ended"));
  return new Problem(status, parsed(text) || { title: `The server answered ${status}.` });
}

async function reach(url, options) {
  try {
    return await fetch(url, { credentials: "same-origin", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, {
      code: "not-reached",
      title: "The server cannot be reached",
      detail: "Nothing is known to have been done.",
      do: "See whether `outdial up` is running, then try again.",
    });
  }
}

async function answer(response) {
  const body = await response.text();
  if (isOnItsWay(response, body)) return outcome(response.headers.get("Location"));
  if (!response.ok) throw refused(response.status, body);
  return body ? JSON.parse(body) : null;
}

/** Whether a command's answer is to be asked for: not known yet, or still being carried out for an earlier try. */
function isOnItsWay(response, body) {
  if (!response.headers.get("Location")?.includes("/commands/")) return false;
  return response.status === 202 || (response.status === 409 && parsed(body)?.code === "command-in-flight");
}

/** Asks for a command's answer until it is known. */
async function outcome(location) {
  const url = address(location.replace(/^.*\/v1\//, ""));
  for (let tries = 0; tries < UNKNOWN_TRIES; tries += 1) {
    await new Promise((done) => setTimeout(done, 1000));
    const response = await reach(url, { signal: limited() });
    const text = await response.text();
    if (response.status === 200) return settled(JSON.parse(text));
    if (response.status !== 202 && response.status !== 404) throw refused(response.status, text);
  }
  throw new Problem(0, {
    code: "outcome-unknown",
    title: "The outcome is not known yet",
    detail: "The command was sent and may have been done.",
    do: "Look at the history of the campaign before you try again.",
  });
}

/** The answer of a command that was asked for later; a rejected one is a Problem, as it would have been at once. */
function settled(answer) {
  if (answer.accepted === false) throw new Problem(409, { ...answer, detail: answer.message });
  return answer;
}

function limited(signal) {
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  return signal ? AbortSignal.any([signal, limit]) : limit;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
