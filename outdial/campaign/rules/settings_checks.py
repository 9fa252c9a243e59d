"""What each setting of a campaign may hold: (pointer, code, detail) of everything that is wrong."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

import phonenumbers

from outdial.campaign.dates import is_zone
from outdial.campaign.settings import CampaignSettings
from outdial.campaign.vocabulary import CALLBACK, EFFECTS, OUTCOMES, UNKNOWN
from outdial.campaign.window import DAYS, minute_of

Problem = tuple[str, str, str]
CAMPAIGN_TYPES: Final = ("preview", "progressive", "predictive", "ivr")
DIAL_METHODS: Final = ("nonagentwise", "agentwise", "skillwise")
START_POINTS: Final = ("connected-to-system", "greeting-start", "greeting-end")
# Names that an upload or a download gives to columns of its own.
# fmt: off
COLUMNS_TAKEN: Final = (
    "RecordId", "PhoneNumber", "Name", "Priority", "ExpiryDate", "AgentId", "Skill", "Status", "Reason",
    "Disposition", "LastAgentId", "Attempts", "LastAttemptAt", "NextAttemptAt", "Pass", "UploadId", "CreatedAt",
    "UpdatedAt",
)
# fmt: on
_GROUP: Final = re.compile(r"[a-z0-9-]{1,64}", re.ASCII)
_DAY_S: Final = 86_400
# name -> (least, most)
_RANGES: Final = {
    "ring_timeout_s": (5, 300),
    "max_attempts": (0, 1000),
    "wrap_up_s": (0, _DAY_S),
    "max_calls": (1, 100_000),
}
_ABANDON_RANGES: Final = {
    "target_per_mille": (0, 1000),
    "threshold_ms": (0, 60_000),
    "window_s": (60, 366 * _DAY_S),
}
_MAX_DELAY_S: Final = 366 * _DAY_S
_MAX_NAMES: Final = 10_000
_MAX_TEXT: Final = 200
_MAX_NAME: Final = 100
_MAX_COLUMNS: Final = 100
_MAX_DISPOSITIONS: Final = 200


def check_settings(settings: CampaignSettings) -> list[Problem]:
    """Everything that is wrong with the settings; empty when they may be used."""
    return [problem for check in _CHECKS for problem in check(settings)]


def check_columns(columns: Sequence[str], at: str = "#/columns") -> list[Problem]:
    """Names of extra columns: none twice, none that upload or download use themselves."""
    found = _names(columns, at, _MAX_COLUMNS)
    taken = {_plain(name) for name in COLUMNS_TAKEN}
    plain = [_plain(name) for name in columns]
    for name, key in zip(columns, plain, strict=True):
        if key in taken:
            found.append((at, "taken", f"{name!r} is a column of every campaign"))
        elif plain.count(key) > 1:
            found.append((at, "repeated", f"{name!r} stands twice; case, spaces and _ make no difference"))
    return found


def _texts(settings: CampaignSettings) -> list[Problem]:
    found = []
    if not is_text(settings.name, _MAX_TEXT):
        found.append(
            ("#/name", "invalid", f"a name has 1 to {_MAX_TEXT} characters and no control characters")
        )
    if settings.region not in phonenumbers.SUPPORTED_REGIONS:
        found.append(
            ("#/region", "unknown", f"{settings.region!r} is no ISO 3166 region such as IN, GB or US")
        )
    if not is_zone(settings.time_zone):
        detail = f"{settings.time_zone!r} is no IANA zone such as Asia/Kolkata"
        found.append(("#/time_zone", "unknown", detail))
    if not _GROUP.fullmatch(settings.dialer_group):
        found.append(("#/dialer_group", "invalid", "a dialer group has 1 to 64 of a-z, 0-9 and -"))
    if settings.caller_id and not _is_e164(settings.caller_id):
        found.append(("#/caller_id", "invalid", "a caller id is empty or E.164 such as +14155550100"))
    if settings.date_format and not _is_date_format(settings.date_format):
        detail = f"{settings.date_format!r} does not say year, month and day such as %d/%m/%Y"
        found.append(("#/date_format", "invalid", detail))
    return found


def _choices(settings: CampaignSettings) -> list[Problem]:
    choices = (
        ("#/campaign_type", settings.campaign_type, CAMPAIGN_TYPES),
        ("#/dial_method", settings.dial_method, DIAL_METHODS),
        ("#/abandon/start_point", settings.abandon.start_point, START_POINTS),
    )
    return [
        (at, "unknown", f"{value!r}: known are {', '.join(known)}")
        for at, value, known in choices
        if value not in known
    ]


def _numbers(settings: CampaignSettings) -> list[Problem]:
    values = [(f"#/{name}", getattr(settings, name), bounds) for name, bounds in _RANGES.items()]
    values += [
        (f"#/abandon/{name}", getattr(settings.abandon, name), bounds)
        for name, bounds in _ABANDON_RANGES.items()
    ]
    return [
        (at, "out-of-range", f"{value}: from {least} to {most}")
        for at, value, (least, most) in values
        if not least <= value <= most
    ]


def _lists(settings: CampaignSettings) -> list[Problem]:
    return [
        *check_columns(settings.columns),
        *_names(settings.agents, "#/agents", _MAX_NAMES),
        *_names(settings.skills, "#/skills", _MAX_NAMES),
    ]


def _dispositions(settings: CampaignSettings) -> list[Problem]:
    names = [one.name for one in settings.dispositions]
    found = _names(names, "#/dispositions", _MAX_DISPOSITIONS)
    for place, one in enumerate(settings.dispositions):
        at = f"#/dispositions/{place}"
        if one.effect not in EFFECTS:
            found.append((f"{at}/effect", "unknown", f"{one.effect!r}: known are {', '.join(EFFECTS)}"))
        if not 0 <= one.delay_s <= _MAX_DELAY_S:
            found.append((f"{at}/delay_s", "out-of-range", f"{one.delay_s}: from 0 to {_MAX_DELAY_S}"))
    default = next((one for one in settings.dispositions if one.name == settings.default_disposition), None)
    if default is None:
        detail = f"{settings.default_disposition!r} is none of the dispositions"
        found.append(("#/default_disposition", "unknown", detail))
    elif default.effect == CALLBACK:
        detail = "a wrap-up that runs out cannot say when to call back"
        found.append(("#/default_disposition", "invalid", detail))
    return found


def _retry(settings: CampaignSettings) -> list[Problem]:
    known = [name for name in OUTCOMES if name != UNKNOWN]
    outcomes = [rule.outcome for rule in settings.retry]
    found = []
    for rule in settings.retry:
        at = f"#/retry/{rule.outcome}"
        if rule.outcome not in known:
            found.append((at, "unknown", f"{rule.outcome!r}: known are {', '.join(known)}"))
        elif outcomes.count(rule.outcome) > 1:
            found.append((at, "repeated", f"{rule.outcome} stands twice"))
        if not 1 <= rule.attempts <= 100:
            found.append((f"{at}/attempts", "out-of-range", f"{rule.attempts}: from 1 to 100"))
        if not 0 <= rule.delay_s <= _MAX_DELAY_S:
            found.append((f"{at}/delay_s", "out-of-range", f"{rule.delay_s}: from 0 to {_MAX_DELAY_S}"))
    return found


def _windows(settings: CampaignSettings) -> list[Problem]:
    found = []
    for place, window in enumerate(settings.calling_window):
        at = f"#/calling_window/{place}"
        start, end = minute_of(window.start), minute_of(window.end)
        if start is None or end is None or start >= end:
            detail = "from and to are HH:MM, from before to; 24:00 is the end of the day"
            found.append((at, "invalid", detail))
        if unknown := [day for day in window.days if day not in DAYS]:
            found.append((f"{at}/days", "unknown", f"{', '.join(unknown)}: known are {', '.join(DAYS)}"))
    return found


_CHECKS: Final[tuple[Callable[[CampaignSettings], list[Problem]], ...]] = (
    _texts,
    _choices,
    _numbers,
    _lists,
    _dispositions,
    _retry,
    _windows,
)


def _names(names: Sequence[str], at: str, most: int) -> list[Problem]:
    found = []
    if len(names) > most:
        found.append((at, "too-many", f"{len(names)}, at most {most}"))
    if len(set(names)) != len(names):
        repeated = sorted(name for name, times in Counter(names).items() if times > 1)
        found.append((at, "repeated", f"{', '.join(repeated[:10])}: stands twice"))
    found += [
        (f"{at}/{place}", "invalid", f"a name has 1 to {_MAX_NAME} characters and no control characters")
        for place, name in enumerate(names)
        if not is_text(name, _MAX_NAME)
    ]
    return found


def is_text(text: str, most: int) -> bool:
    """Whether it may stand as a name: not blank, at most so long, no control characters."""
    return 0 < len(text.strip()) <= len(text) <= most and not any(map(_is_control, text))


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")


def _plain(name: str) -> str:
    return re.sub(r"[\s_]", "", name).casefold()


def _is_e164(number: str) -> bool:
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return False
    form = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return number == form and phonenumbers.is_possible_number(parsed)


def _is_date_format(form: str) -> bool:
    day = datetime(2031, 12, 25, tzinfo=UTC)
    try:
        if day.strftime(form) == day.replace(year=2030).strftime(form):
            return False  # it has no year; Python 3.13 and later warn of parsing that
        return datetime.strptime(day.strftime(form), form).date() == day.date()  # noqa: DTZ007 - only its date is compared
    except ValueError:
        return False
