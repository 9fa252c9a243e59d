"""New columns of an upload: declared when it is committed, refused where nobody declared them."""

from outdial.campaign import commands as c
from outdial.campaign.decide import Rejection
from tests.kit.campaign import Campaign, begin, ready


def test_new_columns_are_declared_when_the_upload_is_committed() -> None:
    campaign = ready(records=0, columns=("City",))
    campaign.accept(begin("u1", columns=["City", "Email"], new_columns=["Email"]))
    assert _columns(campaign) == ("City",)

    campaign.accept(c.CommitUpload("u1", 0, 0))

    assert _columns(campaign) == ("City", "Email")


def test_new_columns_of_a_rejected_upload_are_not_declared() -> None:
    campaign = ready(records=0)
    campaign.accept(begin("u1", columns=["Email"], new_columns=["Email"]))

    campaign.accept(c.RejectUpload("u1", "empty-file", ""))

    assert _columns(campaign) == ()


def test_columns_that_nobody_declared_are_refused() -> None:
    campaign = ready(columns=("City",))

    rejection = campaign.reject(begin("u2", columns=["City", "Email"]))

    assert rejection == Rejection("column-unknown", {"columns": ["Email"], "known": ["City"]})


def _columns(campaign: Campaign) -> tuple[str, ...]:
    return tuple(campaign.state.required_settings.columns)
