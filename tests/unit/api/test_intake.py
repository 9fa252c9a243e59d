"""Files come in as multipart: whole or not at all, bounded, and never under a name that the sender chose."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import pytest

from services.api.problems import Problem, is_no_room
from services.api.uploads.intake import Incoming, take_in

BOUNDARY = "4f8c"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"
CONTENT = b"PhoneNumber\r\n+442079460000\r\n" * 500


def part(name: str, content: bytes, file_name: str | None = None) -> bytes:
    named = f'; filename="{file_name}"' if file_name is not None else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
    return head.encode() + content + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()


def sent(body: bytes, tmp_path: Path, content_type: str = TYPE, limit: int = 1 << 20) -> Incoming:
    async def blocks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 1000):
            yield body[start : start + 1000]

    return asyncio.run(take_in(content_type, blocks(), tmp_path / "in", limit))


def test_the_file_and_its_fields_arrive_as_they_were_sent(tmp_path: Path) -> None:
    body = (
        part("mode", b"all-or-nothing") + part("file", CONTENT, "spring.csv") + part("duplicates", b"allow")
    )
    found = sent(body + END, tmp_path)
    assert found.path.read_bytes() == CONTENT
    assert (found.size, found.sha256) == (len(CONTENT), sha256(CONTENT).hexdigest())
    assert found.file_name == "spring.csv"
    assert found.fields == {"mode": "all-or-nothing", "duplicates": "allow"}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\\\Users\\\\asha\\\\spring.xlsx", "spring.xlsx"),
        ("a\tb.csv", "ab.csv"),
        ("x" * 300 + ".csv", "x" * 196 + ".csv"),
    ],
)
def test_a_file_name_is_for_people_and_no_path(given: str, kept: str, tmp_path: Path) -> None:
    assert sent(part("file", b"x", given) + END, tmp_path).file_name == kept


def test_a_body_without_a_file_says_so(tmp_path: Path) -> None:
    assert not sent(part("mode", b"accept-valid") + END, tmp_path).has_file


def test_a_file_over_the_limit_is_too_large(tmp_path: Path) -> None:
    with pytest.raises(Problem) as refused:
        sent(part("file", CONTENT) + END, tmp_path, limit=len(CONTENT) - 1)
    assert (refused.value.code, refused.value.fields["limit"]) == ("too-large", len(CONTENT) - 1)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (part("file", CONTENT) + END, "application/json"),
        (part("file", CONTENT) + END, "multipart/form-data"),
        (part("file", CONTENT), TYPE),  # the connection broke before the end
        (b"no boundary at all", TYPE),
        (part("file", b"a") + part("file", b"b") + END, TYPE),
        (part("mode", b"x" * 2_000) + END, TYPE),
        (b"".join(part(f"f{n}", b"") for n in range(30)) + END, TYPE),
        (f"--{BOUNDARY}\r\n".encode() + b"X-Long: " + b"x" * 100_000 + b"\r\n\r\n\r\n" + END, TYPE),
    ],
)
def test_what_is_no_whole_form_is_refused(body: bytes, content_type: str, tmp_path: Path) -> None:
    with pytest.raises(Problem) as refused:
        sent(body, tmp_path, content_type)
    assert refused.value.code == "request-invalid"


def test_a_full_disk_is_no_answer_about_the_file(tmp_path: Path) -> None:
    """Which the API answers as `disk-full`."""
    (tmp_path / "in").symlink_to("/dev/full")
    with pytest.raises(OSError) as raised:
        sent(part("file", CONTENT, "spring.csv") + END, tmp_path)
    assert is_no_room(raised.value)
