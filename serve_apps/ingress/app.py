"""The composition of the HTTP interface."""

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig

from serve_apps.ingress import openapi, problems
from serve_apps.ingress.body_limit import BodyLimit
from serve_apps.ingress.headers import SafeHeaders
from serve_apps.ingress.routers import (
    accounts,
    artifacts,
    consents,
    dpo,
    events,
    health,
    images,
    imports,
    models,
    opendsr,
    orders,
    passwords,
    policy,
    requests,
    rights,
    sessions,
    shares,
    staff,
    statistics,
    studio,
    support,
    trainings,
    uploads,
    verify,
    webhooks,
)
from serve_apps.ingress.services import Services
from serve_apps.ingress.tracing import Traced

ROUTERS = (
    accounts,
    passwords,
    sessions,
    staff,
    uploads,
    trainings,
    images,
    models,
    orders,
    artifacts,
    requests,
    rights,
    shares,
    imports,
    consents,
    events,
    webhooks,
    support,
    statistics,
    dpo,
    opendsr,
    verify,
    policy,
    health,
    studio,
)

DESCRIPTION = """Photos in, a model of one's own, pictures out, all of it erased on request.

Errors are `application/problem+json` with a stable `code` (OpenAI's shape on `/v1/images/*`). Every POST takes an
`Idempotency-Key`. Listings are pages: give `next` as `after`. What is not yours does not exist (404); what was erased
is gone (410). `Sec-GPC: 1` objects to marketing for whoever sends it. No cookies are set."""


# FastAPI's own has paths, queries and what errors said, which may be somebody's words; ours is `tracing.py`.
WITHOUT_TELEMETRY = TelemetryConfig(
    tracing=False, metrics=False, logs=False, operation_spans=False, auto_configure=False
)


def create_app(services: Services) -> FastAPI:
    """The application over these collaborators; it owns none of them and closes none."""
    app = FastAPI(
        title="PixReunion",
        version="1",
        description=DESCRIPTION,
        redirect_slashes=False,
        generate_unique_id_function=openapi.operation_id,
        telemetry=WITHOUT_TELEMETRY,
    )
    app.state.services = services
    for each in ROUTERS:
        app.include_router(each.router)
    problems.install(app)
    openapi.install(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(SafeHeaders)
    app.add_middleware(Traced)
    return app
