"""A wire that is long and loses packets, for `benches/network.py`.

    python benches/wire.py NEAR SECONDS LOSS

A network interface of our own (TUN): what is sent to any other address of NEAR's /24 comes back, so many seconds later
and with the two addresses exchanged, as if that address had sent it to NEAR. So a server that listens at NEAR is
reached there, over a wire that is as long in both directions; checksums stay right, because they are sums. One packet
of 1/LOSS is lost. The kernel's `netem` does such things too, where it was built with it.

Says `ready`, and for each line on stdin the number of flights since the last one: how often a client began to send
after the server had. That is how often it may have waited for the server. Ends when stdin does.
"""

from __future__ import annotations

import fcntl
import os
import random
import select
import socket
import struct
import subprocess
import sys
import time
from collections import deque

_NAME = "long0"
_SET_INTERFACE, _TUN, _NO_PACKET_INFORMATION = 0x400454CA, 0x0001, 0x1000
_IPV4 = 4
_LARGEST = 65536
_SYN, _ACK = 0x02, 0x10


def interface(near: str) -> int:
    """Makes the interface; a descriptor that gives and takes its packets."""
    wire = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(wire, _SET_INTERFACE, struct.pack("16sH22x", _NAME.encode(), _TUN | _NO_PACKET_INFORMATION))
    for command in (
        ("addr", "add", f"{near}/24", "dev", _NAME),
        ("link", "set", _NAME, "up"),
        ("link", "set", "lo", "up"),
    ):
        subprocess.run(["ip", *command], check=True)  # noqa: S607 -- wherever this system has it
    return wire


def turned(packet: bytes) -> bytes:
    """The packet with sender and receiver exchanged."""
    return packet[:12] + packet[16:20] + packet[12:16] + packet[20:]


class Flights:
    """Counts, for each connection, how often the direction of what is sent turned towards the server."""

    def __init__(self) -> None:
        self.taken = 0
        self._clients: dict[tuple[int, int], bool] = {}

    def see(self, packet: bytes) -> None:
        """A packet as it was sent, before it can be lost."""
        start = (packet[0] & 0x0F) * 4
        if packet[9] != socket.IPPROTO_TCP:
            return
        source, target = struct.unpack_from(">HH", packet, start)
        header = (packet[start + 12] >> 4) * 4
        begins = packet[start + 13] & (_SYN | _ACK) == _SYN
        carries = struct.unpack_from(">H", packet, 2)[0] > start + header
        if begins:
            # Whoever begins is the client.
            self._clients[source, target] = True
            self.taken += 1
        elif carries and (source, target) in self._clients:
            if not self._clients[source, target]:
                self._clients[source, target] = True
                self.taken += 1
        elif (target, source) in self._clients and (carries or packet[start + 13] & _SYN):
            self._clients[target, source] = False


def run(wire: int, delay: float, loss: float) -> None:
    """Carries packets until stdin ends."""
    chance = random.Random("descope-projects wire")  # noqa: S311 -- the same losses each time are the point
    under_way: deque[tuple[float, bytes]] = deque()
    flights = Flights()
    questions = sys.stdin.fileno()
    while True:
        wait = max(0.0, under_way[0][0] - time.monotonic()) if under_way else None
        readable, _, _ = select.select([wire, questions], [], [], wait)
        if questions in readable:
            if not os.read(questions, 1):
                return
            print(flights.taken, flush=True)
            flights.taken = 0
        now = time.monotonic()
        while under_way and under_way[0][0] <= now:
            os.write(wire, under_way.popleft()[1])
        while wire in readable:
            try:
                packet = os.read(wire, _LARGEST)
            except BlockingIOError:
                break
            if packet[0] >> 4 != _IPV4:
                continue
            flights.see(packet)
            if chance.random() >= loss:
                under_way.append((now + delay, turned(packet)))


if __name__ == "__main__":
    near, seconds, lost = sys.argv[1:]
    made = interface(near)
    print("ready", flush=True)
    run(made, float(seconds), float(lost))
