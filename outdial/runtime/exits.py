"""Exit codes of every process and verb of Outdial."""

from enum import IntEnum


class Exit(IntEnum):
    """0 to 5 are for people and scripts, 70 to 73 for the supervisor."""

    OK = 0
    FINDINGS = 1  # `log verify` found an edit
    USAGE = 2  # arguments or settings
    INFRASTRUCTURE = 3
    REJECTED = 4
    UNKNOWN = 5  # the outcome of a command is not known
    HANDLER = 70
    STUCK = 71
    ENGINE = 72
    STOP_TIMEOUT = 73
