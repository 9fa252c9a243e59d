"""`outdial start|stop|force-complete|undo CAMPAIGN`."""

from typing import Any, Final

from outdial.client.cli.failing import Failed
from outdial.client.cli.remote import Json, place
from outdial.client.cli.running import Work, command_options, parser, run
from outdial.runtime.exits import Exit

WOULD: Final = {"start": "would be started", "stop": "would be stopped"}


def start(argv: list[str]) -> int:
    """Run the verb."""
    made = parser("start", "Start dialling, or resume it.")
    command_options(made, asks=False)
    return run(made, argv, lambda work: _switch(work, "start"))


def stop(argv: list[str]) -> int:
    """Run the verb."""
    made = parser("stop", "Stop dialling; calls that are up finish.")
    command_options(made, asks=False)
    return run(made, argv, lambda work: _switch(work, "stop"))


def force_complete(argv: list[str]) -> int:
    """Run the verb."""
    made = parser("force-complete", "Complete the campaign: what is active is not dialled any more.")
    command_options(made, asks=True)
    return run(made, argv, _force_complete)


def undo(argv: list[str]) -> int:
    """Run the verb."""
    made = parser("undo", "Undo the last Reset or Force Complete, or a Delete within its grace.")
    made.add_argument("--command", help="id of the command to undo (default: the one that can be undone now)")
    command_options(made, asks=False)
    return run(made, argv, _undo)


def _switch(work: Work, verb: str) -> int:
    if work.asked.dry_run:
        found = _allowed(work, verb)
        work.tell(found["allowed"][verb], f"{found['campaign_id']} {WOULD[verb]}.")
        return Exit.OK
    return _do(work, verb, {})


def _force_complete(work: Work) -> int:
    campaign = work.asked.campaign
    found = _allowed(work, "force-complete")
    preview = work.remote.preview(campaign, "force-complete", {})
    affected = f"{preview['affected']:,} active records would not be dialled any more"
    if work.asked.dry_run:
        work.tell(preview, f"{affected}; {campaign} would be Completed.")
        return Exit.OK
    work.confirm(f"{found['name']}: {affected}. Complete it?")
    return _do(work, "force-complete", {})


def _undo(work: Work) -> int:
    found = _allowed(work, "undo")
    slot = found.get("undo")
    if slot is None and not work.asked.command:
        raise Failed(Exit.REJECTED, "undo-not-available: there is nothing to undo")
    command_id = work.asked.command or (slot or {})["command_id"]
    if work.asked.dry_run:
        work.tell({"undo": slot, "command_id": command_id}, f"Command {command_id} would be undone.")
        return Exit.OK
    return _do(work, "undo", {"command_id": command_id})


def _allowed(work: Work, verb: str) -> Json:
    """The campaign, when its position allows the verb. Raises Failed with the reason when not."""
    found = work.remote.get(place(work.asked.campaign))
    cell = found["allowed"].get(verb, {"allowed": True})
    if not cell["allowed"]:
        raise Failed(Exit.REJECTED, f"{cell['code']}: {cell['text']}")
    return found


def _do(work: Work, verb: str, body: dict[str, Any]) -> int:
    answer = work.remote.command(f"{place(work.asked.campaign)}/{verb}", body, work.asked.key)
    work.tell(answer, answer["message"])
    return Exit.OK
