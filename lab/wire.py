# The cables of the lab (topology.ts): carries each packet from nearN to farN and back, a while later, as the kernel's netem
# would, which not every kernel has. Whole packets with their offloads (PACKET_VNET_HDR), so that it is fast.
# Arguments: milliseconds, then the numbers N. Ends with its standard input.

import collections
import select
import socket
import sys
import time

SOL_PACKET, PACKET_VNET_HDR, PACKET_IGNORE_OUTGOING = 263, 15, 23
SO_RCVBUFFORCE = 33
ALL_PROTOCOLS = 3
PACKET_BYTES_MAX = 70_000
BUFFER_BYTES = 16 << 20


def end_of(name):
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_PROTOCOLS))
    end.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    end.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    for option in (SO_RCVBUFFORCE, socket.SO_RCVBUF):
        try:
            end.setsockopt(socket.SOL_SOCKET, option, BUFFER_BYTES)
            break
        except PermissionError:
            pass
    end.bind((name, 0))
    end.setblocking(False)
    return end


delay = float(sys.argv[1]) / 1000
other, waiting = {}, collections.deque()
for number in sys.argv[2:]:
    near, far = end_of("near" + number), end_of("far" + number)
    other[near], other[far] = far, near
print("ready", flush=True)

sources = [sys.stdin, *other]
while True:
    now = time.monotonic()
    while waiting and waiting[0][0] <= now:
        _, target, packet = waiting.popleft()
        try:
            target.send(packet)
        except OSError:
            pass  # A full queue or a link that is down loses packets, as cables do.
    pause = max(0, waiting[0][0] - time.monotonic()) if waiting else None
    for source in select.select(sources, [], [], pause)[0]:
        if source is sys.stdin:
            sys.exit(0)
        try:
            for _ in range(64):
                packet = source.recv(PACKET_BYTES_MAX)
                waiting.append((time.monotonic() + delay, other[source], packet))
        except (BlockingIOError, OSError):
            pass
