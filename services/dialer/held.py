"""Records that are left out of claims for a while, and claims without them."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace

from outdial.campaign.columns import pick
from outdial.campaign.commands import ClaimAttempts


class Held:
    """By campaign: records, and until when each is left out, microseconds UTC."""

    def __init__(self) -> None:
        self._until_us: dict[str, dict[int, int]] = defaultdict(dict)

    def hold(self, campaign_id: str, records: Iterable[int], until_us: int) -> None:
        """Leave these records out until then."""
        self._until_us[campaign_id].update(dict.fromkeys(records, until_us))

    def of(self, campaign_id: str, now_us: int) -> Collection[int]:
        """Those that are left out now."""
        held = self._until_us[campaign_id]
        for record in [one for one, until_us in held.items() if until_us <= now_us]:
            del held[record]
        return held.keys()


def only(command: ClaimAttempts, records: Collection[int]) -> ClaimAttempts:
    """The claim with these records alone."""
    places = [place for place, record in enumerate(command.record) if record in records]
    if len(places) == len(command.record):
        return command
    return replace(
        command,
        record=pick(command.record, places),
        attempt=pick(command.attempt, places),
        pass_number=pick(command.pass_number, places),
        zone=pick(command.zone, places),
        zone_source=pick(command.zone_source, places),
    )
