"""Puts the app together: routers, problems, who may ask, and what every answer carries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI

from services.api import problems
from services.api.adding import Adding
from services.api.commanding import Commands
from services.api.comments import Comments
from services.api.console import console_app
from services.api.downloads import Downloads
from services.api.listing.filling import Fillings
from services.api.listing.views import ListViews
from services.api.openapi import describe
from services.api.ports import Reading
from services.api.rejected import RejectedRows
from services.api.routes import (
    add_records,
    campaigns,
    do_not_call,
    downloads,
    functions,
    health,
    history,
    lists,
    records,
    session,
    uploads,
    watch,
)
from services.api.shield import Shield
from services.api.tokens import Tokens
from services.api.uploads.queue import UploadQueue

ROUTERS = (
    campaigns.router,
    functions.router,
    uploads.router,
    add_records.router,
    records.router,
    downloads.router,
    history.router,
    watch.router,
    do_not_call.router,
    lists.router,
    session.router,
    health.router,
)


@dataclass(frozen=True, slots=True)
class Deps:
    """Everything that the routes use; `bootstrap` makes the real ones, tests their own.

    `setting_defaults` are the deployment's for new campaigns; `about` is told to the console.
    """

    commands: Commands
    reading: Reading
    uploads: UploadQueue
    adding: Adding
    downloads: Downloads
    comments: Comments
    rejected: RejectedRows
    readiness: health.Readiness
    fillings: Fillings | None = None
    list_views: ListViews | None = None
    tokens: Tokens | None = None
    setting_defaults: Mapping[str, Any] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)


def create_app(deps: Deps, lifespan: Any = None) -> FastAPI:
    """The app over its parts. Nothing is connected here; `lifespan` starts and stops what is."""
    app = routed_app(lifespan)
    for name in Deps.__dataclass_fields__:
        setattr(app.state, name, getattr(deps, name))
    problems.install(app)
    app.mount("/console", console_app())
    app.add_middleware(Shield)
    return app


def routed_app(lifespan: Any = None) -> FastAPI:
    """The routes alone, and the document that describes them."""
    app = FastAPI(
        title="Outdial",
        version="1",
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    for router in ROUTERS:
        app.include_router(router)
    describe(app)
    return app
