"""QEMU's human monitor, which a machine has with `-monitor unix:PATH,server=on,wait=off`."""
import socket

PROMPT = b"(qemu) "
SILENCE_SECONDS = 120


class Monitor:
    """The monitor on a socket; RuntimeError when it closes."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(SILENCE_SECONDS)
        self.socket.connect(path)
        self._answer()

    def _answer(self):
        text = b""
        while not text.endswith(PROMPT):
            data = self.socket.recv(65536)
            if not data:
                raise RuntimeError("QEMU's monitor closed")
            text += data
        return text.decode(errors="replace")

    def command(self, text):
        """What the monitor says to one command."""
        self.socket.sendall(text.encode() + b"\n")
        return self._answer()
