"""How lists are named: a list is the stream `dnc:<list id>`."""

import re
from typing import Final

PREFIX: Final = "dnc:"
LIST_ID: Final = re.compile(r"[a-z0-9-]{1,64}", re.ASCII)
# Where a number goes whose owner asks for it in a call. It needs no creation: it comes with its first number.
INTERNAL: Final = "internal"
INTERNAL_NAME: Final = "Asked for in calls"


def is_list(stream: str) -> bool:
    """Whether a stream is a do-not-call list."""
    return stream.startswith(PREFIX)


def stream_of(list_id: str) -> str:
    """The stream of a list."""
    return PREFIX + list_id


def list_of(stream: str) -> str:
    """The list id of a stream that is one."""
    return stream.removeprefix(PREFIX)
