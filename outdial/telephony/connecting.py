"""Makes the telephony adapter that OUTDIAL_TELEPHONY names."""

from urllib.parse import urlsplit

from outdial.runtime.settings import Settings, SettingsInvalid
from outdial.telephony.carrier import CarrierSettings, CarrierTelephony
from outdial.telephony.port import Telephony


def telephony_of(settings: Settings) -> Telephony:
    """The adapter, not started. Raises SettingsInvalid for a network that there is no adapter for."""
    named = settings.telephony
    if named == "simulator":
        url = f"http://{settings.simulator_http}"
        return CarrierTelephony(CarrierSettings(url, settings.dialer_group))
    parts = urlsplit(named.removeprefix("carrier+"))
    if not named.startswith(("carrier+https://", "carrier+http://")) or not parts.hostname:
        line = f"OUTDIAL_TELEPHONY holds {parts.scheme}://…; it should hold simulator or carrier+https://…"
        raise SettingsInvalid([line])
    port = f":{parts.port}" if parts.port else ""
    url = f"{parts.scheme}://{parts.hostname}{port}{parts.path}"
    return CarrierTelephony(CarrierSettings(url, settings.dialer_group, token=parts.password or ""))
