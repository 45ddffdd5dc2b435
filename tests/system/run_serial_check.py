#!/usr/bin/python3
"""
A person at the serial port of user/serial-server: reads the lines of two nodes on com2, types a
line for each, and checks that everything arrived once and in order. Usage: run_serial_check.py
SERVER CONFIGURATION MODE: the server's node of three, the words that give it the port, and what
it must say about how it works ("by interrupt" or "polled").
"""
import os
import re
import socket
import subprocess
import sys
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
LINES = 300
PATIENCE = 300  # seconds for what must come; only a hang takes so long


class Port:
    """QEMU's end listens; what it says is collected by a thread."""

    def __init__(self):
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        self.listener, self.text, self.connection = listener, b"", None
        self.arrived = threading.Condition()
        threading.Thread(target=self.read, daemon=True).start()

    def options(self):
        port = self.listener.getsockname()[1]
        return f"-chardev socket,id=typed,host=127.0.0.1,port={port} -serial chardev:typed"

    def read(self):
        self.connection, _ = self.listener.accept()
        while True:
            data = self.connection.recv(65536)
            with self.arrived:
                self.text += data
                self.arrived.notify_all()
            if not data:
                return

    def wait_for(self, pattern, seconds):
        with self.arrived:
            return self.arrived.wait_for(lambda: re.search(pattern, self.text), seconds)

    def type(self, text):
        self.connection.sendall(text)


def main():
    iommu = [word for word in sys.argv[1:] if word == "--iommu"]
    server, configuration, mode = [word for word in sys.argv[1:] if word != "--iommu"]
    server = int(server)
    first, second = clients = [node for node in range(3) if node != server]
    port = Port()
    images = [os.path.join(TOP, "build/user/serial-hello.elf") + f" {server} {LINES}"] * 3
    images[server] = os.path.join(TOP, "build/user/serial-server.elf") + " com2 until-alone"
    channels = " ".join(f"channel={min(node, server)}-{max(node, server)},2M" for node in clients)
    process = subprocess.Popen([
        os.path.join(TOP, "tools", "cmk"), "run", *iommu, "--smp", "3", f"--qemu={port.options()}",
        "--patience",
        str(PATIENCE), f"--config=nodes=3 {channels} {configuration}"
    ] + images, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    problems, output = [], []

    def show():
        for line in process.stdout:
            sys.stdout.write(line)
            output.append(line)

    reader = threading.Thread(target=show)
    reader.start()
    try:
        for node in clients:
            if not port.wait_for(rb"\[%d\] line %d of %d\r\n" % (node, LINES, LINES), PATIENCE):
                problems.append(f"the last line of node {node} did not arrive")
        if not problems:
            port.type(b"%d:for one node\r" % second)
            if not port.wait_for(rb"\[%d\] goodbye from node %d\r\n" % (second, second), PATIENCE):
                problems.append(f"node {second} does not say goodbye")
            port.type(b"for everybody who is left\r")
            if not port.wait_for(rb"\[%d\] goodbye from node %d\r\n" % (first, first), PATIENCE):
                problems.append(f"node {first} does not say goodbye")
            status = process.wait(PATIENCE)
            if status != 0:
                problems.append(f"the cluster ended with status {status}")
    except subprocess.TimeoutExpired:
        problems.append("the cluster did not end")
    finally:
        process.terminate()
        process.wait()
        reader.join()
    lines = port.text.decode("ascii", "backslashreplace").split("\r\n")
    for node in clients:
        own = [line for line in lines if line.startswith(f"[{node}] ")]
        expected = [f"[{node}] line {i + 1} of {LINES}"
                    for i in range(LINES)] + [f"[{node}] goodbye from node {node}"]
        if own != expected:
            problems.append(f"com2 has {len(own)} lines of node {node}, or in another order")
    if len(lines) != 2 * LINES + 3:
        problems.append(f"com2 has {len(lines) - 1} lines")
    text = "".join(output)
    for wanted in (f"[{server}] serial-server: com2 is ready, {mode}",
                   f"[{second}] serial-hello: somebody typed: for one node",
                   f"[{first}] serial-hello: somebody typed: for everybody who is left"):
        if wanted not in text:
            problems.append(f"missing: {wanted}")
    for problem in problems:
        print(f"WRONG: {problem}")
    print(f"{len(problems)} problems")
    sys.exit(1 if problems else 0)


main()
