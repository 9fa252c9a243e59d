"""Folds what moves a campaign as a whole: created, settings, started, stopped, completed, dialler, erasures."""

from dataclasses import replace

from outdial.campaign.events import (
    CampaignCompleted,
    CampaignCreated,
    CampaignStarted,
    CampaignStopped,
    DiallingTakenOver,
    ErasureConfirmed,
    RecordsErased,
    SettingsChanged,
)
from outdial.campaign.positions import Position
from outdial.campaign.state import CampaignState


def created(state: CampaignState, event: CampaignCreated, at_us: int) -> None:
    """The campaign exists, is Ready, and has no record."""
    state.settings, state.position, state.created_us = event.settings, Position.READY, at_us


def settings_changed(state: CampaignState, event: SettingsChanged, at_us: int) -> None:
    """The settings are those of the event."""
    state.settings = event.settings


def started(state: CampaignState, event: CampaignStarted, at_us: int) -> None:
    """Running."""
    state.position = Position.RUNNING


def stopped(state: CampaignState, event: CampaignStopped, at_us: int) -> None:
    """Stopped."""
    state.position = Position.STOPPED


def completed(state: CampaignState, event: CampaignCompleted, at_us: int) -> None:
    """Completed."""
    state.position = Position.COMPLETED


def taken_over(state: CampaignState, event: DiallingTakenOver, at_us: int) -> None:
    """Older dialers are superseded."""
    state.dialer_epoch = max(state.dialer_epoch, event.dialer_epoch)


def erasure_confirmed(state: CampaignState, event: ErasureConfirmed, at_us: int) -> None:
    """One holder more has erased."""
    if erasure := state.erasures.get(event.erasure_id):
        confirmed = erasure.confirmed | {event.holder}
        state.erasures[event.erasure_id] = replace(erasure, confirmed=confirmed)


def records_erased(state: CampaignState, event: RecordsErased, at_us: int) -> None:
    """Nothing of it is left anywhere: the references to its personal data go too."""
    erasure = state.erasures.pop(event.erasure_id, None)
    if erasure is not None:
        state.further_blocks = [ref for ref in state.further_blocks if ref.record not in erasure.records]
