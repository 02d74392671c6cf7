# SPDX-License-Identifier: MIT
"""A time server on a free port of the loopback that says what a test wants."""
import socket
import struct
import threading
import time

EPOCH = 2208988800  # 1970 in seconds since 1900


def packet(question, offset=0, first=0x24, stratum=2, reference=b"\xc0\0\2\1", nonce=None, dispersion=0):
    """The answer to a question, by a clock that is `offset` seconds ahead (RFC 4330 4)."""
    now = int((time.time() + EPOCH + offset) * 2**32) % 2**64
    return (struct.pack(">BBbbII4sQ", first, stratum, 6, -20, 0, int(dispersion * 65536), reference, now) +
            (nonce or question[40:48]) + struct.pack(">QQ", now, now))


class TimeServer:
    """`say` makes the datagrams that answer a question; by default one, with the right time."""

    def __init__(self, say=None, **more):
        self.say = say or (lambda question: [packet(question, **more)])
        self.questions = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1@{self.socket.getsockname()[1]}"
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            question, client = self.socket.recvfrom(1024)
            if not question:
                return
            self.questions.append(question)
            for answer in self.say(question):
                self.socket.sendto(answer, client)

    def stop(self):
        """An empty datagram ends it; the socket is closed when nobody reads from it. Once more does nothing."""
        if not self.thread.is_alive():
            return
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.sendto(b"", self.socket.getsockname())
        self.thread.join()
        self.socket.close()
