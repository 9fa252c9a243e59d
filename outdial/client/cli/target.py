"""Where the API is and which token it takes: options first, then the environment, then the local installation."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from outdial.client.cli.failing import Failed
from outdial.runtime.exits import Exit
from outdial.runtime.settings import is_loopback

LOCAL_URL: Final = "http://127.0.0.1:8080"


@dataclass(frozen=True, slots=True)
class Target:
    """The API to talk to. `found` says where its address comes from, for error texts."""

    url: str
    token: str = ""
    found: str = ""

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine, where no proxy is asked."""
        return is_loopback(urlsplit(self.url).hostname or "")


def target(url: str | None, token: str | None, environ: Mapping[str, str] | None = None) -> Target:
    """Find the API. Raises Failed (usage) for an address that is none, or a token file that cannot be read."""
    env = os.environ if environ is None else environ
    address, found = _address(url, env)
    if urlsplit(address).scheme not in {"http", "https"} or not urlsplit(address).hostname:
        raise Failed(Exit.USAGE, f"{found} holds {address!r}; it should hold an address such as {LOCAL_URL}")
    return Target(address.rstrip("/"), _token(token, env), found)


def _address(url: str | None, env: Mapping[str, str]) -> tuple[str, str]:
    if url:
        return url, "--url"
    if env.get("OUTDIAL_URL"):
        return env["OUTDIAL_URL"], "OUTDIAL_URL"
    for folder in _data_folders(env):
        try:
            said = (folder / "url").read_text(encoding="utf-8").strip()
        except OSError:
            continue
        if said:
            return said, f"the last `outdial up` on {folder}"
    return LOCAL_URL, "the default"


def _data_folders(env: Mapping[str, str]) -> list[Path]:
    """Where `outdial up` keeps its data: as told, in the checkout, else in the XDG data folder."""
    if env.get("OUTDIAL_DATA"):
        return [Path(env["OUTDIAL_DATA"])]
    base = env.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return [Path.cwd() / ".outdial", Path(base) / "outdial"]


def _token(token: str | None, env: Mapping[str, str]) -> str:
    if token or env.get("OUTDIAL_TOKEN"):
        return token or env["OUTDIAL_TOKEN"]
    file = env.get("OUTDIAL_TOKEN_FILE", "")
    if not file:
        return ""
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        text = f"OUTDIAL_TOKEN_FILE names {file}, which cannot be read: {error.strerror}"
        raise Failed(Exit.USAGE, text) from error
