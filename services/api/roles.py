"""What each role may do, as data. Whatever is not named here is refused.

administrator: everything. auditor: reads everything, commands nothing. service (a program of the platform):
reads, commands and adds records, but never deletes, withdraws or undoes what people did.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Permission(StrEnum):
    """What a route asks for."""

    READ = "read"  # campaigns, counts, history, records with their personal data
    DOWNLOAD = "download"
    COMMAND = "command"  # create, settings, start, stop, reset, force complete
    ADD = "add"  # uploads, records, dispositions, do-not-call numbers
    DELETE = "delete"  # delete records, withdraw an upload, undo, take numbers off do-not-call lists


ROLES: Final[Mapping[str, frozenset[Permission]]] = {
    "administrator": frozenset(Permission),
    "auditor": frozenset({Permission.READ, Permission.DOWNLOAD}),
    "service": frozenset({Permission.READ, Permission.DOWNLOAD, Permission.COMMAND, Permission.ADD}),
}


def may(role: str, permission: Permission) -> bool:
    """Whether a role has a permission; an unknown role has none."""
    return permission in ROLES.get(role, frozenset())


def roles_with(permission: Permission) -> list[str]:
    """The roles that have a permission, for the text of a refusal."""
    return [role for role, permissions in ROLES.items() if permission in permissions]


def permissions_of(role: str) -> list[str]:
    """What a role may do, so that a page offers nothing else."""
    return sorted(permission.value for permission in ROLES.get(role, frozenset()))
