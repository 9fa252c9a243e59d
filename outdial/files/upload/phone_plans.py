"""Numbering plans as patterns: the numbers that `phonenumbers` certainly finds valid, and their zones.

Rules and metadata are those of libphonenumber. A plan answers only where the rules leave no choice; None leaves the
number to `phonenumbers` itself.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata, PhoneNumberDesc
from phonenumbers.timezone import UNKNOWN_TIMEZONE
from phonenumbers.tzdata import TIMEZONE_DATA, TIMEZONE_LONGEST_PREFIX

_SPECIAL: Final = (
    "premium_rate",
    "toll_free",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
)
"""Kinds that are looked at before fixed lines and mobiles, and belong to no place."""
_GEOGRAPHIC_MOBILES: Final = frozenset({52, 54, 55, 62, 86})
"""Calling codes whose mobile numbers belong to a place."""
_NEVER: Final = re.compile("(?!)")
_LONGEST_CODE: Final = 3


class Phone(NamedTuple):
    """A valid number: E.164 and the IANA zone, empty when the number may be in several."""

    e164: str
    zone: str


@dataclass(frozen=True, slots=True)
class _Country:
    """The numbers of one region behind its calling code, by what decides their zone."""

    valid: re.Pattern[str]
    placed: re.Pattern[str]
    placeless: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class _Code:
    """The numbers behind one calling code. `zone` is that of all its numbers; None: each must be looked at."""

    code: str
    prefix: re.Pattern[str]
    countries: Sequence[_Country]
    zone: str | None
    placeless_zone: str

    def read(self, number: str) -> Phone | None:
        """The number behind the calling code, digits only, as one without any further prefix."""
        if self.prefix.match(number):
            return None
        for country in self.countries:
            if country.valid.fullmatch(number):
                return Phone(f"+{self.code}{number}", self._zone_of(country, number))
        return None

    def _zone_of(self, country: _Country, number: str) -> str:
        if self.zone is not None:
            return self.zone
        if country.placeless.fullmatch(number) or not country.placed.fullmatch(number):
            return self.placeless_zone
        return _zone_of_place(f"{self.code}{number}"[:TIMEZONE_LONGEST_PREFIX])


@dataclass(frozen=True, slots=True)
class Plan:
    """How people in one region write numbers."""

    code: str
    abroad: re.Pattern[str]
    prefix: re.Pattern[str]
    is_rewritten: bool
    plausible: re.Pattern[str]

    def read(self, plain: str) -> Phone | None:
        """The number of plain digits, perhaps behind a plus."""
        if plain[0] == "+":
            return _international(plain[1:])
        if abroad := self.abroad.match(plain):  # no calling code begins with a zero: then it is none
            return _international(plain[abroad.end() :])
        numbers = _code(self.code)
        if numbers is None:
            return None
        if self.plausible.fullmatch(plain):
            return None if self.prefix.match(plain) else numbers.read(plain)
        if plain.startswith(self.code):
            return self._whole(plain[len(self.code) :], numbers)
        return self._behind_prefix(plain, numbers)

    def _whole(self, rest: str, numbers: _Code) -> Phone | None:
        """What stands behind the region's own calling code, where it is a number without any prefix."""
        is_whole = self.plausible.fullmatch(rest) and not self.prefix.match(rest)
        return numbers.read(rest) if is_whole else None

    def _behind_prefix(self, plain: str, numbers: _Code) -> Phone | None:
        prefix = self.prefix.match(plain)
        if not prefix or (self.is_rewritten and prefix.re.groups and prefix[prefix.re.groups] is not None):
            return None
        rest = plain[prefix.end() :]
        return numbers.read(rest) if self.plausible.fullmatch(rest) else None


def _international(digits: str) -> Phone | None:
    """The number of digits that begin with a calling code: no code begins another one."""
    for length in range(1, _LONGEST_CODE + 1):
        if numbers := _code(digits[:length]):
            return numbers.read(digits[length:])
    return None


@lru_cache(maxsize=300)
def plan_of(region: str) -> Plan | None:
    """The plan of a region (ISO 3166); None when nothing is certain there."""
    metadata = PhoneMetadata.metadata_for_region(region, None)
    if metadata is None or metadata.country_code is None or metadata.general_desc is None:
        return None
    general = metadata.general_desc.national_number_pattern
    return Plan(
        code=str(metadata.country_code),
        abroad=_compiled(metadata.international_prefix),
        prefix=_compiled(metadata.national_prefix_for_parsing),
        is_rewritten=bool(metadata.national_prefix_transform_rule),
        plausible=_compiled(general),
    )


@lru_cache(maxsize=2_000)
def _code(digits: str) -> _Code | None:
    regions = COUNTRY_CODE_TO_REGION_CODE.get(int(digits)) if digits.isdecimal() else None
    first = PhoneMetadata.metadata_for_region(regions[0], None) if regions and digits[0] != "0" else None
    if not regions or first is None:
        return None
    found = [PhoneMetadata.metadata_for_region(region, None) for region in regions]
    known = [metadata for metadata in found if metadata is not None]
    # A region with digits of its own claims every number that begins so, valid there or not.
    claimed = "|".join(f"(?:{one.leading_digits})" for one in known if one.leading_digits)
    zones = {zone for prefix, zone in TIMEZONE_DATA.items() if prefix.startswith(digits)}
    return _Code(
        code=digits,
        prefix=_compiled(first.national_prefix_for_parsing),
        countries=[_country(one, claimed) for one in known if not one.leading_digits],
        zone=single_zone(next(iter(zones))) or None if len(zones) == 1 else None,
        placeless_zone=single_zone(TIMEZONE_DATA.get(digits, ())),
    )


def _country(metadata: PhoneMetadata, claimed: str) -> _Country:
    fixed, mobile = _described(metadata.fixed_line), _described(metadata.mobile)
    special = [_described(getattr(metadata, kind)) for kind in _SPECIAL]
    kinds = "|".join(filter(None, (mobile, fixed, *special)))
    others = f"(?!{claimed})" if claimed else ""
    placed = [fixed, mobile] if metadata.country_code in _GEOGRAPHIC_MOBILES else [fixed]
    return _Country(
        valid=_compiled(f"{others}(?={_described(metadata.general_desc)}\\Z)(?:{kinds})" if kinds else None),
        placed=_compiled("|".join(filter(None, placed))),
        placeless=_compiled("|".join(filter(None, special))),
    )


def _described(kind: PhoneNumberDesc | None) -> str:
    """The pattern of a kind of number, bound to its lengths."""
    if kind is None or not kind.national_number_pattern:
        return ""
    lengths = "|".join(rf"\d{{{n}}}" for n in kind.possible_length if n > 0)
    within = rf"(?=(?:{lengths})\Z)" if lengths else ""
    return f"(?:{within}(?:{kind.national_number_pattern}))"


def _compiled(pattern: str | None) -> re.Pattern[str]:
    return re.compile(pattern) if pattern else _NEVER


def _zone_of_place(digits: str) -> str:
    for length in range(len(digits), 0, -1):
        if zones := TIMEZONE_DATA.get(digits[:length]):
            return single_zone(zones)
    return ""


def single_zone(zones: Sequence[str]) -> str:
    """The zone of a number that has one; empty when it may be in several, or nobody knows."""
    return zones[0] if len(zones) == 1 and zones[0] != UNKNOWN_TIMEZONE else ""
