// Starts the console: which page is shown, the session, the banner.

import { clear, fail } from "./notices.js";
import { fill, h, text } from "./dom.js";
import { read, send, sessions } from "./api.js";
import { grant } from "./campaign.js";
import { campaignPage } from "./pages/campaign.js";
import { campaignsPage } from "./pages/campaigns.js";
import { createPage } from "./pages/create.js";
import { loginPage } from "./pages/login.js";

const ROUTES = [
  [/^\/$/, campaignsPage],
  [/^\/new$/, createPage],
  [/^\/login$/, loginPage],
  [/^\/campaigns\/(?<campaign>[a-z0-9-]{1,64})(?:\/(?<tab>[a-z]+))?$/, campaignPage],
];
const main = document.getElementById("page");
let leave = null;
let shown = 0;
let looked = ""; // page or campaign; its notices stay while one looks at its parts

/** Opens the page that the address names; the page before it is told to end. */
async function open({ quiet = false } = {}) {
  const { path, query } = place();
  leave?.();
  leave = null;
  shown += 1;
  const mine = shown;
  const [render, parts] = found(path);
  main.setAttribute("aria-busy", "true");
  try {
    const page = await render({ ...parts, query, refresh: () => open({ quiet: true }) });
    if (mine !== shown) return page.leave?.();
    leave = page.leave;
    show(page, quiet);
  } catch (problem) {
    fail(problem);
    if (mine === shown && problem.status !== 401) show(gone(problem), quiet);
  } finally {
    if (mine === shown) main.removeAttribute("aria-busy");
  }
}

function show(page, quiet) {
  document.title = `${page.title} · Outdial`;
  fill(main, page.element);
  for (const link of document.querySelectorAll("header.top nav a")) {
    if (link.getAttribute("href") === `#${place().path}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (!quiet) main.focus({ preventScroll: true });
}

function gone(problem) {
  return { title: "Not shown", element: h("p", {}, `${problem.message}. `, h("a", { href: "#/" }, "All campaigns")) };
}

function found(path) {
  for (const [pattern, render] of ROUTES) {
    const match = pattern.exec(path);
    if (match) return [render, match.groups ?? {}];
  }
  return [() => gone({ message: "There is no such page" }), {}];
}

function place() {
  const [path, query = ""] = location.hash.slice(1).split("?");
  return { path: path || "/", query: new URLSearchParams(query) };
}

function subject() {
  return place().path.split("/").slice(0, 3).join("/");
}

/** Who is logged in, and whether calls are only simulated. */
async function session() {
  const found = await read("session");
  grant(found.permissions);
  const who = document.getElementById("who");
  who.hidden = false;
  text(who, `${found.actor} (${found.role})`);
  document.getElementById("logout").hidden = Boolean(found.local);
  const banner = document.getElementById("banner");
  banner.hidden = !found.simulator;
  text(banner, "Simulator: no real telephone is called. Calls and their outcomes are made up.");
}

sessions.addEventListener("ended", () => {
  const { path } = place();
  if (path !== "/login") location.hash = `#/login?next=${encodeURIComponent(path)}`;
});
document.addEventListener("logged-in", () => session().catch(fail));
document.getElementById("logout").addEventListener("click", async () => {
  await send("POST", "../logout").catch(fail);
  location.hash = "#/login";
});
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
window.addEventListener("hashchange", () => {
  const now = subject();
  if (now !== looked) {
    clear();
    window.scrollTo({ top: 0, behavior: "instant" });
  }
  looked = now;
  open();
});
looked = subject();
session().catch(fail).finally(open); // a page offers what the session may do
