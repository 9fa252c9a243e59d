"""Picks the real rooms for the API and puts them together; the only place here that knows settings."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI

from outdial.client.connecting import kafka_config, layout
from outdial.client.link import KafkaLink
from outdial.client.listing import ListSession
from outdial.files.upload import UploadLimits
from outdial.messages.codec import Codec
from outdial.runtime.exits import Exit
from outdial.runtime.settings import Settings, split_host_port
from services.api.adding import Adding
from services.api.app import Deps, create_app
from services.api.commanding import Commands
from services.api.comments import Comments
from services.api.downloads import Downloads
from services.api.listing.filling import Fillings
from services.api.listing.views import ListViews
from services.api.log import LogConnection, tcp_probe
from services.api.readiness import ApiReadiness
from services.api.reading import ViewReading
from services.api.rejected import BlockFetcher, RejectedRows
from services.api.snapshots import Snapshots
from services.api.tokens import Tokens, TokensInvalid, is_loopback
from services.api.upload_ports import LogUploadPorts
from services.api.uploads.queue import UploadQueue
from services.api.uploads.store import UploadStore

SOURCE: Final = "outdial/api"


@dataclass(frozen=True, slots=True)
class Rooms:
    """The parts that live as long as the process."""

    log: LogConnection
    reading: ViewReading
    uploads: UploadQueue
    downloads: Downloads
    list_views: ListViews


def tokens_of(settings: Settings) -> Tokens | None:
    """The tokens of the deployment. SystemExit 2 when they cannot be used, or are missing where they must not."""
    host, _ = split_host_port(settings.http)
    if not settings.tokens:
        if not is_loopback(host):
            _refuse(f"OUTDIAL_TOKENS is not set and OUTDIAL_HTTP is {settings.http}, which others can reach")
        return None
    try:
        return Tokens.read(Path(settings.tokens))
    except (OSError, TokensInvalid) as error:
        _refuse(f"OUTDIAL_TOKENS names {settings.tokens}: {error}")
        raise AssertionError from error  # not reached


def build(settings: Settings) -> FastAPI:
    """The app with its real rooms; they are started and stopped with it."""
    tokens = tokens_of(settings)
    kafka, partitions = kafka_config(settings), layout(settings).partitions
    log = LogConnection(lambda: KafkaLink(kafka, partitions, SOURCE), tcp_probe(settings.kafka))
    dsn = settings.database.get_secret_value()
    allows = frozenset[str](settings.stopped_allows)
    reading = ViewReading(dsn, allows)
    limits = UploadLimits(file_bytes=settings.upload_max_bytes)
    list_views = ListViews(dsn)
    ports = LogUploadPorts(log, reading, list_views, settings.upload_max_rows, limits.chunk_rows)
    uploads = UploadQueue(UploadStore(settings.folder("uploads")), ports, limits)
    downloads = Downloads(settings.folder("downloads"), Snapshots(dsn, allows).open, reading.last_delete)
    codec = Codec()
    rooms = Rooms(log, reading, uploads, downloads, list_views)
    deps = Deps(
        commands=Commands(log),
        reading=reading,
        uploads=uploads,
        adding=Adding(ports),
        downloads=downloads,
        comments=Comments(log, codec, partitions),
        rejected=RejectedRows(reading.rejected_rows, BlockFetcher(kafka).fetch),
        readiness=ApiReadiness(log, reading),
        fillings=Fillings(
            lambda wish: ListSession(log, codec, partitions, wish), limits, settings.upload_max_rows
        ),
        list_views=list_views,
        tokens=tokens,
        about=about(settings),
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await _start(rooms)
        try:
            yield
        finally:
            await _stop(rooms)

    return create_app(deps, lifespan)


def about(settings: Settings) -> dict[str, Any]:
    """What the console must say about the deployment: a simulated network is shown as a banner."""
    simulated = settings.telephony == "simulator"
    return {"simulator": simulated, **({"speed": settings.simulator_speed} if simulated else {})}


async def _start(rooms: Rooms) -> None:
    await rooms.log.start()
    await rooms.reading.start()
    await rooms.uploads.start()
    await rooms.downloads.start_looking()


async def _stop(rooms: Rooms) -> None:
    await rooms.uploads.stop()
    await rooms.downloads.stop()
    await rooms.reading.stop()
    await rooms.list_views.stop()
    await rooms.log.stop()


def _refuse(why: str) -> None:
    sys.stderr.write(f"api cannot start:\n  {why}\n")
    sys.exit(Exit.USAGE)
