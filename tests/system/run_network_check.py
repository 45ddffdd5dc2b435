#!/usr/bin/python3
"""
Real packets for user/net-echo: a peer on QEMU's network that speaks Ethernet over UDP sockets on
127.0.0.1. It sends ARP and ICMP echo requests and UDP datagrams, also wrong ones, checks every
reply, and afterwards reads the packet capture that QEMU wrote itself. Usage:
run_network_check.py NAME KERNEL CPUS NODE CONFIGURATION [QEMU's options for the card]. The card
is 00:03.0 and belongs to node NODE, where the server runs; the capture is
build/system/drivers/NAME.pcap.
"""
import os
import socket
import struct
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
CARD = bytes.fromhex("525400123456")
PEER = bytes.fromhex("5254000000fe")
BROADCAST = b"\xff" * 6
CARD_IP, PEER_IP, OTHER_IP = b"\x0a\0\0\x02", b"\x0a\0\0\x01", b"\x0a\0\0\x63"
ECHO_PORT, PEER_PORT = 7, 40000
PINGS = 200
PATIENCE = 300  # seconds for what must come; only a hang takes so long
problems = []


def expect(condition, what):
    if not condition:
        problems.append(what)
        print(f"WRONG: {what}", flush=True)


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ethernet(target, kind, payload):
    return target + PEER + struct.pack(">H", kind) + payload


def arp_request(ip):
    return ethernet(BROADCAST, 0x0806,
                    struct.pack(">HHBBH", 1, 0x0800, 6, 4, 1) + PEER + PEER_IP + b"\0" * 6 + ip)


def ipv4(protocol, payload, target=CARD_IP, fragment=0):
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 1, fragment, 64, protocol,
                       0) + PEER_IP + target
    head = head[:10] + struct.pack(">H", checksum(head)) + head[12:]
    return ethernet(CARD, 0x0800, head + payload)


def icmp(kind, identifier, sequence, data):
    head = struct.pack(">BBHHH", kind, 0, 0, identifier, sequence)
    return struct.pack(">BBHHH", kind, 0, checksum(head + data), identifier, sequence) + data


def udp(data, port=ECHO_PORT):
    return ipv4(17, struct.pack(">HHHH", PEER_PORT, port, 8 + len(data), 0) + data)


def payload_of(frame, protocol):
    """What an IPv4 frame from the card to the peer carries; None if it is no such frame, or not a
    correct one.
    """
    if len(frame) < 34 or frame[:6] != PEER or frame[6:12] != CARD or frame[12:15] != b"\x08\0\x45":
        return None
    length = struct.unpack(">H", frame[16:18])[0]
    if checksum(frame[14:34]) != 0 or frame[23] != protocol or frame[26:34] != CARD_IP + PEER_IP:
        return None
    return frame[34:14 + length] if 14 + length <= len(frame) else None


class Wire:
    """The peer's end: QEMU's socket network sends each frame as one datagram."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        other.bind(("127.0.0.1", 0))
        self.there = other.getsockname()
        other.close()  # QEMU binds it next
        self.unexpected = []
        self.barriers = 0

    def options(self):
        here = self.socket.getsockname()[1]
        return f"-netdev socket,id=n0,udp=127.0.0.1:{here},localaddr=127.0.0.1:{self.there[1]}"

    def send(self, frame):
        self.socket.sendto(frame, self.there)

    def receive(self, matches, seconds):
        """The next frame that matches, others kept in `unexpected`. None when the time is up."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.socket.settimeout(max(0.001, end - time.monotonic()))
            try:
                frame = self.socket.recv(65536)
            except (socket.timeout, ConnectionError):
                continue
            if matches(frame):
                return frame
            self.unexpected.append(frame)
        return None


def is_arp_reply(frame):
    return frame[:6] == PEER and frame[12:14] == b"\x08\x06" and frame[20:22] == b"\0\x02"


