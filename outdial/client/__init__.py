"""What platform services use: `from outdial.client import Filters, OutdialClient`."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from outdial.client.outdial_client import Filters, OutdialClient

__all__ = ["Filters", "OutdialClient"]


def __getattr__(name: str) -> Any:
    """Loaded on first use: the command line imports this package and needs neither."""
    if name not in __all__:
        raise AttributeError(f"outdial.client has no {name}")
    from outdial.client import outdial_client  # noqa: PLC0415  # see above

    return getattr(outdial_client, name)
