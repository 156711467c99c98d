"""Runs tests in a network namespace of their own and tells what tried to leave it.

`unshare -rn python -m tests.namespace PYTEST ARGUMENTS` (Linux). The namespace has loopback and a
tunnel that everything else is routed into, including 169.254.169.254; whatever arrives there was
sent by the program, its workers or a library in C, unseen by any hook of Python. The last line
printed is JSON: pytest's exit code, the connections that left, and how many stayed, by address.
"""

# ruff: noqa: T201
from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

TUNNEL, PROBE = "out0", ("198.51.100.77", 9)
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
_TCP, _UDP = 6, 17
_SYN, _ACK = 0x02, 0x10


def available() -> str:
    """Why it cannot be done here; "" when it can."""
    for program in ("unshare", "ip"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    if not Path("/dev/net/tun").exists():
        return "there is no /dev/net/tun"
    probe = [sys.executable, "-m", "tests.namespace", "--probe"]
    root = Path(__file__).parents[1]
    done = subprocess.run(
        ["unshare", "-rn", *probe], cwd=root, capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else f"not permitted here: {done.stderr[-200:]}"


def endpoint(packet: bytes) -> tuple[str, str, int] | None:
    """(protocol, address, port) that an IP packet opens a way to; None for anything else."""
    if packet[:1] and packet[0] >> 4 == 4:
        kind, at = packet[9], (packet[0] & 15) * 4
        address = socket.inet_ntop(socket.AF_INET, packet[16:20])
    elif packet[:1] and packet[0] >> 4 == 6:
        kind, at = packet[6], 40
        address = socket.inet_ntop(socket.AF_INET6, packet[24:40])
    else:
        return None
    part = packet[at : at + 20]
    if kind == _UDP and len(part) >= 8:
        return "udp", address, struct.unpack("!H", part[2:4])[0]
    if kind == _TCP and len(part) >= 14 and part[13] & (_SYN | _ACK) == _SYN:
        return "tcp", address, struct.unpack("!H", part[2:4])[0]
    return None


class Watch:
    """Counts who is called, on loopback and beyond it."""

    def __init__(self) -> None:
        _ip("link", "set", "lo", "up")
        self._tunnel = os.open("/dev/net/tun", os.O_RDWR)
        request = struct.pack("16sH", TUNNEL.encode(), _IFF_TUN | _IFF_NO_PI)
        fcntl.ioctl(self._tunnel, _TUNSETIFF, request)
        _ip("addr", "add", "10.99.0.1/24", "dev", TUNNEL)
        _ip("link", "set", TUNNEL, "up")
        _ip("route", "add", "default", "dev", TUNNEL)
        _ip("-6", "addr", "add", "fd99::1/64", "dev", TUNNEL, must=False)
        _ip("-6", "route", "add", "default", "dev", TUNNEL, must=False)
        self._loopback = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0003))
        self._loopback.bind(("lo", 0))
        self.outward: Counter[tuple[str, str, int]] = Counter()
        self.inward: Counter[str] = Counter()
        threading.Thread(target=self._read_tunnel, daemon=True).start()
        threading.Thread(target=self._read_loopback, daemon=True).start()

    def _read_tunnel(self) -> None:
        while True:
            found = endpoint(os.read(self._tunnel, 65_536))
            if found is not None:
                self.outward[found] += 1

    def _read_loopback(self) -> None:
        while True:
            packet, (_, _, kind, *_) = self._loopback.recvfrom(65_536)
            found = endpoint(packet)
            if found is not None and kind != socket.PACKET_OUTGOING:  # each is seen twice
                self.inward[found[1]] += 1


def _ip(*words: str, must: bool = True) -> None:
    subprocess.run(["ip", *words], check=must, capture_output=not must)


def nameservers() -> set[str]:
    """The resolvers that the system asks about names."""
    try:
        lines = Path("/etc/resolv.conf").read_text(encoding="utf-8").splitlines()
    except OSError:
        return set()
    return {line.split()[1] for line in lines if line.startswith("nameserver ")}


def _probed(watch: Watch) -> bool:
    """Whether a packet that certainly leaves is seen: a watch that sees nothing proves nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        handle.sendto(b"probe", PROBE)
    for _ in range(100):
        if watch.outward.pop(("udp", *PROBE), 0):
            return True
        threading.Event().wait(0.05)
    return False


def main(arguments: list[str]) -> int:
    """Run pytest with these arguments under watch; `--probe` only tells whether that works."""
    watch = Watch()
    seen = _probed(watch)
    if arguments == ["--probe"]:
        return 0 if seen else 1
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(command, check=False)
    seen = seen and _probed(watch)
    asked = nameservers()
    outward = [e for e in watch.outward if not (e[1] in asked and e[2] == 53)]
    found = {"code": done.returncode, "probe": seen, "outward": sorted(outward)}
    print(json.dumps({**found, "inward": dict(sorted(watch.inward.items()))}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
