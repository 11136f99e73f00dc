"""What every connection to PostgreSQL is opened with, so that one whose other end is gone holds up nobody.

A process that is cut off in the middle of a transaction leaves row locks behind. By TCP's own defaults PostgreSQL would
keep them for two hours, and an erasure would wait as long.
"""

from governance.config import LedgerSettings

_PROBE_AFTER_S, _PROBE_EVERY_S, _PROBES = 5, 2, 3
_SILENT_MS = 1000 * (_PROBE_AFTER_S + _PROBE_EVERY_S * _PROBES)


def parameters(settings: LedgerSettings) -> dict[str, str | int]:
    """Of libpq. Both ends probe a silent connection; the server ends a transaction that does nothing."""
    server = {
        "idle_in_transaction_session_timeout": round(settings.idle_transaction_s * 1000),
        "tcp_keepalives_idle": _PROBE_AFTER_S,
        "tcp_keepalives_interval": _PROBE_EVERY_S,
        "tcp_keepalives_count": _PROBES,
        "tcp_user_timeout": _SILENT_MS,
    }
    return {
        "connect_timeout": max(2, round(settings.connect_timeout_s)),
        "application_name": "governance",
        "keepalives_idle": _PROBE_AFTER_S,
        "keepalives_interval": _PROBE_EVERY_S,
        "keepalives_count": _PROBES,
        "tcp_user_timeout": _SILENT_MS,
        "options": " ".join(f"-c {name}={value}" for name, value in server.items()),
    }
