"""Tokens and sessions: who a token belongs to, what ends a session, and which token files are refused."""

import pytest

from services.api.tokens import SESSION_S, Caller, Tokens, TokensInvalid, is_loopback

FILE = """
# name of people and programs
asha-secret-0123456789 asha administrator
audit-secret-0123456789 olga auditor
"""
ASHA = Caller("asha", "administrator")
NOW_S = 1_790_000_000


def test_a_token_belongs_to_its_name_and_role() -> None:
    tokens = Tokens.parse(FILE)
    assert tokens.caller("asha-secret-0123456789") == ASHA
    assert tokens.caller("audit-secret-0123456789") == Caller("olga", "auditor")


@pytest.mark.parametrize("token", ["", "asha-secret-012345678", "asha-secret-01234567890", "asha", "é" * 20])
def test_any_other_token_belongs_to_nobody(token: str) -> None:
    assert Tokens.parse(FILE).caller(token) is None


def test_a_session_is_its_token_until_it_ends() -> None:
    tokens = Tokens.parse(FILE)
    cookie = tokens.session("asha-secret-0123456789", NOW_S)
    assert cookie is not None
    assert "secret" not in cookie
    assert tokens.of_session(cookie, NOW_S) == ASHA
    assert tokens.of_session(cookie, NOW_S + SESSION_S - 1) == ASHA
    assert tokens.of_session(cookie, NOW_S + SESSION_S) is None


def test_no_session_for_an_unknown_token() -> None:
    assert Tokens.parse(FILE).session("nobody-knows-this-token", NOW_S) is None


def test_a_session_ends_when_its_token_leaves_the_file() -> None:
    cookie = Tokens.parse(FILE).session("asha-secret-0123456789", NOW_S)
    assert cookie is not None
    changed = Tokens.parse(FILE.replace("asha-secret-0123456789", "asha-another-0123456789"))
    assert changed.of_session(cookie, NOW_S) is None


@pytest.mark.parametrize("change", ["olga.", "asha.9", "", "asha", "asha..", "é.1.2"])
def test_a_forged_session_is_nobodys(change: str) -> None:
    tokens = Tokens.parse(FILE)
    cookie = tokens.session("asha-secret-0123456789", NOW_S)
    assert cookie is not None
    forged = change + cookie[5:] if change.endswith((".", "9")) else change
    assert tokens.of_session(forged, NOW_S) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no token"),
        ("# only a comment", "no token"),
        ("asha-secret-0123456789 asha", "line 1"),
        ("\nshort asha administrator", "line 2"),
        ("asha-secret-0123456789 asha king", "king"),
        ("asha-secret-0123456789 a auditor\nasha-secret-9876543210 a auditor", "twice"),
    ],
)
def test_a_wrong_file_is_refused_without_naming_the_token(text: str, says: str) -> None:
    with pytest.raises(TokensInvalid, match=says) as refused:
        Tokens.parse(text)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104 - that this is refused is the point
        ("::", False),
        ("10.0.0.5", False),
        ("localhost.example.org", False),
        ("", False),
    ],
)
def test_which_addresses_only_this_machine_can_reach(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
