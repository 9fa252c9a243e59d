"""The console's pages: static files with the headers that keep them to themselves. Knows nothing of campaigns."""

from pathlib import Path
from typing import Final

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER: Final = Path(__file__).parent
HEADERS: Final = {
    # Own scripts, styles, images and connections only; nothing inline, no frames, no plug-ins.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    # Asked again each time; unchanged files are answered 304 by their ETag.
    "Cache-Control": "no-cache",
}
_SHOWN: Final = frozenset({"", ".", ".html", ".css", ".js", ".svg"})


class _Pages(StaticFiles):
    """Serves the page files and nothing else that lies in the folder."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        shown = Path(path).suffix in _SHOWN
        response = await super().get_response(path if shown else "not-there.html", scope)
        response.headers.update(HEADERS)
        return response


def console_app() -> StaticFiles:
    """An ASGI app with the pages, to be mounted at /console; they call ../v1 relative to where they are."""
    return _Pages(directory=FOLDER, html=True)
