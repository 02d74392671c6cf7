# SPDX-License-Identifier: MIT
"""Each command that changes something about keys, at a moment at which it has something to do: for tests that ask the
same of all of them."""
import os
import subprocess

LATER = "2026-11-28T12:00:00Z"  # the first keys are in all caches, the DS is awaited
LONG_AFTER = "2027-03-01T00:00:00Z"  # more than keys.purge-after of the default policy


def run(*argv):
    subprocess.run(argv, check=True, capture_output=True, timeout=120)


def tags(world, role):
    return [str(key["tag"]) for key in world.json("key", "list", "nl.test", code=0)["keys"] if key["role"] == role]


def at(world, when):
    world.now = when
    world.sign()


def published(world, *args):
    world.sign(*args)
    at(world, LATER)


def roll_start(world):
    published(world)
    return "roll", "start", "nl.test", "--zsk"


def roll_start_ksk(world):
    published(world)
    return "roll", "start", "nl.test", "--ksk"


def roll_step(world):
    published(world, "--policy", world.write("manual.yaml", "name: manual\nkeys: {manual: true}\n"))
    return "roll", "step", "nl.test"


def roll_abort(world):
    published(world)
    world.z("roll", "start", "nl.test", "--zsk", code=0)
    world.sign()
    return "roll", "abort", "nl.test"


def emergency(world):
    published(world)
    return "emergency", "nl.test", "--key", tags(world, "zsk")[0]


def hold(world):
    published(world)
    return "hold", "nl.test", "--reason", "holidays"


def release(world):
    published(world)
    world.z("hold", "nl.test", "--reason", "holidays", code=0)
    return "release", "nl.test"


def expect_change(world):
    published(world)
    return ("zone", "expect-change", "nl.test", "--serial", "2026112499", "--limit", "removed", "--reason", "purge")


def withdraw_change(world):
    world.z(*expect_change(world), code=0)
    return "zone", "expect-change", "nl.test", "--serial", "2026112499", "--limit", "removed", "--withdraw"


def generate(world):
    world.z("zone", "add", "nl.test", "-i", world.input, "-o", world.output, code=0)
    return "key", "generate", "nl.test"


def generate_standby(world):
    published(world)
    return "key", "generate", "nl.test", "--zsk", "--standby"


def revoke(world):
    """A KSK that was replaced under a manual policy: its DS is gone, and its DNSKEY stays until the next step."""
    def step(when, *args):
        world.now = when
        if args:
            world.z(*args, code=0)
        world.z("roll", "step", "nl.test", code=0)
        world.sign()

    published(world, "--policy", world.write("manual.yaml", "name: manual\nkeys: {manual: true}\n"))
    old = tags(world, "ksk")[0]
    step(LATER)
    world.z("ds", "seen", "nl.test", "--key", old, code=0)
    at(world, "2026-12-03T12:00:00Z")
    step("2026-12-03T12:00:00Z", "roll", "start", "nl.test", "--ksk")
    at(world, "2026-12-05T12:00:00Z")
    step("2026-12-05T12:00:00Z")
    new = next(tag for tag in tags(world, "ksk") if tag != old)
    step("2026-12-05T13:00:00Z", "ds", "seen", "nl.test", "--key", new)
    world.z("ds", "gone", "nl.test", "--key", old, code=0)
    at(world, "2026-12-09T12:00:00Z")
    return "key", "revoke", "nl.test", old, "--yes"


def purge(world):
    world.sign()
    world.z("key", "generate", "nl.test", "--zsk", code=0)
    spare = world.json("key", "list", "nl.test", code=0)["keys"][-1]["fingerprint"]
    world.now = LONG_AFTER
    return "key", "purge", "nl.test", spare, "--yes"


def import_key(world):
    published(world)
    run("/usr/bin/dnssec-keygen", "-q", "-K", world.folder, "-a", "13", "nl.test")
    private = next(name for name in os.listdir(world.folder) if name.endswith(".private"))
    os.chmod(world.path(private), 0o600)
    return "key", "import", "nl.test", world.path(private), "--zsk"


def policy_apply(world):
    published(world)
    edit = world.write("edit.yaml", "name: edit\nkeys: {dnskey-ttl: 2h, zsk: {lifetime: 30d}}\n")
    return "policy", "apply", "nl.test", edit


def ds_seen(world):
    published(world)
    return "ds", "seen", "nl.test", "--key", tags(world, "ksk")[0]


def ds_gone(world):
    """A DS that is changed by hand: the old one is to go once the new one is seen."""
    world.z(*ds_seen(world), code=0)
    at(world, "2026-12-03T12:00:00Z")
    old = tags(world, "ksk")
    world.z("roll", "start", "nl.test", "--ksk", code=0)
    world.sign()
    at(world, "2026-12-05T12:00:00Z")
    new = next(tag for tag in tags(world, "ksk") if tag not in old)
    world.z("ds", "seen", "nl.test", "--key", new, code=0)
    world.sign()
    return "ds", "gone", "nl.test", "--key", old[0]


def adopt(world):
    keys = world.path("foreign")
    os.mkdir(keys)
    for more in (("-f", "KSK"), ()):
        run("/usr/bin/dnssec-keygen", "-q", "-K", keys, "-a", "13", *more, "nl.test")
    names = [os.path.join(keys, name) for name in sorted(os.listdir(keys))]
    text = world.read(world.input).decode() + "".join(f"$INCLUDE {name}\n" for name in names if name.endswith(".key"))
    for name in names:
        os.chmod(name, 0o600)
    run("/usr/bin/dnssec-signzone", "-q", "-P", "-x", "-o", "nl.test", "-d", world.folder, "-K", keys, "-f", world.output,
        "-s", "20261120000000", "-e", "20270101000000", world.write("bind.zone", text),
        *[name[:-len(".private")] for name in names if name.endswith(".private")])
    return "zone", "adopt", "nl.test", keys, "--published", world.output, "-i", world.input, "-o", world.output


SCENES = (roll_start, roll_start_ksk, roll_step, roll_abort, emergency, hold, release, expect_change, withdraw_change,
          generate, generate_standby, revoke, purge, import_key, policy_apply, ds_seen, ds_gone, adopt)
