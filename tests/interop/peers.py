# SPDX-License-Identifier: MIT
"""The peers that judge a signed zone file. Each returns (accepted, what it said)."""

import subprocess


def judge(command, seconds=None):
    """Who does not come to an end in so many seconds accepts nothing."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace", text=True,
                              timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        return False, "no end"
    return done.returncode == 0, done.stdout[-3000:]


def dnssec_verify(path, origin, csk=False):
    # Without -z it asks for a ZSK beside each KSK, which RFC 6840 6.2 does not.
    return judge(["dnssec-verify", "-q", *(["-z"] if csk else []), "-o", origin, path])


def ldns_verify_zone(path, origin, csk=False):
    del origin, csk
    return judge(["ldns-verify-zone", path], seconds=600)


def kzonecheck(path, origin, csk=False):
    del csk
    return judge(["kzonecheck", "-d", "on", "-o", origin, path])


JUDGES = {"dnssec-verify": dnssec_verify, "ldns-verify-zone": ldns_verify_zone, "kzonecheck": kzonecheck}
