# SPDX-License-Identifier: MIT
"""The .de outage of May 2026: one tag, one label and one CKA_ID, and another key in each HSM."""
import unittest

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hsm import Tokens

FORM = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def tag(flags, point):
    """RFC 4034 Appendix B for P-256."""
    rdata = flags.to_bytes(2, "big") + b"\x03\x0d" + point
    total = sum(int.from_bytes(rdata[i:i + 2], "big") for i in range(0, len(rdata), 2))
    return (total + (total >> 16)) & 0xffff


def collide(wanted, count):
    """Keys whose tag as a ZSK is `wanted`: one in 65,536 is."""
    found = []
    while len(found) < count:
        key = ec.generate_private_key(ec.SECP256R1())
        numbers = key.public_key().public_numbers()
        if tag(256, numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")) == wanted:
            found.append(key.private_bytes(*FORM))
    return found


class Drill(Tokens):
    def replace(self, key):
        for name, text in zip("bc", collide(key["tag"], 2)):
            self.destroy(name, key)
            self.put(name, self.write("k", text, 0o600), key)

    def test_one_tag_and_three_keys_is_never_signed_with(self):
        self.z("key", "generate", "nl.test", code=0)
        key = self.key("zsk")
        self.replace(key)
        words = ("store hsm-b: its public key is not that of ZSK", "made anew there, not copied")
        self.refused(*words)
        self.assertIn(words[0], self.z("doctor").out)
        # Nor where a run may go on without some of the stores: this is no store that is missing.
        self.more = "least 1\n"
        self.configure()
        self.refused(*words)


class Published(Drill):
    def test_one_tag_and_three_keys_is_never_signed_with(self):
        self.z("run", code=0)
        self.replace(self.key("zsk"))
        self.refused("store hsm-b: its public key is not that of ZSK")
        self.assert_published_is_good()


if __name__ == "__main__":
    unittest.main()
