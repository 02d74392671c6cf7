# SPDX-License-Identifier: MIT
"""The .de outage of May 2026: one tag, one label and one CKA_ID, and another key in each HSM."""
import os
import sys
import unittest

from hsm import Tokens

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../drills/outages"))
from collide import collide  # noqa: E402

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
