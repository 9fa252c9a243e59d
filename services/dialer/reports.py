"""Takes what the network reports and makes it history; a report is acknowledged only after its accepted result."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Coroutine, Sequence
from typing import Final

from outdial.campaign.attempt_id import AttemptId, parse_attempt_id
from outdial.campaign.commands import EndAttempts, RecordDisposition
from outdial.client.requests import Answer
from outdial.telephony.outcomes import outcome_of
from outdial.telephony.port import DisposedCall, EndedCall, Report
from services.dialer.fold import Fold
from services.dialer.metrics import Metrics
from services.dialer.sending import Commands

log = logging.getLogger(__name__)
GATHER_S: Final = 0.05
MAX_ROWS: Final = 500
# Less than the network waits for us; what is not durable by then is reported again.
ACKNOWLEDGE_WITHIN_S: Final = 10.0
# A campaign that is parked may be repaired: its outcomes are wanted then.
KEEP_REPORTING: Final = frozenset({"campaign-parked"})
End = tuple[AttemptId, EndedCall, str]


class Reports:
    """`take` is the listener of the network; `ended` is for outcomes found by a look-up. Both need the same path."""

    def __init__(self, commands: Commands, fold: Fold, metrics: Metrics, epoch: Callable[[], int]) -> None:
        self._commands, self._fold, self._metrics, self._epoch = commands, fold, metrics, epoch
        self._waiting: dict[str, list[tuple[End, asyncio.Future[bool]]]] = defaultdict(list)
        self._flushes: set[asyncio.Task[None]] = set()
        self._disposing: dict[str, asyncio.Future[bool]] = {}

    async def take(self, reports: Sequence[Report]) -> Sequence[Report]:
        """Those of the reports that are durable now."""
        waiting = [asyncio.ensure_future(self._take(report)) for report in reports]
        if not waiting:
            return []
        done, _ = await asyncio.wait(waiting, timeout=ACKNOWLEDGE_WITHIN_S)
        return [report for report, one in zip(reports, waiting, strict=True) if one in done and one.result()]

    async def ended(self, call: EndedCall, outcome: str) -> bool:
        """Report one end; True once it is in the log, or was so already."""
        attempt = parse_attempt_id(call.attempt_id)
        state = self._fold.get(attempt.campaign_id)
        if state is not None and not self._fold.is_open(state, attempt.record, attempt.attempt):
            return True
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        waiting = self._waiting[attempt.campaign_id]
        waiting.append(((attempt, call, outcome), future))
        if len(waiting) == 1:
            self._spawn(self._flush_soon(attempt.campaign_id))
        elif len(waiting) >= MAX_ROWS:
            self._spawn(self._flush(attempt.campaign_id))
        return await asyncio.shield(future)

    async def stop(self, timeout_s: float) -> None:
        """Give what is under way some time; the network still holds what is not acknowledged."""
        if self._flushes:
            _, late = await asyncio.wait(self._flushes, timeout=timeout_s)
            for task in late:
                task.cancel()

    async def _take(self, report: Report) -> bool:
        try:
            if isinstance(report, DisposedCall):
                return await self._disposed(report)
            return await self.ended(report, outcome_of(report))
        except ValueError:
            # no attempt of ours: nobody will ever want it
            log.exception("report of a call that is not ours", extra={"call": report.call_id})
            return True

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._flushes.add(task)
        task.add_done_callback(self._flushes.discard)

    async def _flush_soon(self, campaign_id: str) -> None:
        await asyncio.sleep(GATHER_S)
        await self._flush(campaign_id)

    async def _flush(self, campaign_id: str) -> None:
        waiting, self._waiting[campaign_id] = self._waiting[campaign_id], []
        for at in range(0, len(waiting), MAX_ROWS):
            part = waiting[at : at + MAX_ROWS]
            try:
                durable = await self._report(campaign_id, [end for end, _ in part])
            except Exception as error:
                for _, future in part:
                    future.set_exception(error)  # not acknowledged: the network reports it again
                raise
            for _, future in part:
                future.set_result(durable)

    async def _report(self, campaign_id: str, ends: Sequence[End]) -> bool:
        answer = await self._commands.fact(campaign_id, self._command(campaign_id, ends))
        if answer.accepted:
            for _, _, outcome in ends:
                self._metrics.outcomes.labels(outcome).inc()
        return self._is_durable(answer)

    def _command(self, campaign_id: str, ends: Sequence[End]) -> EndAttempts:
        state = self._fold.get(campaign_id)
        calls = [call for _, call, _ in ends]
        return EndAttempts(
            dialer_epoch=self._epoch(),
            record=[attempt.record for attempt, _, _ in ends],
            attempt=[attempt.attempt for attempt, _, _ in ends],
            pass_number=[
                self._fold.pass_of(state, attempt.record, attempt.attempt) if state is not None else 0
                for attempt, _, _ in ends
            ],
            outcome=[outcome for _, _, outcome in ends],
            ring_us=[call.ring_us for call in calls],
            answer_us=[call.answer_us for call in calls],
            connect_us=[call.connect_us for call in calls],
            hangup_us=[call.hangup_us for call in calls],
            cause=[call.cause for call in calls],
            sip_code=[call.sip_code for call in calls],
            agent=[call.agent for call in calls],
        )

    async def _disposed(self, report: DisposedCall) -> bool:
        """One command a report; while it is under way a repetition waits for the same answer."""
        if running := self._disposing.get(report.event_id):
            return await asyncio.shield(running)
        attempt = parse_attempt_id(report.attempt_id)
        command = RecordDisposition(
            attempt.record, attempt.attempt, report.disposition, report.agent, report.callback_us
        )
        sending = asyncio.ensure_future(self._dispose(attempt.campaign_id, command, report.event_id))
        self._disposing[report.event_id] = sending
        sending.add_done_callback(lambda _: self._disposing.pop(report.event_id, None))
        return await asyncio.shield(sending)

    async def _dispose(self, campaign_id: str, command: RecordDisposition, event_id: str) -> bool:
        answer = await self._commands.fact(campaign_id, command, event_id)
        if answer.accepted:
            self._metrics.dispositions.inc()
        return self._is_durable(answer)

    def _is_durable(self, answer: Answer) -> bool:
        if not answer.accepted:
            told = {"stream": answer.stream, "command": answer.command_id, "code": answer.code}
            log.error("report refused", extra=told)
        return answer.accepted or answer.code not in KEEP_REPORTING
