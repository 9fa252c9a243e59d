"""`outdial log verify|replay|export`: for auditors, straight from Kafka; no service has to run."""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from outdial.audit.checking import Auditor, Checked
from outdial.audit.folding import Folding, UnknownMoment
from outdial.audit.reading import auditor_of, checked_events
from outdial.client.connecting import kafka_config
from outdial.client.registry import LayoutDiffers
from outdial.client.replaying import tenths
from outdial.donotcall.lists import is_list
from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.ports import IntegrityError, LogUnavailable
from outdial.eventlog.replay import Progress
from outdial.messages.envelope import timestamp
from outdial.runtime.exits import Exit
from outdial.runtime.settings import SettingsInvalid, load, require


def main(arguments: list[str]) -> int:
    """Exit code: 0 nothing found, 1 findings, 2 arguments or settings, 3 the log cannot be reached."""
    asked = _parser().parse_args(arguments)
    try:
        settings = load()
        require(settings, "kafka")
        return asyncio.run(VERBS[asked.verb](kafka_config(settings), asked))
    except SettingsInvalid as error:
        return _say("\n".join(error.lines), Exit.USAGE)
    except UnknownMoment as error:
        return _say(str(error), Exit.USAGE)
    except IntegrityError as error:
        return _say(f"the log is damaged: {error}", Exit.FINDINGS)
    except (LogUnavailable, LayoutDiffers, TimeoutError, OSError) as error:
        return _say(str(error), Exit.INFRASTRUCTURE)


async def verify(kafka: KafkaConfig, asked: argparse.Namespace) -> int:
    """Check every event; all findings, or the first one with --strict."""
    auditor = await auditor_of(kafka)
    async for _ in checked_events(
        kafka, auditor, _progress(), campaign=asked.campaign or "", strict=asked.strict
    ):
        pass
    sys.stdout.write(_verdict(auditor, asked.json) + "\n")
    return Exit.FINDINGS if auditor.findings else Exit.OK


async def replay(kafka: KafkaConfig, asked: argparse.Namespace) -> int:
    """Fold one campaign up to a sequence, or its end; print what it was then."""
    auditor, folding = await auditor_of(kafka), Folding(asked.campaign, asked.at)
    async for event in checked_events(kafka, auditor, _progress(), campaign=asked.campaign):
        folding.take(event)
    told = folding.told()
    sys.stdout.write((json.dumps(told, indent=1) if asked.json else _lines(told)) + "\n")
    return Exit.OK


async def export(kafka: KafkaConfig, asked: argparse.Namespace) -> int:
    """Write the events decoded, one JSON object a line; a file appears only when it is complete."""
    auditor = await auditor_of(kafka)
    with _output(asked.output) as into:
        async for event in checked_events(
            kafka, auditor, _progress(), campaign=asked.campaign or "", strict=not asked.tolerant
        ):
            into.write(json.dumps(_exported(event), ensure_ascii=False) + "\n")
    for finding in auditor.findings:
        _say(str(finding), Exit.FINDINGS)
    return Exit.FINDINGS if auditor.findings else Exit.OK


@contextmanager
def _output(name: str) -> Iterator[IO[str]]:
    """Standard output for `-`; else a file that has its name only once it is complete."""
    if name == "-":
        yield sys.stdout
        return
    part = Path(f"{name}.part")
    with part.open("w", encoding="utf-8") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
    part.replace(name)


VERBS: Final = {"verify": verify, "replay": replay, "export": export}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("outdial log", description="Verify, replay or export the history.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    one = verbs.add_parser("verify", help="prove that no event was edited, lost or added")
    one.add_argument("campaign", nargs="?", help="only this one")
    one.add_argument("--strict", action="store_true", help="stop at the first finding")
    one.add_argument("--json", action="store_true")
    two = verbs.add_parser("replay", help="what a campaign or list was after an event")
    two.add_argument("campaign", help="or dnc:LIST")
    two.add_argument("--at", type=int, metavar="SEQUENCE", help="default: its last event")
    two.add_argument("--json", action="store_true")
    three = verbs.add_parser("export", help="the events as JSON lines")
    three.add_argument("campaign", nargs="?", help="only this one")
    three.add_argument("--output", required=True, metavar="FILE|-")
    three.add_argument("--tolerant", action="store_true", help="go on after a finding")
    return parser


def _verdict(auditor: Auditor, as_json: bool) -> str:
    tips = {name: {"sequence": tip.sequence, "hash": tip.hash.hex()} for name, tip in auditor.tips.items()}
    if as_json:
        found = [{"where": one.where, "what": one.what} for one in auditor.findings]
        return json.dumps({"events": auditor.events, "campaigns": tips, "findings": found}, indent=1)
    lines = [str(finding) for finding in auditor.findings]
    lines += [f"{name}@{tip['sequence']}  {tip['hash']}" for name, tip in sorted(tips.items())]
    verdict = f"{len(auditor.findings)} findings" if auditor.findings else "every chain is whole"
    lists = sum(map(is_list, tips))
    streams = f"{len(tips) - lists:,} campaigns" + (f" and {lists:,} do-not-call lists" if lists else "")
    return "\n".join([*lines, f"{auditor.events:,} events of {streams}: {verdict}"])


def _exported(event: Checked) -> dict[str, Any]:
    envelope, record = event.envelope, event.record
    return {
        "campaign": envelope.subject,
        "sequence": envelope.sequence,
        "type": event.name.removeprefix("outdial."),
        "time": timestamp(envelope.time_us),
        "actor": envelope.actor,
        "command_id": envelope.causation_id,
        "partition": record.partition,
        "offset": record.offset,
        "hash": dict(record.headers)["outdial_hash"].hex(),
        "data": _jsonable(event.fields),
    }


def _jsonable(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return {name: _jsonable(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(one) for one in value]
    return value


def _progress() -> Callable[[Progress], None]:
    """On a terminal only: what a program reads of us on standard error is what is wrong."""
    return tenths(sys.stderr.write if sys.stderr.isatty() else lambda _: None)


def _lines(told: Mapping[str, Any]) -> str:
    return "\n".join(f"{name:<14} {value}" for name, value in told.items())


def _say(text: str, code: Exit) -> int:
    sys.stderr.write(f"{text}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
