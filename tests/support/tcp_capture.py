"""Writes a capture of one TCP flow with given bytes, for tests that need no traffic generator."""
import ipaddress
import struct

CLIENT, SERVER = 0, 1
FIN, SYN, PUSH, ACK = 1, 2, 8, 16
PORTS = (40000, 9999)
ADDRESSES = tuple(ipaddress.ip_address(text).packed for text in ("10.0.0.1", "10.0.0.2"))
MICROSECONDS_APART = 1000


def checksum(octets):
    """RFC 1071."""
    words = struct.unpack(f">{(len(octets) + 1) // 2}H", octets + b"\0" * (len(octets) % 2))
    total = sum(words)
    total = (total & 0xffff) + (total >> 16)
    return ~((total & 0xffff) + (total >> 16)) & 0xffff


def frame(side, seq, ack, flags, payload):
    """Ethernet, IPv4 and TCP around the payload."""
    source, destination = ADDRESSES[side], ADDRESSES[1 - side]
    def tcp_header(total):
        return struct.pack(">HHIIBBHHH", PORTS[side], PORTS[1 - side], seq, ack, 5 << 4, flags, 65535, total, 0)
    def ip_header(total):
        return struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40 + len(payload), 0, 0x4000, 64, 6, total, source, destination)
    pseudo = source + destination + struct.pack(">BBH", 0, 6, 20 + len(payload))
    tcp = tcp_header(checksum(pseudo + tcp_header(0) + payload)) + payload
    return b"\x02\0\0\0\0\1\x02\0\0\0\0\2\x08\0" + ip_header(checksum(ip_header(0))) + tcp


def write_tcp_capture(path, turns):
    """A whole flow, from SYN to FIN, in which each turn is one segment: (CLIENT or SERVER, bytes)."""
    seq = [1000, 5000]
    frames = []
    def send(side, flags, payload=b""):
        acknowledged = seq[1 - side] if flags & ACK else 0
        frames.append(frame(side, seq[side], acknowledged, flags, payload))
        seq[side] += len(payload) + (1 if flags & (SYN | FIN) else 0)
    send(CLIENT, SYN)
    send(SERVER, SYN | ACK)
    send(CLIENT, ACK)
    for side, payload in turns:
        send(side, PUSH | ACK, payload)
    send(CLIENT, FIN | ACK)
    send(SERVER, FIN | ACK)
    send(CLIENT, ACK)
    with open(path, "wb") as capture:
        capture.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for i, octets in enumerate(frames):
            capture.write(struct.pack("<4I", 1_700_000_000, i * MICROSECONDS_APART, len(octets), len(octets)) + octets)
