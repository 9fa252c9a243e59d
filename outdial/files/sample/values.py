"""What the cells of a sample hold: good values in every notation, and the values that are wrong."""

from collections.abc import Callable
from datetime import datetime, timedelta

SampleCell = str | int | float | datetime | None
DAY = datetime(2035, 6, 30)  # noqa: DTZ001 - a date cell has no zone
NAMES = (
    "Asha Sharma",
    "  O'Brien, Sinéad ",
    "राहुल शर्मा",
    "محمد علي",
    "王小明",
    "D'Souza (Mrs.)",
    "김철수",
    "=1+1",
    "-Anna",
    "@home",
    'Quote "q", <tag> & co',
    "José Zoë Łukasz",
    "",
    "Sato さとう",
)
NOTATIONS: tuple[Callable[[str], SampleCell], ...] = (
    lambda phone: phone,
    lambda phone: f" {phone[:3]} {phone[3:6]} {phone[6:]}  ",
    lambda phone: f"00{phone[1:]}",
    lambda phone: f"{phone[:5]}-{phone[5:8]}-{phone[8:]}",
    lambda phone: f"{phone[:3]}\u00a0{phone[3:]}",
)
BRITISH: tuple[Callable[[str], SampleCell], ...] = (
    lambda phone: int(phone[1:]),  # Excel ate the plus
    lambda phone: int(phone[3:]),  # Excel ate the zero
    lambda phone: float(phone[3:]),
    lambda phone: f"0{phone[3:]}",
    lambda phone: f"(0{phone[3:6]}) {phone[6:9]}-{phone[9:]}",
    lambda phone: f"+44 (0){phone[3:6]} {phone[6:]}",
)
EXPIRIES: tuple[SampleCell, ...] = (
    None,
    DAY,
    DAY + timedelta(hours=18),
    "2035-06-30",
    " 2035-06-30 18:00:00 ",
    None,
)
PRIORITIES: tuple[SampleCell, ...] = (None, 5, "7", " 12 ", 3.0, 99, None, 1)
CITIES: tuple[SampleCell, ...] = ("Leeds", "  London", None, "पुणे", 1234, "東京")
BAD_PHONES: tuple[SampleCell, ...] = (
    "12345",
    "no number",
    "+44 20 7946",
    123,
    "+999 123 4567",
    "4.42079E+11",
)
PHONE, NAME, PRIORITY, EXPIRY = range(4)
FAULTS: dict[int, tuple[str, int, tuple[SampleCell, ...]]] = {
    7: ("phone-invalid", PHONE, BAD_PHONES),
    31: ("phone-missing", PHONE, (None, "   ")),
    23: ("priority-invalid", PRIORITY, (0, 100, "high", 1.5, "-3")),
    41: ("expiry-past", EXPIRY, ("2019-12-31", datetime(2019, 12, 31))),  # noqa: DTZ001 - as above
    53: ("expiry-invalid", EXPIRY, ("31.13.2030", "soon", 12.5)),
    67: ("name-invalid", NAME, ("x" * 201, "two\nlines")),
}
DUPLICATES = (17, 71)
BLANK_BEFORE = 13
PERIOD = 100
AGENTS, SKILLS = ("agent-1", "agent-2"), ("sales", "support")
