"""What `outdial up` gives its services: the embedded defaults, each unless the environment says otherwise."""

from collections.abc import Callable, Mapping
from typing import Final

from deploy.local.folder import DataFolder
from outdial.runtime.settings import split_host_port

CONSOLE_PORT: Final = 8080
WITH_ADMIN: Final = ("command", "projection", "dialer")  # the others answer for their health where they serve
EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104  # recognised, not bound


def service_environ(folder: DataFolder, given: Mapping[str, str]) -> dict[str, str]:
    """The variables of all services; ports are chosen once and remembered in the folder."""
    defaults: dict[str, Callable[[], str]] = {
        "OUTDIAL_HTTP": lambda: f"127.0.0.1:{folder.port('http', CONSOLE_PORT)}",
        "OUTDIAL_LAYOUT": lambda: "local",
        "OUTDIAL_TELEPHONY": lambda: "simulator",
        "OUTDIAL_SIMULATOR_HTTP": lambda: f"127.0.0.1:{folder.port('simulator')}",
        "OUTDIAL_DIALER_HTTP": lambda: f"127.0.0.1:{folder.port('dialer')}",
    }
    found = {name: given.get(name) or default() for name, default in defaults.items()}
    if not given.get("OUTDIAL_PHONE_KEY") and not given.get("OUTDIAL_PHONE_KEY_FILE"):
        found["OUTDIAL_PHONE_KEY_FILE"] = str(folder.secret("phone.key"))
    return found | {"OUTDIAL_DATA": str(folder.path), "OUTDIAL_ALLOW_SIMULATOR": "1"}


def services(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The services in their order of start; the simulator only where it is the telephone network."""
    simulated = environ["OUTDIAL_TELEPHONY"] == "simulator"
    return (*(("simulator",) if simulated else ()), "command", "projection", "dialer", "api")


def own_environ(service: str, folder: DataFolder) -> dict[str, str]:
    """What one service gets for itself: its address of health and metrics."""
    if service not in WITH_ADMIN:
        return {}
    return {"OUTDIAL_ADMIN": f"127.0.0.1:{folder.port(f'admin-{service}')}"}


def health_url(service: str, folder: DataFolder, environ: Mapping[str, str]) -> str:
    """Where a service tells whether it is ready."""
    addresses = {"api": environ["OUTDIAL_HTTP"], "simulator": environ["OUTDIAL_SIMULATOR_HTTP"]}
    address = addresses.get(service) or own_environ(service, folder)["OUTDIAL_ADMIN"]
    return f"{base_url(address)}/health/ready"


def base_url(address: str) -> str:
    """How this machine reaches a listener; one that listens everywhere is reached by loopback."""
    host, port = split_host_port(address)
    return f"http://{'127.0.0.1' if host in EVERYWHERE else address.rpartition(':')[0]}:{port}"
