"""The dependency of routes that send a command for the campaign in their path."""

from dataclasses import replace
from typing import Annotated
from uuid import uuid4

from fastapi import Depends, Query, Response

from outdial.campaign.commands import Command
from outdial.client.requests import Answer
from services.api.commanding import CommandHeaders, Order, command_headers
from services.api.deps import CommandsOf
from services.api.models.form import CampaignId
from services.api.tokens import Caller

HeadersOf = Annotated[CommandHeaders, Depends(command_headers)]
DryRun = Annotated[bool, Query(description="answer what it would touch; append nothing")]


class Asked:
    """The campaign and headers of one request; sends its command."""

    def __init__(self, campaign_id: CampaignId, headers: HeadersOf, commands: CommandsOf) -> None:
        self.campaign, self.headers, self._commands = campaign_id, headers, commands

    async def carry_out(self, command: Command, caller: Caller, *, dry_run: bool = False) -> Response:
        """Send the command and give the whole HTTP answer."""
        return await self._commands.carry_out(Order(self.campaign, command, caller, self.headers, dry_run))

    async def probe(self, command: Command, caller: Caller) -> Answer:
        """Ask whether the command would be accepted now, under an id of its own; appends nothing."""
        headers = replace(self.headers, command_id=str(uuid4()))
        return await self._commands.ask(Order(self.campaign, command, caller, headers, dry_run=True))

    async def answer(self, command: Command, caller: Caller, *, dry_run: bool = False) -> Answer:
        """Send the command and give its answer. Raises Problem, LogUnavailable, OutcomeUnknown."""
        return await self._commands.ask(Order(self.campaign, command, caller, self.headers, dry_run))


AskedOf = Annotated[Asked, Depends(Asked)]
