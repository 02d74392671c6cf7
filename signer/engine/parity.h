/* SPDX-License-Identifier: MIT */
/*
 * Two sites, one signer: the active one writes a signed snapshot of what it knows, and the standby signs nothing before
 * its own keystore says the very same, its tokens prove every key, and the published files are what the snapshot names.
 *
 * The snapshot is text: a head, the state of each zone in lines that both sites make from their keystores with the same
 * code, and an Ed25519 signature by a key that is made for this and nothing else. It holds no secret. The standby keeps
 * the public half in the file "standby" of its state folder, outside the keystore: whatever is restored over it, the
 * file goes on to forbid signing until parity_promote removes it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keystore/store.h"
#include "signer/base/arena.h"
#include "signer/base/bytes.h"
#include "signer/base/error.h"
#include "signer/base/utc.h"

enum { PARITY_KEY = 32, PARITY_SIGNATURE = 64, PARITY_MOST = 64 << 20 };

/* A snapshot that was read; text points into what was given. */
struct parity_snapshot {
	struct utc made;
	uint8_t key[PARITY_KEY]; /* the public half that it says it is signed with */
	uint8_t signature[PARITY_SIGNATURE];
	struct bytes body;    /* the zones' lines */
	struct bytes covered; /* what the signature is over: head and body */
};

/* STATUS_MALFORMED unless it is a whole snapshot of this version. Does not verify. */
enum status parity_parse(struct bytes text, struct parity_snapshot *out, struct error *err) MUST_CHECK;

/* The state of all zones in lines, as of `when`. */
enum status parity_body(
    struct store *store, struct utc when, struct arena *mem, char **out, struct error *err) MUST_CHECK;

/* The whole snapshot, signed; the key is made in the state folder with the first. */
enum status parity_export(struct store *store, const char *state, struct utc now, struct arena *mem, char **out,
    struct error *err) MUST_CHECK;

/* Marks the state folder as a standby of the signer whose parity key this is (base64). */
enum status parity_stand_by(const char *state, const char *key, const char *reason, struct utc now, struct arena *mem,
    struct error *err) MUST_CHECK;

bool parity_is_standby(const char *state);

/* STATUS_REFUSED if the state folder is a standby's: nothing is changed and nothing is signed there. */
enum status parity_refuse_standby(const char *state, struct error *err) MUST_CHECK;

/* Of a standby: when the snapshot was made with which keystore and private keys were found equal last; 0: with none
 * since a backup was restored. */
enum status parity_note_matched(const char *state, struct utc made, struct arena *mem, struct error *err) MUST_CHECK;
struct utc parity_matched(const char *state, struct arena *mem);
enum status parity_forget_matched(const char *state, struct arena *mem, struct error *err) MUST_CHECK;

struct parity_result {
	struct utc made;
	size_t zones, keys; /* keys that were proved */
};

/* Whether the keystore says what the snapshot in the file says, signed by the key that the standby trusts, and whether
 * every key in use works. STATUS_NO with the first difference. */
enum status parity_check(struct store *store, const char *state, const char *file, const char *passphrase_file,
    struct utc now, struct arena *mem, struct parity_result *out, struct error *err) MUST_CHECK;

/* parity_check, and the published files are what the snapshot names: then the standby becomes the signer. The caller
 * has made sure that the old one is off. STATUS_REFUSED with the first file that is another. */
enum status parity_promote(struct store *store, const char *state, const char *file, const char *passphrase_file,
    const char *reason, struct utc now, struct arena *mem, struct parity_result *out, struct error *err) MUST_CHECK;
