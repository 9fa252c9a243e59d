"""Writes the OpenAPI document that is committed: `python -m services.api.document > schemas/openapi.json`."""

import json
import sys

from services.api.app import routed_app


def text() -> str:
    """The document as it is committed: sorted, so that a change is a small difference."""
    return json.dumps(routed_app().openapi(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
