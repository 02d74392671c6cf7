# SPDX-License-Identifier: MIT
"""The peers that judge a signed zone file. Each returns (accepted, what it said)."""

import resource
import signal
import subprocess


def judge(command, seconds=None):
    """Who takes more than so many seconds of processor time accepts nothing."""
    limit = (lambda: resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))) if seconds else None
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace", text=True,
                          preexec_fn=limit, check=False)
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
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
