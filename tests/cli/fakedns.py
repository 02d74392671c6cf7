# SPDX-License-Identifier: MIT
"""A name server that says what a test wants, over TCP on a port of its own: right answers, wrong ones, none at all."""
import socket
import threading

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


class FakeServer:
    """`answer` gets the question (dns.message.Message) and its octets; it returns octets to frame and send, a Frame to
    send as it is, or None to say nothing and keep the connection."""

    def __init__(self, answer, address="127.0.0.1", port=0):
        self.answer = answer
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.listener = socket.socket(family, socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((address, port))
        self.listener.listen(64)
        self.address = f"{address}@{self.listener.getsockname()[1]}"
        self.open = []
        self.asked = []
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                stream, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.handle, args=(stream,), daemon=True).start()

    def handle(self, stream):
        try:
            size = int.from_bytes(self.receive(stream, 2), "big")
            octets = self.receive(stream, size)
            question = dns.message.from_wire(octets)
            self.asked.append(question)
            said = self.answer(question, octets)
            if said is None:
                self.open.append(stream)
                return
            stream.sendall(said.octets if isinstance(said, Frame) else len(said).to_bytes(2, "big") + said)
        except OSError:
            pass
        stream.close()

    @staticmethod
    def receive(stream, size):
        out = b""
        while len(out) < size:
            part = stream.recv(size - len(out))
            if not part:
                raise OSError("closed")
            out += part
        return out

    def stop(self):
        # The thread ends first: else it may accept on the descriptor's number when that is the next server's.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()
        for stream in self.open:
            stream.close()


class Frame:
    """Octets that are sent without a frame of ours."""

    def __init__(self, octets):
        self.octets = octets


def answer_to(question, records=(), authority=(), rcode=dns.rcode.NOERROR, aa=True):
    """An answer with records as text: "owner ttl type rdata"."""
    out = dns.message.make_response(question)
    out.set_rcode(rcode)
    if aa:
        out.flags |= dns.flags.AA
    for section, lines in ((out.answer, records), (out.authority, authority)):
        for line in lines:
            owner, ttl, kind, rdata = line.split(None, 3)
            section.append(dns.rrset.from_text(owner, int(ttl), "IN", kind, rdata))
    return out


SOA = "test. 900 SOA ns.test. host.test. 1 2 3 4 600"


def shows(*lines):
    """Answers each question for a DS with these."""
    return lambda question, octets: answer_to(question, lines).to_wire()


def denies(rcode=dns.rcode.NOERROR, soa=SOA):
    return lambda question, octets: answer_to(question, authority=[soa] if soa else [], rcode=rcode).to_wire()


def says(octets):
    return lambda question, _: octets
