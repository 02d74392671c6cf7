# SPDX-License-Identifier: MIT
"""All classes: each way in which a zone file can be wrong that zoneseal-verify has a check for, and what leaves one right.

`mutation(checks, stage)`: the ids that must be among those that fail, and when it is done (mutations.py). Those with a
`policy` leave the zone valid: refused where one is given, and a warning where none is. Those without a check leave it
valid, and are accepted. The first words of each say what it does.
"""

from mutations import CLASSES  # noqa: F401
import mutate_data  # noqa: F401
import mutate_signatures  # noqa: F401
import mutate_denial  # noqa: F401
import mutate_valid  # noqa: F401

# Checks of the file that no mutation can break, and why.
CANNOT = {
    "denial.nsec3.collision": "nobody has two names with one SHA-1 hash",
    "gate.counts": "about inputs that prove nothing, and signatures beyond measure: tests/zones, tests/unit/verify/test_sip.c",
}
