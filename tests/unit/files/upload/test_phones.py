"""Phone numbers: what is read, what is refused, and that the fast path never differs from `phonenumbers`."""

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from outdial.files.upload.phone_plans import Phone
from outdial.files.upload.phones import certain_phone_of, phone_of, slow_phone_of

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)


@pytest.mark.parametrize(
    ("text", "region", "e164"),
    [
        ("+919876543210", "IN", "+919876543210"),
        ("9876543210", "IN", "+919876543210"),
        ("09876543210", "IN", "+919876543210"),
        ("919876543210", "IN", "+919876543210"),
        ("00919876543210", "GB", "+919876543210"),
        ("(020) 7946 0123", "GB", "+442079460123"),
        ("+44 (0)20 7946-0123", "IN", "+442079460123"),
        ("2079460123", "GB", "+442079460123"),
        ("२०७९४६०१२३", "GB", "+442079460123"),
        ("02079460123", "US", None),
        ("+390669812345", "US", "+390669812345"),
        ("+1 212 555 0123", "IN", "+12125550123"),
    ],
)
def test_numbers_are_read_as_dialled_in_the_region(text: str, region: str, e164: str | None) -> None:
    found = phone_of(text, region)
    assert (found.e164 if found else None) == e164


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12345",
        "1234567890123456789",
        "98765 4321O",
        "1800 FLOWERS",
        "+91 9876543210 x12",
        "+",
        "++",
        "Tel:1",
    ],
)
def test_what_nobody_can_dial_is_refused(text: str) -> None:
    assert phone_of(text, "IN") is None


def test_the_zone_is_that_of_the_number_and_blank_when_there_are_several() -> None:
    assert phone_of("+12125550123", "IN") == Phone("+12125550123", "America/New_York")
    assert phone_of("9876543210", "IN") == Phone("+919876543210", "Asia/Calcutta")
    assert phone_of("+18005550123", "US") == Phone("+18005550123", "")


@st.composite
def _near_numbers(draw: st.DrawFn) -> tuple[str, str]:
    """A number near a real one of some region, in one of the ways that people write it."""
    region = draw(st.sampled_from(REGIONS))
    kind = draw(st.integers(0, 10))
    example = phonenumbers.example_number_for_type(region, kind) or phonenumbers.example_number(region)
    digits = list(phonenumbers.national_significant_number(example)) if example else list("123456789")
    code = str(phonenumbers.country_code_for_region(region))
    for _ in range(draw(st.integers(0, 4))):
        digits[draw(st.integers(0, len(digits) - 1))] = draw(st.sampled_from("0123456789"))
    number = "".join(digits) + draw(st.sampled_from(["", "", "", "1", "00"]))
    way = draw(
        st.sampled_from(
            [
                *("{n}", "+{c}{n}", "{c}{n}", "0{n}", "00{c}{n}", "+{c} {n}", "({n})", "{n}-", "+{c}-{n}"),
                *(
                    "{p}{n}",
                    "+{c}{p}{n}",
                    "011{c}{n}",
                    "0{c}{n}",
                    "1{n}",
                    "8{n}",
                    "+{n}",
                    "00{n}",
                    "+{c}(0){n}",
                ),
            ]
        )
    )
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region, None)
    prefix = (metadata.national_prefix if metadata else "") or ""
    heard_in = draw(st.sampled_from([region, region, draw(st.sampled_from(REGIONS))]))
    return way.format(n=number, c=code, p=prefix), heard_in


@given(_near_numbers())
@example(("0015007945372", "BO"))  # the longest way of dialling abroad is tried, and no shorter one
@example(("00905013436521", "HK"))
@example(("+3758104147480", "BY"))  # a prefix is taken off where one may stand, be the number valid or not
@example(("8104147480", "BY"))
@example(("3758104147480", "BY"))
@example(("61791957887", "CC"))  # what is no number of the region itself keeps its first digits
@example(("0800222456", "IM"))  # valid behind the prefix, but not for a caller from there
@example(("0112410144159400", "GA"))  # a prefix that is rewritten
@settings(max_examples=1_500, deadline=None)
def test_the_fast_path_never_differs(number: tuple[str, str]) -> None:
    assert phone_of(*number) == slow_phone_of(*number)


@given(st.text("0123456789+-(). /", max_size=20), st.sampled_from(REGIONS))
@settings(max_examples=500, deadline=None)
def test_the_fast_path_never_differs_on_noise(text: str, region: str) -> None:
    assert phone_of(text, region) == slow_phone_of(text, region)


@pytest.mark.parametrize(
    "region", ["IN", "GB", "US", "CA", "DE", "BR", "AR", "MX", "IT", "RU", "CN", "ID", "AU"]
)
def test_the_fast_path_never_differs_behind_any_prefix(region: str) -> None:
    """Every beginning of three digits, in the lengths that numbers of the region have, national and international."""
    code = phonenumbers.country_code_for_region(region)
    for beginning in range(1_000):
        rest = f"{beginning * 7_919 % 10_000_000:07d}"
        for length in (5, 6, 7):
            national = f"{beginning:03d}{rest[:length]}"
            for text in (national, f"+{code}{national}"):
                found = certain_phone_of(text, region)
                assert found is None or found == slow_phone_of(text, region), text


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("+919876543210", "US"),
        ("98765 43210", "IN"),
        ("09876543210", "IN"),
        ("919876543210", "IN"),
        ("00447911123456", "IN"),
        ("(020) 7946-0123", "GB"),
        ("212-555-0123", "US"),
        ("1 416 555 0123", "CA"),
        ("030 901820", "DE"),
        ("+5511961234567", "BR"),
    ],
)
def test_the_usual_notations_are_beyond_doubt(text: str, region: str) -> None:
    assert certain_phone_of(text, region) == slow_phone_of(text, region) != None  # noqa: E711
