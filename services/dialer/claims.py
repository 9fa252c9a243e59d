"""Claims of one term under way: sent, accepted when their event is folded, then placed."""

import asyncio
import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from outdial.campaign.commands import ClaimAttempts
from outdial.campaign.events import AttemptsClaimed
from outdial.client.requests import Answer
from outdial.messages.partition import partition_of
from services.dialer.parts import SUPERSEDED, Parts, Superseded
from services.dialer.placing import Placing
from services.dialer.plan import SECOND_US
from services.dialer.sending import NotAnswered, new_id

log = logging.getLogger(__name__)
# A claim that is not folded so long after its deadline was never accepted, or is settled like a stranger's.
FORGET_AFTER_S: Final = 5.0


@dataclass(slots=True, eq=False)
class SentClaim:
    """One claim command under way, with the numbers that it will need."""

    campaign_id: str
    command: ClaimAttempts
    phones: Mapping[int, str] = field(repr=False)
    partition: int
    accepted: "asyncio.Future[AttemptsClaimed]" = field(repr=False)


class Claims:
    """Only claims that this very object sent are placed. `over` is set when the term must end; `why` says why."""

    def __init__(self, parts: Parts, placing: Placing) -> None:
        self._parts, self._placing = parts, placing
        self._sent: dict[str, SentClaim] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.over = asyncio.Event()
        self.why: BaseException | None = None

    def under_way(self, campaign_id: str) -> Collection[int]:
        """Records of claims that are not placed or given back yet."""
        return {record for claim in self._of(campaign_id) for record in claim.command.record}

    def not_folded(self, campaign_id: str) -> Collection[int]:
        """Records of claims that the fold does not count as open yet."""
        waiting = (claim for claim in self._of(campaign_id) if not claim.accepted.done())
        return {record for claim in waiting for record in claim.command.record}

    def unanswered(self, campaign_id: str) -> int:
        """Claims on the campaign's partition that are not folded yet."""
        partition = self._partition_of(campaign_id)
        waiting = (claim for claim in self._sent.values() if not claim.accepted.done())
        return sum(claim.partition == partition for claim in waiting)

    def begin(self, campaign_id: str, command: ClaimAttempts, phones: Mapping[int, str]) -> None:
        """Send a claim; what is accepted of it is placed."""
        accepted: asyncio.Future[AttemptsClaimed] = asyncio.get_running_loop().create_future()
        sent = SentClaim(campaign_id, command, phones, self._partition_of(campaign_id), accepted)
        command_id = new_id()
        self._sent[command_id] = sent
        task = asyncio.create_task(self._carry_out(command_id, sent))
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def heard(self, command_id: str, event: AttemptsClaimed) -> None:
        """A claim was folded; one of ours goes on."""
        sent = self._sent.get(command_id)
        if sent is not None and not sent.accepted.done():
            sent.accepted.set_result(event)

    def end(self, why: BaseException) -> None:
        """End the term; the first reason counts."""
        self.why = self.why or why
        self.over.set()

    async def stop(self, timeout_s: float) -> None:
        """Let claims under way come to their end; what is left is settled by the next term."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=timeout_s)
            for task in late:
                task.cancel()

    def _of(self, campaign_id: str) -> list[SentClaim]:
        return [claim for claim in self._sent.values() if claim.campaign_id == campaign_id]

    def _partition_of(self, campaign_id: str) -> int:
        return partition_of(campaign_id.encode(), self._parts.partitions)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.end(error)

    async def _carry_out(self, command_id: str, sent: SentClaim) -> None:
        try:
            event = await self._accepted(command_id, sent)
            if event is not None:
                self._parts.metrics.claims.inc(len(event.record))
                await self._placing.place(sent.campaign_id, event, sent.phones)
        finally:
            del self._sent[command_id]

    async def _accepted(self, command_id: str, sent: SentClaim) -> AttemptsClaimed | None:
        """The event of the claim, as soon as it is folded; None when there is none, or none in time."""
        left_s = (sent.command.originate_before_us - self._parts.now_us()) / SECOND_US
        timeout_s = max(left_s, 0.0) + FORGET_AFTER_S
        commands = self._parts.commands
        asking = asyncio.create_task(
            commands.once(sent.campaign_id, sent.command, left_s, timeout_s, command_id)
        )
        try:
            async with asyncio.timeout(timeout_s):
                both: set[asyncio.Future[Any]] = {asking, sent.accepted}
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                if not sent.accepted.done() and not self._may_follow(asking):
                    return None
                return await sent.accepted
        except TimeoutError:
            return None
        finally:
            asking.cancel()
            await asyncio.wait({asking})
            if not asking.cancelled() and (error := asking.exception()) is not None:
                log.debug("claim not answered", extra={"why": str(error)})

    def _may_follow(self, asking: "asyncio.Task[Answer]") -> bool:
        """Whether the event of the claim may still come, the answer being there first."""
        error = asking.exception()
        if error is not None:
            if isinstance(error, NotAnswered):
                return True
            raise error
        answer = asking.result()
        if not answer.accepted:
            self._parts.metrics.refused.labels(answer.code).inc()
            log.info("claim refused", extra={"code": answer.code, "stream": answer.stream})
        if answer.code == SUPERSEDED:
            self.end(Superseded())
        return answer.accepted and answer.changed
