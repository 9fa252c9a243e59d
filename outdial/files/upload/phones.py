"""Phone numbers to E.164 and their zone: `phonenumbers` decides, numbering plans answer plain cases alike."""

import re
from typing import Final

from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, is_valid_number, parse
from phonenumbers import timezone as number_zones

from outdial.files.upload.phone_plans import Phone, plan_of, single_zone

_PUNCTUATION: Final = str.maketrans("", "", " -().\u00a0")
_PLAIN: Final = re.compile(r"\+?[0-9]{6,17}")
_LETTERS: Final = re.compile(r"[^\W\d_]|[#*;,=@:]")


def phone_of(text: str, region: str) -> Phone | None:
    """Return the valid number that the text means for someone in the region, or None.

    Letters and extensions are refused, though `phonenumbers` would read them: nobody can dial them.
    """
    return certain_phone_of(text, region) or slow_phone_of(text, region)


def certain_phone_of(text: str, region: str) -> Phone | None:
    """The same answer for a plain number whose reading is beyond doubt (about 4 µs); None says nothing."""
    if not _PLAIN.fullmatch(text):
        text = text.translate(_PUNCTUATION)
        if not _PLAIN.fullmatch(text):
            return None
    plan = plan_of(region)
    return plan.read(text) if plan else None


def slow_phone_of(text: str, region: str) -> Phone | None:
    """The same answer by `phonenumbers` alone (about 20 µs; rule and metadata: libphonenumber)."""
    if _LETTERS.search(text):
        return None
    try:
        number = parse(text, region)
    except NumberParseException:
        return None
    if number.extension or not is_valid_number(number):
        return None
    zones = number_zones.time_zones_for_number(number)
    return Phone(format_number(number, PhoneNumberFormat.E164), single_zone(zones))
