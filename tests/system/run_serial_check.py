#!/usr/bin/python3
"""
A person at the serial port of user/serial-server: reads the lines of two nodes on com2, types a line for each, and checks that
everything arrived once and in order. Usage: run_serial_check.py CONFIGURATION MODE, where MODE is what the server must say
about how it works ("by interrupt" or "polled").
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
SECONDS = 40


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
        return f"-chardev socket,id=typed,host=127.0.0.1,port={self.listener.getsockname()[1]} -serial chardev:typed"

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
    configuration, mode = sys.argv[1:]
    port = Port()
    hello = os.path.join(TOP, "build/user/serial-hello.elf")
    process = subprocess.Popen(
        [os.path.join(TOP, "tools", "cmk"), "run", "--smp", "3", f"--qemu={port.options()}", "--timeout", str(SECONDS),
         f"--config=nodes=3 channel=0-1,2M channel=1-2,2M {configuration}", f"{hello} 1 {LINES}",
         os.path.join(TOP, "build/user/serial-server.elf") + " com2 until-alone", f"{hello} 1 {LINES}"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    problems, output = [], []

    def show():
        for line in process.stdout:
            sys.stdout.write(line)
            output.append(line)

    reader = threading.Thread(target=show)
    reader.start()
    try:
        for node in (0, 2):
            if not port.wait_for(rb"\[%d\] line %d of %d\r\n" % (node, LINES, LINES), SECONDS):
                problems.append(f"the last line of node {node} did not arrive")
        if not problems:
            port.type(b"2:for node two\r")
            if not port.wait_for(rb"\[2\] goodbye from node 2\r\n", 10):
                problems.append("node 2 does not say goodbye")
            port.type(b"for everybody who is left\r")
            if not port.wait_for(rb"\[0\] goodbye from node 0\r\n", 10):
                problems.append("node 0 does not say goodbye")
            status = process.wait(20)
            if status != 0:
                problems.append(f"the cluster ended with status {status}")
    except subprocess.TimeoutExpired:
        problems.append("the cluster did not end")
    finally:
        process.terminate()
        process.wait()
        reader.join()
    lines = port.text.decode("ascii", "backslashreplace").split("\r\n")
    for node in (0, 2):
        own = [line for line in lines if line.startswith(f"[{node}] ")]
        expected = [f"[{node}] line {i + 1} of {LINES}" for i in range(LINES)] + [f"[{node}] goodbye from node {node}"]
        if own != expected:
            problems.append(f"com2 has {len(own)} lines of node {node}, or in another order")
    if len(lines) != 2 * LINES + 3:
        problems.append(f"com2 has {len(lines) - 1} lines")
    text = "".join(output)
    for wanted in (f"[1] serial-server: com2 is ready, {mode}", "[2] serial-hello: somebody typed: for node two",
                   "[0] serial-hello: somebody typed: for everybody who is left"):
        if wanted not in text:
            problems.append(f"missing: {wanted}")
    for problem in problems:
        print(f"WRONG: {problem}")
    print(f"{len(problems)} problems")
    sys.exit(1 if problems else 0)


main()