def answered_before_ping(wire):
    """
    Sends an echo request and returns the frames that come before its reply: the answers to all
    that was sent before, because the server works in order. So no time decides whether an answer
    will still come.
    """
    wire.barriers += 1
    before, wire.unexpected = wire.unexpected, []
    check_ping(wire, 2000 + wire.barriers, b"")
    answers, wire.unexpected = wire.unexpected, before
    return answers


def check_arp(wire, process):
    """Also waits for the card to be ready: a request is repeated until there is a reply."""
    reply, end = None, time.monotonic() + PATIENCE
    while reply is None and process.poll() is None and time.monotonic() < end:
        wire.send(arp_request(CARD_IP))
        reply = wire.receive(is_arp_reply, 0.5)
    expect(
        reply is not None and reply[6:12] == CARD
        and reply[22:42] == CARD + CARD_IP + PEER + PEER_IP, "no correct ARP reply")
    if reply is None:
        return False
    answered_before_ping(wire)  # replies to the repeated ones
    wire.send(arp_request(OTHER_IP))
    expect(not answered_before_ping(wire), "an ARP reply for an address that is not the card's")
    return True


def check_ping(wire, sequence, data):
    wire.send(ipv4(1, icmp(8, 77, sequence, data)))
    reply = wire.receive(lambda frame: payload_of(frame, 1) is not None, PATIENCE)
    expect(reply is not None and payload_of(reply, 1) == icmp(0, 77, sequence, data),
           f"no correct echo reply to request {sequence} with {len(data)} bytes")
    return reply is not None


def check_silence(wire):
    """Frames that must not be answered."""
    bad_sum = bytearray(ipv4(1, icmp(8, 1, 1, b"abc")))
    bad_sum[36] ^= 1
    bad_head = bytearray(ipv4(1, icmp(8, 1, 1, b"abc")))
    bad_head[24] ^= 1
    too_long = bytearray(ipv4(1, icmp(8, 1, 1, b"abc")))
    too_long[16:18] = b"\x05\xdc"
    for frame in (bytes(bad_sum), bytes(bad_head), bytes(too_long),
                  ipv4(1, icmp(8, 1, 1, b""),
                       target=OTHER_IP), ipv4(1, icmp(8, 1, 1, b"abc"),
                                              fragment=0x2000), ipv4(1, icmp(0, 1, 1, b"")),
                  ipv4(1, b"\x08\0"), udp(b"nobody", port=8), PEER + PEER, CARD + PEER + b"\x08\0",
                  arp_request(CARD_IP)[:41]):
        wire.send(frame)
    for frame in answered_before_ping(wire):
        expect(False, f"an answer to what must be ignored: {frame.hex()}")


def check_burst(wire):
    """Many requests at once: none of those that the card takes may be answered twice or wrongly."""
    for sequence in range(48):
        wire.send(ipv4(1, icmp(8, 99, sequence, b"burst")))
    seen = set()
    while len(seen) < 48:
        reply = wire.receive(lambda frame: payload_of(frame, 1) is not None, PATIENCE)
        if reply is None:
            break
        sequence = struct.unpack(">H", payload_of(reply, 1)[6:8])[0]
        expect(sequence not in seen and payload_of(reply, 1) == icmp(0, 99, sequence, b"burst"),
               "a wrong reply in a burst")
        seen.add(sequence)
    expect(len(seen) == 48, f"{len(seen)} replies to a burst of 48")


def check_udp(wire, client):
    """Datagrams travel through the packet channel to the program on the other node and back."""
    for text in (b"hello", b"", b"x" * 1400):
        wire.send(udp(text))
        reply = wire.receive(lambda frame: payload_of(frame, 17) is not None, PATIENCE)
        got = payload_of(reply, 17) if reply else b""
        expect(
            got[:4] == struct.pack(">HH", ECHO_PORT, PEER_PORT)
            and got[8:] == b"node %d heard: " % client + text,
            f"no correct answer to a datagram of {len(text)} bytes")


