"""Machines on one machine: each a network, process and mount namespace of its own with an address and a real sshd.

    bridge 10.77.0.1 (PostgreSQL, S3, the operator) ─┬─ 10.77.0.10  head
                                                     ├─ 10.77.0.11  worker 1
                                                     └─ …
Needs root in a network namespace of its own: `make test-cluster`.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.integration.waiting import until

BRIDGE = "10.77.0.1"
ROOT = Path(__file__).parent.parent.parent
_SSHD = """
Port 22
ListenAddress {address}
HostKey {folder}/host_key
AuthorizedKeysFile {key}.pub
StrictModes no
PasswordAuthentication no
PermitRootLogin prohibit-password
UsePAM no
PidFile none
SetEnv PYTHONPATH=/opt/pixreunion PATH=/opt/pixreunion/.venv/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
"""
_INSIDE = """
set -e
mount --make-rprivate /
mount --bind {folder}/tmp /tmp
mount -t tmpfs -o size=2g,mode=1777 shm /dev/shm
mkdir -p /etc/pixreunion /run/pixreunion /var/lib/pixreunion /opt/pixreunion /srv/pixreunion
mount --bind {folder}/etc /etc/pixreunion
mount -t tmpfs -o mode=700 run /run/pixreunion
mount --bind {folder}/var /var/lib/pixreunion
mount --bind {root} /opt/pixreunion
{home}mount --bind {shared} /srv/pixreunion
mkdir -p /run/sshd
exec /usr/sbin/sshd -D -e -f {folder}/sshd_config
"""


@dataclass
class Machine:
    """One of them. `off` ends everything on it at once, as a power cut does."""

    name: str
    address: str
    folder: Path
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def link(self) -> str:
        return f"br-{self.name}"


class Rack:
    """The machines and the wires between them."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self.folder = folder
        self.key = folder / "key"
        self.shared = folder / "shared"
        self.machines = {
            name: Machine(name, f"10.77.0.{10 + number}", folder / name) for number, name in enumerate(names)
        }

    def build(self) -> None:
        """Bridge, key, machines switched on."""
        self.shared.mkdir(parents=True)
        _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.key))
        _run("ip", "link", "set", "lo", "up")
        _run("ip", "link", "add", "rack", "type", "bridge")
        _run("ip", "addr", "add", f"{BRIDGE}/24", "dev", "rack")
        _run("ip", "link", "set", "rack", "up")
        for machine in self.machines.values():
            self._wire(machine)
            self.on(machine.name)

    def _wire(self, machine: Machine) -> None:
        for part in ("tmp", "etc", "var", "root"):
            (machine.folder / part).mkdir(parents=True)
        (machine.folder / "tmp").chmod(0o1777)
        _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(machine.folder / "host_key"))
        config = _SSHD.format(address=machine.address, folder=machine.folder, key=self.key)
        (machine.folder / "sshd_config").write_text(config)
        name = machine.name
        _run("ip", "netns", "add", name)
        _run("ip", "link", "add", machine.link, "type", "veth", "peer", "name", "eth0", "netns", name)
        _run("ip", "link", "set", machine.link, "master", "rack", "up")
        for command in (
            ("addr", "add", f"{machine.address}/24", "dev", "eth0"),
            ("link", "set", "eth0", "up"),
            ("link", "set", "lo", "up"),
            ("route", "add", "default", "via", BRIDGE),
        ):
            _run("ip", "-n", name, *command)

    def on(self, name: str) -> None:
        """Starts its sshd; returns when it answers."""
        machine = self.machines[name]
        inside = _INSIDE.format(folder=machine.folder, root=ROOT, shared=self.shared, home=_home(machine.folder))
        own = ["unshare", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child", "--mount-proc", "bash", "-c"]
        with (machine.folder / "sshd.log").open("ab") as log:
            machine.process = subprocess.Popen(
                ["ip", "netns", "exec", name, *own, f"hostname {name}\n{inside}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        until(lambda: self.ssh(name, "true", check=False).returncode == 0, within_s=60, every_s=0.3)

    def off(self, name: str) -> None:
        """Power cut: every process in it is gone."""
        process = self.machines[name].process
        assert process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def cut(self, name: str) -> None:
        """The wire is pulled; the machine runs on."""
        _run("ip", "link", "set", self.machines[name].link, "down")

    def heal(self, name: str) -> None:
        _run("ip", "link", "set", self.machines[name].link, "up")

    def processes(self, name: str) -> list[int]:
        """Everything that runs on a machine, seen from outside."""
        process = self.machines[name].process
        assert process is not None
        return [child.pid for child in psutil.Process(process.pid).children(recursive=True)]

    def ssh(
        self, name: str, command: str, check: bool = True, timeout_s: float = 300
    ) -> "subprocess.CompletedProcess[str]":
        """A command on a machine, as an operator would give it."""
        options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "ConnectTimeout=5", "LogLevel=ERROR"]
        flags = [part for option in options for part in ("-o", option)]
        argv = ["ssh", *flags, "-i", str(self.key), f"root@{self.machines[name].address}", command]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=timeout_s)
        if check and done.returncode != 0:
            raise RuntimeError(f"{command} on {name}: {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
        return done

    def close(self) -> None:
        for machine in self.machines.values():
            with contextlib.suppress(AssertionError):
                self.off(machine.name)
            subprocess.run(["ip", "netns", "del", machine.name], check=False, capture_output=True)
        subprocess.run(["ip", "link", "del", "rack"], check=False, capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def _home(folder: Path) -> str:
    """A home of each machine's own; a Python that lives in the real one stays in its place."""
    lines = [f"mount --bind {folder}/root /root"]
    if Path(sys.base_prefix).is_relative_to("/root"):
        inner = f"{folder}/root/{Path(sys.base_prefix).relative_to('/root')}"
        lines = [f"mkdir -p {inner}", f"mount --bind {sys.base_prefix} {inner}", f"mount --rbind {folder}/root /root"]
    return "\n".join([*lines, "touch /root/.bashrc", ""])


def _run(*argv: str) -> None:
    subprocess.run(argv, check=True, capture_output=True)
