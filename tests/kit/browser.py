"""A real headless Chromium for tests, driven over its DevTools pipe; needs nothing but the browser itself."""

import base64
import contextlib
import fcntl
import json
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final

NAMES: Final = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
FLAGS: Final = (
    "--headless",
    "--no-sandbox",  # a container's root has no user namespaces; only pages of our own are opened
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
)
TIMEOUT_S: Final = 15.0


class BrowserMissing(Exception):
    """No Chromium is installed."""


def chromium() -> str:
    """The path of an installed Chromium. Raises BrowserMissing."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        raise BrowserMissing(
            "the console's tests need Chromium: apt-get install -y --no-install-recommends chromium"
        )
    return found


class Browser:
    """One Chromium with an empty profile. Use as a context manager."""

    def __init__(self) -> None:
        self._profile = tempfile.mkdtemp(prefix="outdial-browser-")
        to_browser, self._to = _pipe()
        self._from, from_browser = _pipe()
        log = os.open(Path(self._profile) / "stderr.log", os.O_CREAT | os.O_WRONLY)
        actions = [
            (os.POSIX_SPAWN_DUP2, log, 1),
            (os.POSIX_SPAWN_DUP2, log, 2),
        ]  # first: it may be 3 or 4 here
        actions += [(os.POSIX_SPAWN_DUP2, to_browser, 3), (os.POSIX_SPAWN_DUP2, from_browser, 4)]
        arguments = [chromium(), *FLAGS, f"--user-data-dir={self._profile}/profile", "about:blank"]
        self._pid = os.posix_spawn(arguments[0], arguments, os.environ, file_actions=actions, setsid=True)
        for fd in (to_browser, from_browser, log):
            os.close(fd)
        self._answers: dict[int, Future[Any]] = {}
        self._listeners: dict[str, Callable[[str, Any], None]] = {}
        self._last = 0
        self._lock = threading.Lock()
        self._reader = threading.Thread(target=self._read, name="devtools", daemon=True)
        self._reader.start()

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        self._reader.join(TIMEOUT_S)
        os.close(self._to)
        os.close(self._from)
        shutil.rmtree(self._profile, ignore_errors=True)

    def page(self) -> "Page":
        """A fresh page in a context of its own: no cookies of another."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session, context)
        self._listeners[session] = page.heard
        page.prepare()
        return page

    def call(self, method: str, session: str | None = None, **params: Any) -> Any:
        """One DevTools command and its result. Raises RuntimeError when it is refused, TimeoutError."""
        with self._lock:
            self._last += 1
            number = self._last
            answer: Future[Any] = Future()
            self._answers[number] = answer
            message = {"id": number, "method": method, "params": params} | (
                {"sessionId": session} if session else {}
            )
            os.write(self._to, json.dumps(message).encode() + b"\0")
        return answer.result(TIMEOUT_S)

    def _read(self) -> None:
        buffer = b""
        while block := os.read(self._from, 1 << 16):
            *whole, buffer = (buffer + block).split(b"\0")
            for text in whole:
                self._take(json.loads(text))

    def _take(self, message: Mapping[str, Any]) -> None:
        if "id" in message:
            answer = self._answers.pop(message["id"])
            if "error" in message:
                answer.set_exception(RuntimeError(str(message["error"])))
            else:
                answer.set_result(message["result"])
        elif listener := self._listeners.get(message.get("sessionId", "")):
            listener(message["method"], message["params"])


