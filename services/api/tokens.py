"""Who may talk to the API: the file of bearer tokens, and the session cookies that are made from them.

The file holds one token a line, `token name role`; # begins a comment. Only hashes stay in memory.
"""

import hmac
import ipaddress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from services.api.roles import ROLES

SESSION_S: Final = 12 * 3600
MIN_TOKEN_LENGTH: Final = 16
_FIELDS: Final = 3


class TokensInvalid(ValueError):
    """The token file cannot be used; the text names the line, never the token."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the actor of every event that comes from it, and the role that limits it."""

    actor: str
    role: str


LOCAL: Final = Caller("local", "administrator")


@dataclass(frozen=True, slots=True)
class _Entry:
    caller: Caller
    digest: bytes


class Tokens:
    """The tokens of a deployment. Comparisons take the same time whatever was sent."""

    def __init__(self, entries: tuple[_Entry, ...]) -> None:
        self._entries = entries

    @classmethod
    def read(cls, path: Path) -> "Tokens":
        """Read the file. Raises TokensInvalid with the number of the wrong line, OSError if unreadable."""
        return cls.parse(path.read_text(encoding="utf-8"))

    @classmethod
    def parse(cls, text: str) -> "Tokens":
        """Read the text of a token file."""
        lines = [(number, line.split()) for number, line in enumerate(text.splitlines(), 1)]
        entries = tuple(_entry(number, parts) for number, parts in lines if parts and parts[0][0] != "#")
        if not entries:
            raise TokensInvalid("the token file has no token")
        if len({entry.caller.actor for entry in entries}) < len(entries):
            raise TokensInvalid("a name stands twice in the token file")
        return cls(entries)

    def caller(self, token: str) -> Caller | None:
        """Who a token belongs to. Every entry is compared, so that time tells nothing."""
        digest = sha256(token.encode()).digest()
        found: Caller | None = None
        for entry in self._entries:
            if hmac.compare_digest(entry.digest, digest):
                found = entry.caller
        return found

    def session(self, token: str, now_s: int) -> str | None:
        """A session cookie for a token: `name.until.proof`. It ends when its token leaves the file."""
        caller = self.caller(token)
        if caller is None:
            return None
        said = f"{caller.actor}.{now_s + SESSION_S}"
        return f"{said}.{_proof(sha256(token.encode()).digest(), said)}"

    def of_session(self, cookie: str, now_s: int) -> Caller | None:
        """Who a session cookie belongs to; None when it is over, forged, or its token is gone."""
        said, _, proof = cookie.rpartition(".")
        actor, _, until = said.rpartition(".")
        found: Caller | None = None
        for entry in self._entries:
            is_proven = hmac.compare_digest(
                _proof(entry.digest, said).encode(), proof.encode("utf-8", "replace")
            )
            if is_proven and entry.caller.actor == actor and until.isdecimal() and int(until) > now_s:
                found = entry.caller
        return found


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address or name."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _entry(number: int, parts: list[str]) -> _Entry:
    if len(parts) != _FIELDS:
        raise TokensInvalid(f"line {number} of the token file is not `token name role`")
    token, name, role = parts
    if len(token) < MIN_TOKEN_LENGTH:
        raise TokensInvalid(f"the token in line {number} is shorter than {MIN_TOKEN_LENGTH} characters")
    if role not in ROLES:
        raise TokensInvalid(f"the role in line {number} is {role}; it must be one of {', '.join(ROLES)}")
    return _Entry(Caller(name, role), sha256(token.encode()).digest())


def _proof(key: bytes, said: str) -> str:
    return hmac.new(key, b"outdial-session-1\0" + said.encode("utf-8", "replace"), "sha256").hexdigest()
