"""Phone numbers to E.164 and their zone: `phonenumbers` decides, a fast path answers plain cases alike."""

import re
from dataclasses import dataclass
from functools import lru_cache

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    NumberParseException,
    PhoneMetadata,
    PhoneNumberDesc,
    PhoneNumberFormat,
    format_number,
    is_valid_number,
    parse,
)
from phonenumbers import timezone as number_zones
from phonenumbers.tzdata import TIMEZONE_DATA

_PUNCTUATION = str.maketrans("", "", " -().")
_PLAIN = re.compile(r"\+?[1-9]\d{5,16}")
_KINDS = (
    "fixed_line",
    "mobile",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "voip",
    "personal_number",
    "uan",
)
_LETTERS = re.compile(r"[^\W\d_]|[#*;,=@:]")


@dataclass(frozen=True, slots=True)
class Phone:
    """A valid number: E.164 and the IANA zone, empty when the number may be in several."""

    e164: str
    zone: str


def phone_of(text: str, region: str) -> Phone | None:
    """Return the valid number that the text means for someone in the region, or None.

    Letters and extensions are refused, though `phonenumbers` would read them: nobody can dial them.
    """
    plain = text.translate(_PUNCTUATION)
    if _PLAIN.fullmatch(plain) and (found := _plan(region).read(plain)):
        return found
    return slow_phone_of(text, region)


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
    return Phone(format_number(number, PhoneNumberFormat.E164), _single(zones))


def _single(zones: tuple[str, ...]) -> str:
    return zones[0] if len(zones) == 1 and zones[0] != number_zones.UNKNOWN_TIMEZONE else ""


@dataclass(frozen=True, slots=True)
class _Plan:
    """The numbers of one region that are certainly valid as written and read without any prefix rule."""

    code: str
    zone: str
    international: re.Pattern[str]
    national: re.Pattern[str]

    def read(self, plain: str) -> Phone | None:
        """Return the number if it is one of those; None leaves it to `phonenumbers`."""
        if plain[0] == "+":
            return Phone(plain, self.zone) if self.international.fullmatch(plain) else None
        return Phone(self.code + plain, self.zone) if self.national.fullmatch(plain) else None


_NOTHING = _Plan("", "", re.compile("(?!)"), re.compile("(?!)"))


@lru_cache(maxsize=300)
def _plan(region: str) -> _Plan:
    metadata = PhoneMetadata.metadata_for_region(region, None)
    if metadata is None or metadata.country_code is None or metadata.general_desc is None:
        return _NOTHING
    code, general = metadata.country_code, metadata.general_desc
    zone = _only_zone(code)
    # A region that is not the first of its calling code needs the search through all that share it.
    first = COUNTRY_CODE_TO_REGION_CODE[code][0] == region and not metadata.leading_digits
    if not first or zone is None or not general.national_number_pattern:
        return _NOTHING
    kinds = [_described(getattr(metadata, kind)) for kind in _KINDS]
    prefix = _not_before(metadata.national_prefix_for_parsing)
    number = f"{prefix}(?={_described(general)}\\Z)(?:{'|'.join(filter(None, kinds))})"
    abroad = _not_before(metadata.international_prefix)
    return _Plan(f"+{code}", zone, re.compile(rf"\+{code}{number}"), re.compile(abroad + number))


def _not_before(prefix: str | None) -> str:
    return f"(?!{prefix})" if prefix else ""


def _described(kind: PhoneNumberDesc | None) -> str:
    """The pattern of a kind of number, bound to its lengths."""
    if kind is None or not kind.national_number_pattern:
        return ""
    lengths = "|".join(rf"\d{{{n}}}" for n in kind.possible_length if n > 0)
    return rf"(?:(?=(?:{lengths})\Z)(?:{kind.national_number_pattern}))" if lengths else ""


def _only_zone(country_code: int) -> str | None:
    """The one zone of a country whose every number is in it; None when each number must be looked at."""
    code = str(country_code)
    zones = {z for prefix, z in TIMEZONE_DATA.items() if prefix.startswith(code)}
    return _single(next(iter(zones))) or None if len(zones) == 1 else None
