"""Errors of the generation engine.

EngineError
├── InvalidRequest        the caller's fault: a size, step count or sampler that cannot be served
├── EngineFull            back-pressure: come back after `retry_after_s`
├── EngineClosed          the engine has been closed, or is draining and takes nothing new
├── AdapterUnavailable    the adapter could not be fetched or does not fit this base model
└── RequestEnded          the request left the batch before its picture was done
    ├── Cancelled             the caller asked for it
    ├── DeadlineExceeded      its deadline passed while it waited or ran
    └── AdapterDropped        its adapter was erased or revoked
"""

from __future__ import annotations


class EngineError(Exception):
    """The generation engine could not do what was asked."""


class InvalidRequest(EngineError):
    """The request cannot be served as it is; the message says what to change."""


class EngineFull(EngineError):
    """The engine's queue is full; try again after `retry_after_s` seconds."""

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class EngineClosed(EngineError):
    """The engine takes no new requests: it has been closed."""


class AdapterUnavailable(EngineError):
    """The adapter could not be fetched, parsed, or held by this engine."""


class RequestEnded(EngineError):
    """The request left the batch before its picture was done."""


class Cancelled(RequestEnded):
    """The request was cancelled."""


class DeadlineExceeded(RequestEnded):
    """The request's deadline passed before its picture was done."""


class AdapterDropped(RequestEnded):
    """The request's adapter was dropped while the request waited or ran."""