def read_capture(path):
    """The frames of a pcap file."""
    with open(path, "rb") as file:
        data = file.read()
    expect(
        struct.unpack("<I", data[:4])[0] == 0xA1B2C3D4 and struct.unpack("<I", data[20:24])[0] == 1,
        "no Ethernet capture")
    at, frames = 24, []
    while at + 16 <= len(data):
        length = struct.unpack("<I", data[at + 8:at + 12])[0]
        frames.append(data[at + 16:at + 16 + length])
        at += 16 + length
    return frames


def check_capture(path, pings):
    """What the peer saw, as QEMU saw it on the network: every reply follows its request."""
    frames = read_capture(path)
    requests, answered = set(), set()
    for frame in frames:
        if frame[:14] == CARD + PEER + b"\x08\0" and frame[23:24] == b"\x01" and frame[
                34:35] == b"\x08":
            requests.add(frame[36:][2:])
        body = payload_of(frame, 1)
        if body is not None and body[0] == 0:
            expect(body[4:] in requests and body[4:] not in answered,
                   "the capture has a reply without its request")
            answered.add(body[4:])
    expect(len(answered) == pings, f"the capture has {len(answered)} echo replies")
    expect(any(is_arp_reply(frame) for frame in frames), "the capture has no ARP reply")
    print(f"capture: {len(frames)} frames, {len(answered)} echo requests answered")


def talk(wire, process, client):
    if not check_arp(wire, process):
        return
    begin = time.monotonic()
    if all(check_ping(wire, sequence, b"0123456789" * (sequence % 8)) for sequence in range(PINGS)):
        print(f"{PINGS} pings, {(time.monotonic() - begin) / PINGS * 1000:.2f} ms each", flush=True)
    for number, size in enumerate((0, 1, 1471, 1472)):
        check_ping(wire, 1000 + number, (bytes(range(256)) * 6)[:size])
    check_silence(wire)
    check_burst(wire)
    check_udp(wire, client)
    expect(not wire.unexpected, f"{len(wire.unexpected)} frames that nobody asked for")
    wire.send(udp(b"quit"))


def main():
    name, kernel, cpus, node, configuration = sys.argv[1:6]
    iommu = ["--iommu"] if "iommu_platform=on" in sys.argv[6:] else []
    card = ",".join([""] + sys.argv[6:])
    server, client = int(node), 1 if node == "0" else 0
    images = [os.path.join(TOP, "build/system/programs/behave.elf") + " exit=0"] * max(
        2, server + 1)
    images[server] = os.path.join(TOP, "build/user/net-echo.elf") + " 00:03.0 10.0.0.2 until-alone"
    images[client] = os.path.join(TOP, "build/user/udp-echo.elf") + f" {server} {ECHO_PORT}"
    capture = os.path.join(TOP, "build", "system", "drivers", name + ".pcap")
    os.makedirs(os.path.dirname(capture), exist_ok=True)
    wire = Wire()
    qemu = (f"{wire.options()} -object filter-dump,id=f0,netdev=n0,file={capture} "
            f"-device virtio-net-pci,netdev=n0,addr=03.0,mac=52:54:00:12:34:56,romfile={card}")
    configuration = (f"nodes={len(images)} node{server}.devices=00:03.0 "
                     f"channel={client}-{server},2M {configuration}")
    process = subprocess.Popen([
        os.path.join(TOP, "tools", "cmk"), "run", *iommu, "--kernel", kernel, "--smp", cpus,
        f"--qemu={qemu}", "--patience",
        str(PATIENCE), f"--config={configuration}"
    ] + images, stdin=subprocess.DEVNULL)
    try:
        talk(wire, process, client)
        status = process.wait(PATIENCE if not problems else 1)
        expect(status == 0, f"the cluster ended with status {status}")
        check_capture(capture, PINGS + 4 + 48 + wire.barriers)
    except subprocess.TimeoutExpired:
        expect(False, "the cluster did not end")
    finally:
        process.terminate()
        process.wait()
    print(f"{len(problems)} problems")
    sys.exit(1 if problems else 0)


main()
