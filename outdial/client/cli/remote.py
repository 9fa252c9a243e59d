"""The HTTP API as the verbs use it: reads, commands with one key for every try, problems as Failed."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import quote, urlsplit
from uuid import uuid4

import httpx

from outdial.client.cli.failing import Failed, Refused
from outdial.client.cli.target import Target
from outdial.runtime.exits import Exit

Json = dict[str, Any]
TIMEOUT: Final = httpx.Timeout(30.0, connect=5.0)
KNOWN_WITHIN_S: Final = 60.0
TRIES: Final = 3
_SENT_BUT_NOT_ANSWERED: Final = (
    httpx.ReadTimeout,
    httpx.ReadError,
    httpx.RemoteProtocolError,
    httpx.WriteError,
)


class Remote:
    """One API. Use as a context manager; every method raises Failed with the verb's exit code."""

    def __init__(self, target: Target, pause: Callable[[float], None] = time.sleep) -> None:
        headers = {"Accept": "application/json"}
        if target.token:
            headers["Authorization"] = f"Bearer {target.token}"
        self._target, self._pause = target, pause
        self._http = httpx.Client(
            base_url=f"{target.url}/v1/", headers=headers, timeout=TIMEOUT, trust_env=not target.is_local
        )

    def __enter__(self) -> "Remote":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, **query: Any) -> Json:
        """Read one path."""
        with self._reached():
            return _answer(self._http.get(path, params=_present(query)))

    def items(self, path: str, limit: int, **query: Any) -> Iterator[Json]:
        """The items of a list, page by page, at most `limit`."""
        cursor: Any = None
        while limit > 0:
            page = self.get(path, limit=min(limit, 1000), cursor=cursor, **query)
            yield from page["items"]
            limit, cursor = limit - len(page["items"]), page["next_cursor"]
            if cursor is None or not page["items"]:
                return

    def preview(self, campaign: str, verb: str, body: Mapping[str, Any]) -> Json:
        """What a command would do; nothing is appended."""
        return self.dry_run(f"{place(campaign)}/{verb}", body)

    def dry_run(self, path: str, body: Mapping[str, Any]) -> Json:
        """The same for any path."""
        with self._reached():
            return _answer(self._http.post(path, params={"dry_run": "true"}, json=dict(body)))

    def command(self, path: str, body: Mapping[str, Any], key: str | None = None) -> Json:
        """Give a command and wait for its outcome. A broken connection is tried again with the same key."""
        key = key or str(uuid4())
        for tries_left in reversed(range(TRIES)):
            try:
                with self._reached():
                    response = self._http.post(path, json=dict(body), headers={"Idempotency-Key": key})
                break
            except Failed as failure:
                if not isinstance(failure.__cause__, _SENT_BUT_NOT_ANSWERED):
                    raise
                if not tries_left:
                    raise _unknown(key) from failure
                self._pause(0.5)
        return self._outcome(response, key) if _is_on_its_way(response) else _answer(response)

    def send_file(
        self, path: str, name: str, file: Any, fields: Mapping[str, str], key: str, patience_s: float = 300.0
    ) -> Json:
        """Send a file as a form; the answer may take `patience_s`."""
        with self._reached():
            answer = self._http.post(
                path, data=dict(fields), files={"file": (name, file)}, headers={"Idempotency-Key": key},
                timeout=httpx.Timeout(patience_s, connect=5.0),
            )  # fmt: skip
            return _answer(answer)

    @contextmanager
    def stream(
        self, path: str, headers: Mapping[str, str] | None = None, **query: Any
    ) -> Iterator[httpx.Response]:
        """Read a long answer as it comes; a stream that breaks off is Failed, never a short file."""
        wait = httpx.Timeout(60.0, connect=5.0)
        with self._reached(), self._http.stream(
            "GET", path, params=_present(query), headers=dict(headers or {}), timeout=wait
        ) as response:  # fmt: skip
            if response.is_error:
                response.read()
                _answer(response)
            yield response

    def _outcome(self, response: httpx.Response, key: str) -> Json:
        """Ask for the answer of a command until it is known."""
        path = response.headers["Location"].partition("/v1/")[2]
        end = time.monotonic() + KNOWN_WITHIN_S
        while time.monotonic() < end:
            self._pause(0.5)
            with self._reached():
                response = self._http.get(path)
            if response.status_code not in {202, 404}:
                return _settled(_answer(response))
        raise _unknown(key)

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except httpx.HTTPError as error:
            raise Failed(Exit.INFRASTRUCTURE, self._not_reached(error)) from error

    def _not_reached(self, error: httpx.HTTPError) -> str:
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            return (
                f"nothing answers at {self._target.url} (from {self._target.found})\n"
                "What to do: start it with `outdial up`, or name another address with --url or OUTDIAL_URL"
            )
        return f"the connection to {self._target.url} broke: {error or type(error).__name__}\nWhat to do: try again"


def place(campaign: str, *more: str) -> str:
    """The path of a campaign, or of something below it."""
    return "/".join(["campaigns", *(quote(part, safe="") for part in (campaign, *more))])


def _answer(response: httpx.Response) -> Json:
    if response.is_redirect:
        where = urlsplit(response.headers.get("Location", "")).geturl()
        raise Failed(Exit.USAGE, f"the address leads on to {where}: name that one with --url")
    try:
        body = response.json() if response.content else {}
    except json.JSONDecodeError:
        body = {}
    if response.is_error:
        raise Refused(response.status_code, body if isinstance(body, dict) else {})
    if not isinstance(body, dict) or (response.content and not body):
        raise Failed(Exit.INFRASTRUCTURE, f"{response.url} is no Outdial API\nWhat to do: check --url")
    return body


def _is_on_its_way(response: httpx.Response) -> bool:
    """Whether the answer is to be asked for: not known yet, or still being carried out for an earlier try."""
    if response.status_code == httpx.codes.CONFLICT:
        return bool(response.json().get("code") == "command-in-flight")
    return response.status_code == httpx.codes.ACCEPTED


def _settled(answer: Json) -> Json:
    """The answer of a command that was asked for later. Raises Refused for one that was rejected."""
    if answer.get("accepted", True):
        return answer
    raise Refused(httpx.codes.CONFLICT, {**answer, "detail": answer["message"]})


def _unknown(key: str) -> Failed:
    return Failed(
        Exit.UNKNOWN,
        "the command was sent; its outcome is not known\n"
        f"What to do: run the same again with --key {key}; it is carried out once",
    )


def _present(query: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in query.items() if value is not None}