class Page:
    """One page, used as a person uses it: looks, clicks, keys. `troubles` collects errors that the page had."""

    def __init__(self, browser: Browser, session: str, context: str) -> None:
        self._browser, self._session, self._context = browser, session, context
        self.troubles: list[str] = []

    def __enter__(self) -> "Page":
        return self

    def __exit__(self, *_: object) -> None:
        self._browser.call("Target.disposeBrowserContext", browserContextId=self._context)

    def call(self, method: str, **params: Any) -> Any:
        """A DevTools command to this page."""
        return self._browser.call(method, self._session, **params)

    def prepare(self) -> None:
        """Listen to what goes wrong, and take a desktop's size."""
        for domain in ("Page", "Runtime", "Log", "DOM"):
            self.call(f"{domain}.enable")
        self.size(1280, 900)

    def heard(self, method: str, params: Any) -> None:
        """Remember errors of scripts, refused content and failed loads."""
        if method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.troubles.append(str(details.get("exception", {}).get("description", details["text"])))
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.troubles.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")

    def open(self, url: str) -> None:
        """Go to an address and wait until its page is loaded."""
        self.call("Page.navigate", url=url)
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    def eval(self, script: str) -> Any:
        """The value of a JavaScript expression; promises are awaited."""
        found = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in found:
            raise RuntimeError(found["exceptionDetails"].get("exception", {}).get("description", script))
        return found["result"].get("value")

    def wait(self, script: str, timeout_s: float = TIMEOUT_S) -> Any:
        """Wait until an expression is true. AssertionError shows what the page says instead."""
        end, pause = time.monotonic() + timeout_s, threading.Event()
        while not (value := self.eval(script)):
            if time.monotonic() > end:
                said = self.eval("document.body.innerText")
                raise AssertionError(f"never true: {script}\n{self.troubles}\n{said}")
            pause.wait(0.03)
        return value

    def wait_for(self, true: Callable[[], bool], what: str, timeout_s: float = TIMEOUT_S) -> None:
        """Wait for something outside the page. AssertionError says what did not come."""
        end, pause = time.monotonic() + timeout_s, threading.Event()
        while not true():
            assert time.monotonic() < end, f"not within {timeout_s:.0f} s: {what}"
            pause.wait(0.03)

    def see(self, text: str, within: str = "body", timeout_s: float = TIMEOUT_S) -> None:
        """Wait until a text can be read."""
        self.wait(
            f"[...document.querySelectorAll({json.dumps(within)})].some(e => e.innerText.includes({json.dumps(text)}))",
            timeout_s,
        )

    def text(self, selector: str) -> str:
        """What can be read in an element."""
        self.wait(f"!!document.querySelector({json.dumps(selector)})")
        return str(self.eval(f"document.querySelector({json.dumps(selector)}).innerText"))

    def click(self, selector: str, text: str = "") -> None:
        """Press the mouse on the element, at a place where nothing covers it; `text` chooses among several.

        Where the page put another element there between press and release no click came of it: people press again.
        """
        self.eval(_COUNT_CLICKS)
        for _ in range(CLICKS):
            x, y = self.wait(_PLACE % (json.dumps(selector), json.dumps(text)))
            for kind in ("mousePressed", "mouseReleased"):
                self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
            if self.eval("window.clicksSeen !== 0"):  # another page counts none
                return

    def fill(self, selector: str, text: str) -> None:
        """Put the focus on a field and type over what it holds."""
        self.wait(f"!!document.querySelector({json.dumps(selector)})")
        self.eval(f"(e => {{ e.focus(); e.select?.(); }})(document.querySelector({json.dumps(selector)}))")
        self.call("Input.insertText", text=text)

    def choose(self, selector: str, value: str) -> None:
        """Choose an option of a select, or a date."""
        self.wait(f"!!document.querySelector({json.dumps(selector)})")
        tell = "for (const kind of ['input', 'change']) e.dispatchEvent(new Event(kind, {bubbles: true}));"
        script = f"(e => {{ e.value = {json.dumps(value)}; {tell} }})"
        self.eval(f"{script}(document.querySelector({json.dumps(selector)}))")

    def press(self, key: str) -> None:
        """Press one key: Tab, Enter, Escape, Space."""
        codes = {"Tab": (9, ""), "Enter": (13, "\r"), "Escape": (27, ""), " ": (32, " ")}
        code, text = codes[key]
        common = {"key": key, "code": "Space" if key == " " else key, "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **common)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def choose_file(self, selector: str, path: Path) -> None:
        """Choose a file as the browser's file window would."""
        self.wait(f"!!document.querySelector({json.dumps(selector)})")
        found = self.call("Runtime.evaluate", expression=f"document.querySelector({json.dumps(selector)})")
        self.call("DOM.setFileInputFiles", files=[str(path)], objectId=found["result"]["objectId"])

    def size(self, width: int, height: int) -> None:
        """The size of the window."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def dark(self, on: bool = True) -> None:
        """What the person's system prefers."""
        feature = {"name": "prefers-color-scheme", "value": "dark" if on else "light"}
        self.call("Emulation.setEmulatedMedia", features=[feature])

    def downloads_to(self, folder: Path) -> None:
        """Save downloads without asking."""
        allowed = {"behavior": "allow", "downloadPath": str(folder), "browserContextId": self._context}
        self._browser.call("Browser.setDownloadBehavior", **allowed)

    def screenshot(self, path: Path, whole: bool = True) -> Path:
        """Save what can be seen as a PNG."""
        taken = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(taken["data"]))
        return path


CLICKS = 3
_COUNT_CLICKS = """window.clicksSeen = 0;
document.addEventListener("click", () => { window.clicksSeen += 1; }, {capture: true, once: true});"""
_PLACE: Final = """(() => {
  const [selector, text] = [%s, %s];
  const shown = [...document.querySelectorAll(selector)].filter(e => e.getClientRects().length);
  const found = shown.find(e => e.innerText.includes(text));
  if (!found) return null;
  found.scrollIntoView({block: 'center', behavior: 'instant'});
  const box = found.getBoundingClientRect();
  const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
  const hit = document.elementFromPoint(x, y);
  return hit && (found === hit || found.contains(hit) || hit.contains(found)) ? [x, y] : null;
})()"""


def _pipe() -> tuple[int, int]:
    """A pipe whose ends are clear of the numbers 3 and 4 that the browser expects in its own process."""
    moved = []
    for fd in os.pipe():
        moved.append(fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10))
        os.close(fd)
    return moved[0], moved[1]
