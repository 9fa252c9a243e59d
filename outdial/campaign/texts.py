"""Words that answers and dry runs share."""

from collections.abc import Mapping


def records_text(count: int) -> str:
    """A number of records: `1 record`, `1,204 records`."""
    return f"{count:,} record" if count == 1 else f"{count:,} records"


def not_dialable_text(not_dialable: Mapping[str, int]) -> str:
    """What was left as it is and why, to follow a sentence: `; 2 not dialable: Expired 2`. Empty for nothing."""
    if not not_dialable:
        return ""
    listed = ", ".join(f"{reason} {count:,}" for reason, count in not_dialable.items())
    return f"; {sum(not_dialable.values()):,} not dialable: {listed}"
