// Log in: exchanges a token for a session cookie that no script can read.

import { field, fill, h } from "../dom.js";
import { explain } from "../notices.js";
import { send } from "../api.js";

/** The login page; goes to `next` afterwards. */
export async function loginPage({ query }) {
  const token = h("input", { type: "password", name: "token", autocomplete: "current-password", required: true });
  const trouble = h("div", { class: "trouble", role: "alert" });
  const enter = async (event) => {
    event.preventDefault();
    try {
      await send("POST", "../login", { token: token.value });
      document.dispatchEvent(new Event("logged-in"));
      location.hash = `#${query.get("next") || "/"}`;
    } catch (problem) {
      const wrong = { message: "The token is not known", detail: "", advice: "use a token of the deployment's token file." };
      fill(trouble, explain(problem.status === 401 ? wrong : problem));
      token.select();
    }
  };
  const form = h(
    "form",
    { onsubmit: enter, class: "narrow card" },
    h("h1", {}, "Log in"),
    field("Token", token, "From the administrator of this deployment."),
    trouble,
    h("button", { class: "primary", type: "submit" }, "Log in"),
  );
  return { title: "Log in", element: form };
}
