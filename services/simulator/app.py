"""The simulator over HTTP: the carrier protocol of outdial/telephony/README.md, and its ledger for checkers."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from outdial.telephony.port import Report
from outdial.telephony.wire import Malformed, read_originates, seen_json
from services.simulator import switch
from services.simulator.delivery import Delivery
from services.simulator.ledger import Ledger, entries
from services.simulator.network import Network

MAX_CALLS = 200
MAX_ENTRIES = 10_000


def wall_clock_us() -> int:
    """Microseconds UTC of this machine."""
    return time.time_ns() // 1000


class Simulator:
    """The network, its ledger and its deliveries."""

    def __init__(self, network: Network, ledger: Ledger) -> None:
        self._network, self._ledger = network, ledger
        self._delivery = Delivery(wall_clock_us, self._acknowledge)

    async def start(self) -> None:
        """Take up what an earlier process left: calls go on, reports that nobody acknowledged are sent again."""
        await self._ledger.start()
        for group, url in (await self._ledger.run(switch.listeners)).items():
            self._delivery.listen(group, url)
        self._delivery.add(await self._ledger.run(switch.all_due))
        await self._delivery.start()

    async def stop(self) -> None:
        """End in order."""
        await self._delivery.stop()
        await self._ledger.stop()

    async def originate(self, request: Request) -> JSONResponse:
        """POST /v1/calls"""
        group, calls = read_originates(await request.json())
        if len(calls) > MAX_CALLS:
            raise Malformed(f"more than {MAX_CALLS} calls")
        placed = await self._ledger.run(
            # the clock is read where the call is placed: waiting for the disk must not make a late call early
            lambda db: switch.originate(db, self._network, group, calls, wall_clock_us())
        )
        self._delivery.add(placed.due)
        rows = [
            {"call_id": call.call_id, "answer": answer.value}
            for call, answer in zip(calls, placed.answers, strict=True)
        ]
        return _answer({"calls": rows})

    async def look_up(self, request: Request) -> JSONResponse:
        """POST /v1/calls/look-up"""
        body = await request.json()
        try:
            call_ids, void = [str(one) for one in body["call_ids"]], bool(body["void"])
        except (LookupError, TypeError) as error:
            raise Malformed(f"no look-up: {error!r}") from error
        found = await self._ledger.run(lambda db: switch.look_up(db, call_ids, void, wall_clock_us()))
        return _answer({"calls": [seen_json(one, seen) for one, seen in zip(call_ids, found, strict=True)]})

    async def clock(self, request: Request) -> JSONResponse:
        """GET /v1/clock"""
        return _answer({})

    async def listen(self, request: Request) -> JSONResponse:
        """PUT /v1/listeners/{group}"""
        group, body = request.path_params["group"], await request.json()
        try:
            url = str(body["url"])
        except (LookupError, TypeError) as error:
            raise Malformed("no url") from error
        await self._ledger.run(lambda db: switch.listen(db, group, url))
        self._delivery.listen(group, url)
        return _answer({})

    async def ledger(self, request: Request) -> JSONResponse:
        """GET /ledger?after=0: every ask in order, at most 10,000 a page."""
        after = int(request.query_params.get("after", "0"))
        found = await self._ledger.run(lambda db: entries(db, after, MAX_ENTRIES, wall_clock_us()))
        return _answer(
            {"entries": [asdict(entry) for entry in found], "next": found[-1].seq if found else after}
        )

    async def _acknowledge(self, reports: Sequence[Report]) -> None:
        await self._ledger.run(lambda db: switch.acknowledge(db, reports))


def app_of(simulator: Simulator) -> Starlette:
    """The routes."""
    return Starlette(
        routes=[
            Route("/v1/calls", simulator.originate, methods=["POST"]),
            Route("/v1/calls/look-up", simulator.look_up, methods=["POST"]),
            Route("/v1/clock", simulator.clock, methods=["GET"]),
            Route("/v1/listeners/{group}", simulator.listen, methods=["PUT"]),
            Route("/ledger", simulator.ledger, methods=["GET"]),
            Route("/health/{kind}", _healthy, methods=["GET"]),
        ],
        exception_handlers={ValueError: _malformed},
    )


async def _healthy(request: Request) -> JSONResponse:
    await asyncio.sleep(0)
    return _answer({"live": True, "ready": True})


async def _malformed(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, 422)


def _answer(body: dict[str, Any]) -> JSONResponse:
    return JSONResponse({"now_us": wall_clock_us(), **body})
