# SPDX-License-Identifier: MIT
"""Outages in which a key was not the key that it was taken for."""
import base64
import os

import zonemaker
from broken import FileKey, tag_of
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from stage import KEY, OK, REFUSED, ZONE, Failed, drill

ED25519 = "keys: {algorithm: ED25519, zsk: {lifetime: unlimited}}\nparent: {ds: by-hand}\n"


def twins():
    """Two real pairs of keys with one tag: among some hundred of them there are two by chance."""
    seen = {}
    for number in range(1 << 16):
        seed = number.to_bytes(32, "big")
        key = FileKey(ed25519.Ed25519PrivateKey.from_private_bytes(seed), 256, 15)
        if key.tag() in seen:
            return seen[key.tag()], key
        seen[key.tag()] = key
    raise Failed("no two keys with one tag")


def bind_files(stage, name, key):
    """The pair in the form of BIND's tools."""
    raw = key.private.private_bytes(serialization.Encoding.Raw, serialization.PrivateFormat.Raw,
                                    serialization.NoEncryption())
    stage.write(name + ".key", f"{ZONE} IN DNSKEY {key.text()}\n")
    return stage.write(name + ".private", "Private-key-format: v1.3\nAlgorithm: 15 (ED25519)\nPrivateKey: "
                       f"{base64.b64encode(raw).decode()}\n", 0o600)


@drill(".ru, .tatar, .дети", "2024-01-30", "a second key of that tag is refused; `key.tag-unique`, `sig.valid`")
def ru_2024(stage):
    """At the quarterly change of the ZSK "two key pairs with the same key tag" existed by a fault of the software: the zone
    was signed with one, and the other was published. Two and a half hours, all of .ru. Here a key is its public key, never
    its tag; two keys with one tag are not let into a keystore, nor into a zone."""
    one, other = twins()
    stage.open(ED25519, settled=True)
    stage.tell(f"Two real pairs of keys with tag {one.tag()}, made by some other program, are brought in.")
    stage.z("key", "import", ZONE, bind_files(stage, "one", one), "--zsk", code=OK)
    stage.says(stage.z("key", "import", ZONE, bind_files(stage, "other", other), "--zsk", code=REFUSED),
               f"tag|{one.tag()}")
    stage.tell("The ZSK is rolled to the first; a signer with that fault signs with the second.")
    stage.z("roll", "start", ZONE, "--zsk", code=OK, quiet=True)
    for day in ("2026-11-30", "2026-12-01"):
        stage.at(day + "T12:00:00Z")
        stage.z("run", code=OK, quiet=True)
    stage.state_that(str(one.tag()).encode() in stage.read(), "the key was not taken")
    stage.keep()
    stage.new_registration()

    def sign_with_the_twin(zone):
        zone.keys = [other if key.flags == 256 and key.tag() == one.tag() else key for key in zone.keys]
        for records in zone.sets().values():
            mine = [r for r in zone.of("RRSIG", covers=records[0].type) if r.name == records[0].name]
            if mine and mine[0].text.split()[6] == str(one.tag()):
                zone.sign_again(records, [other])
    with stage.broken_signer(sign_with_the_twin):
        done = stage.z("run")
    stage.refused(done, "sig.valid", "sig.valid: signatures that do not verify with the published key",
                  cause=[f"every signature that claims tag {one.tag()} fails", "the private key in use is another one"])

    def publish_both(zone):
        zone.records.append(zonemaker.Record(zone.of("SOA")[0].name, zone.of("DNSKEY")[0].ttl, "DNSKEY", other.text()))
        zone.sign_again(zone.of("DNSKEY"))
        sign_with_the_twin(zone)
    stage.tell("And one that publishes both, so that every signature verifies with one of them.")
    with stage.broken_signer(publish_both):
        done = stage.z("run")
    stage.refused(done, "key.tag-unique", cause=["FAIL key.expected"])
    stage.goes_on()


@drill("dlv.isc.org", "2009-04-06", "exit 69: no key, no zone")
def dlv_2009(stage):
    """While the ZSK was rolled the KSK was out of reach of the signer. The signer did not notice, and published a DNSKEY
    RRset without a signature that anybody trusts; ISC added tests before publication."""
    stage.open(ED25519, settled=True)
    private = hide(stage, "ksk")
    done = stage.z("roll", "start", ZONE, "--zsk")
    stage.stopped(done, REFUSED, "the private half of KSK [0-9]+ is missing", "put it back from a backup")
    stage.new_registration()
    stage.stopped(stage.z("run"), KEY, r"\.pem", "is untouched and valid until")
    stage.tell("The same with a signer that does not care.")
    private.back()

    def fault(zone):
        zone.drop(zone.of("RRSIG", covers="DNSKEY"))
    with stage.broken_signer(fault):
        done = stage.z("run")
    stage.refused(done, "chain.anchor", cause=["FAIL chain.self-signed"])
    stage.goes_on()


class hide:  # pylint: disable=invalid-name  # a verb in the drills
    """A key's private half, out of reach."""

    def __init__(self, stage, role, text=None):
        key = next(key for key in stage.json("key", "list", ZONE)["keys"] if key["role"] == role)
        self.path = os.path.join(stage.state, "keys", key["fingerprint"] + ".pem")
        stage.tell(f"The file with the private half of the {role.upper()} is {'another' if text else 'out of reach'}.")
        os.rename(self.path, self.path + ".away")
        if text:
            with open(self.path, "w", encoding="ascii", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
                file.write(text)

    def back(self):
        os.rename(self.path + ".away", self.path)


@drill("reports on small signers", "2017 to 2021", "each run fails with exit 69, and says until when there is time")
def unreadable_2017(stage):
    """A signer could not read its key, because the permissions were wrong or the file was gone, and went on quietly without
    signing until the signatures had expired."""
    stage.open(ED25519)
    stage.new_registration()
    private = hide(stage, "zsk")
    for day in ("2026-11-24T13:00:00Z", "2026-11-30T12:00:00Z"):
        stage.at(day)
        stage.stopped(stage.z("run"), KEY, r"\.pem", r"is untouched and valid until 2026-12-1\d")
    stage.at("2026-12-10T12:00:00Z")
    stage.says(stage.z("check", code=2), "CRITICAL", "rrsig_min_left")
    private.back()
    stage.tell("The private half of another key is copied to its place.")
    other = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32)).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    private = hide(stage, "zsk", other)
    stage.stopped(stage.z("run"), KEY, "another key|not the private half|fingerprint|public", "is untouched and valid until")
    private.back()
    stage.goes_on()


@drill("zones signed by ldns-signzone", "2024 to 2026", "`key.expected`: the published keys are those of the key states")
def ldns_2024(stage):
    """A signer took the tags T and T+1 for one key and dropped the KSK from the zone; it also went on, without a word, when
    a key file could not be read, and used the key before it again. There were fewer keys in the zone than asked for."""
    stage.open(ED25519, settled=True)
    stage.z("key", "generate", ZONE, "--zsk", "--standby", code=OK, quiet=True)
    stage.new_registration()

    def fault(zone):
        used = {r.text.split()[6] for r in zone.of("RRSIG")}
        zone.drop([r for r in zone.of("DNSKEY") if str(tag_of(r)) not in used])
        zone.sign_again(zone.of("DNSKEY"))
    stage.tell("The standby ZSK is not in the zone, though the key states say that it is.")
    with stage.broken_signer(fault):
        done = stage.z("run")
    stage.refused(done, "key.expected")
    stage.goes_on()
