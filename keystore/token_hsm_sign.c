/* SPDX-License-Identifier: MIT */
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keystore/dnskey.h"
#include "keystore/token_hsm_private.h"
#include "signer/base/arena.h"

enum { CHALLENGE = 64, SIGNATURE = 512 };

struct seat {
	struct hsm_session session;
	CK_OBJECT_HANDLE object;
};

struct hsm_signer {
	struct key key;
	const struct algorithm *algorithm;
	const struct hsm_kind *kind;
	EVP_PKEY *published;
	struct token_ledger *ledger;
	struct seat seats[HSM_MOST]; /* one for each token of the key */
	size_t count, least;
	size_t first; /* the seat that this signer asks first */
	size_t copies;
};

/* ---- signing ---- */

static enum status open_seat(const struct hsm_signer *signer, struct seat *seat, struct error *err)
{
	enum status status = hsm_session_open(seat->session.hsm, false, &seat->session, err);
	if (status == STATUS_OK)
		status = hsm_find_private(&seat->session, &signer->key, &seat->object, err);
	if (status != STATUS_OK)
		hsm_session_close(&seat->session);
	return status;
}

/* What the token is to sign: the digest for ECDSA, the DigestInfo for RSA (RFC 8017 9.2), the data for EdDSA. */
bool hsm_make_input(const struct algorithm *algorithm, const struct hsm_kind *kind, struct bytes data,
    uint8_t room[HSM_INPUT], struct bytes *out)
{
	size_t size = 0;
	if (algorithm->digest == NULL) {
		*out = data;
		return true;
	}
	if (kind->prefix_size > 0)
		memcpy(room, kind->prefix, kind->prefix_size);
	if (EVP_Q_digest(NULL, algorithm->digest, NULL, data.data, data.size, room + kind->prefix_size, &size) != 1)
		return false;
	*out = (struct bytes){ room, kind->prefix_size + size };
	return true;
}

static CK_RV ask(
    const struct hsm_signer *signer, const struct seat *seat, struct bytes input, uint8_t *out, CK_ULONG *out_size)
{
	CK_MECHANISM mechanism = { signer->kind->sign, NULL, 0 };
	CK_FUNCTION_LIST *const module = seat->session.hsm->module;
	struct hsm *const hsm = seat->session.hsm;
	const size_t call = hsm_watch_begin(hsm->watch, hsm->name);
	CK_RV rv = module->C_SignInit(seat->session.handle, &mechanism, seat->object);
	if (rv == CKR_OK)
		rv = module->C_Sign(seat->session.handle, (CK_BYTE *)input.data, input.size, out, out_size);
	hsm_watch_end(hsm->watch, call);
	return rv;
}

/* One signature by one token, proved. A session that was lost is opened anew, and a token that says "not now" is asked
 * again a little later; both a few times. */
static enum status sign_at(const struct hsm_signer *signer, struct seat *seat, struct bytes data,
    uint8_t out[SIGNATURE], size_t *out_size, struct error *err)
{
	uint8_t room[HSM_INPUT];
	struct bytes input;
	CK_RV rv = CKR_OK;
	CK_ULONG size = SIGNATURE;
	if (!hsm_make_input(signer->algorithm, signer->kind, data, room, &input))
		return error_set(err, STATUS_KEY, "hashing failed");
	for (unsigned attempt = 0; attempt < HSM_TRIES; attempt++) {
		if (hsm_is_busy(rv))
			hsm_wait(attempt - 1);
		const enum status status = seat->session.open ? STATUS_OK : open_seat(signer, seat, err);
		if (status != STATUS_OK)
			return status;
		size = SIGNATURE;
		rv = ask(signer, seat, input, out, &size);
		if (!hsm_is_lost(rv) && !hsm_is_busy(rv))
			break;
		/* Also where it is busy: CKR_OPERATION_ACTIVE is the session's. */
		hsm_session_close(&seat->session);
	}
	if (rv != CKR_OK)
		return hsm_refuse(seat->session.hsm, err, rv, "signing failed");
	if (!dnskey_verify(signer->algorithm, signer->published, data, (struct bytes){ out, size }))
		return error_set(err, STATUS_KEY,
		    "store %s: it made a signature that does not verify under the public key of %s %u: it holds "
		    "another key, or is broken",
		    seat->session.hsm->name, key_role_name(signer->key.role), signer->key.tag);
	*out_size = size;
	return STATUS_OK;
}

/* What this key came to on the token, and that no key asks it again in this run. */
static void quarantine(const struct hsm_signer *signer, struct hsm *hsm, unsigned shown, const struct error *why)
{
	ledger_fail(signer->ledger, &signer->key, hsm->name, shown, why);
	pthread_mutex_lock(&hsm->lock);
	if (!atomic_load(&hsm->quarantined))
		snprintf(hsm->why, sizeof(hsm->why), "%.*s", (int)sizeof(hsm->why) - 1, why->message);
	atomic_store(&hsm->quarantined, true);
	pthread_mutex_unlock(&hsm->lock);
}

static size_t working(const struct hsm_signer *signer)
{
	size_t count = 0;
	for (size_t i = 0; i < signer->count; i++)
		count += !atomic_load(&signer->seats[i].session.hsm->quarantined);
	return count;
}

/* Then `why` says what came of it: another worker may have met it, and this one has no other words for its refusal. */
static bool is_quarantined(const struct hsm_signer *signer, struct hsm *hsm, struct error *why)
{
	if (!atomic_load(&hsm->quarantined))
		return false;
	pthread_mutex_lock(&hsm->lock);
	error_set(why, STATUS_KEY, "no store of %s %u can be used; %s", key_role_name(signer->key.role),
	    signer->key.tag, hsm->why);
	pthread_mutex_unlock(&hsm->lock);
	return true;
}

enum status hsm_sign(
    struct hsm_signer *signer, const uint8_t *data, size_t size, uint8_t *out, size_t *out_size, struct error *err)
{
	enum status status = STATUS_KEY;
	struct error why;
	error_clear(&why);
	for (size_t i = 0; i < signer->count; i++) {
		struct seat *const seat = &signer->seats[(signer->first + i) % signer->count];
		if (is_quarantined(signer, seat->session.hsm, &why))
			continue;
		status = sign_at(signer, seat, (struct bytes){ data, size }, out, out_size, &why);
		if (status == STATUS_OK)
			return STATUS_OK;
		quarantine(signer, seat->session.hsm, 0, &why);
		if (working(signer) < signer->least)
			break;
	}
	if (err != NULL)
		*err = why;
	return status;
}

/* ---- proof ---- */

/* The tag of what the token shows, computed anew: the keystore's row could be the one that is wrong. */
static bool has_tag(const struct key *key, const uint8_t *public_key, uint16_t size)
{
	struct key shown = *key;
	memcpy(shown.public_key, public_key, size);
	shown.public_size = size;
	dnskey_identify(&shown);
	return shown.tag == key->tag && shown.revoked_tag == key->revoked_tag;
}

/* Public key and tag. `lies` is set where the token showed another key: that is never carried by the others. */
static enum status prove_public(
    struct hsm_signer *signer, struct seat *seat, bool *lies, unsigned *shown, struct error *err)
{
	uint8_t public_key[KEY_PUBLIC_MAX];
	uint16_t size = 0;
	enum status status = open_seat(signer, seat, err);
	if (status == STATUS_OK)
		status = hsm_public_of(&seat->session, &signer->key, public_key, &size, err);
	if (status != STATUS_OK)
		return status;
	if (size != signer->key.public_size || memcmp(public_key, signer->key.public_key, size) != 0) {
		*lies = true;
		return error_set(err, STATUS_KEY,
		    "store %s: its public key is not that of %s %u, under the same CKA_ID: the key was made anew "
		    "there, not copied; signatures by it would be bogus",
		    seat->session.hsm->name, key_role_name(signer->key.role), signer->key.tag);
	}
	*shown |= TOKEN_SHOWS_PUBLIC;
	*lies = !has_tag(&signer->key, public_key, size);
	if (*lies)
		return error_set(err, STATUS_KEY,
		    "store %s: the public key that it shows has not the tag of %s %u (RFC 4034 Appendix B): the "
		    "keystore's row is wrong",
		    seat->session.hsm->name, key_role_name(signer->key.role), signer->key.tag);
	*shown |= TOKEN_SHOWS_TAG;
	return STATUS_OK;
}

/* A signature that nobody keeps; sign_at verifies it under the published key. */
static enum status prove_by(struct hsm_signer *signer, struct seat *seat, struct bytes data, unsigned shows, bool *lies,
    unsigned *shown, struct error *err)
{
	uint8_t signature[SIGNATURE];
	size_t made = 0;
	const enum status status = sign_at(signer, seat, data, signature, &made, err);
	*lies = status != STATUS_OK && seat->session.open;
	if (status == STATUS_OK)
		*shown |= shows;
	return status;
}

static enum status prove(struct hsm_signer *signer, struct seat *seat, bool *lies, unsigned *shown, struct error *err)
{
	uint8_t challenge[CHALLENGE];
	const enum status status = prove_public(signer, seat, lies, shown, err);
	if (status != STATUS_OK)
		return status;
	if (RAND_bytes(challenge, sizeof(challenge)) != 1)
		return error_set(err, STATUS_KEY, "no random octets for the challenge");
	return prove_by(
	    signer, seat, (struct bytes){ challenge, sizeof(challenge) }, TOKEN_SHOWS_CHALLENGE, lies, shown, err);
}

/* A store that is left out already has not shown this key either. */
static bool is_left_out(const struct hsm_signer *signer, struct hsm *hsm)
{
	struct error why;
	if (!atomic_load(&hsm->quarantined) || working(signer) < signer->least)
		return false;
	error_clear(&why);
	error_set(&why, STATUS_KEY, "%s", hsm->why);
	ledger_fail(signer->ledger, &signer->key, hsm->name, 0, &why);
	return true;
}

/* Each token that is in use shows the key, or signs the RRset; one that cannot is left out where that is allowed. */
static enum status prove_all(struct hsm_signer *signer, const struct bytes *rrset, struct error *err)
{
	for (size_t i = 0; i < signer->count; i++) {
		struct seat *const seat = &signer->seats[i];
		struct hsm *const hsm = seat->session.hsm;
		struct error why;
		unsigned shown = 0;
		bool lies = false;
		error_clear(&why);
		if (is_left_out(signer, hsm))
			continue;
		const enum status status = rrset == NULL
					       ? prove(signer, seat, &lies, &shown, &why)
					       : prove_by(signer, seat, *rrset, TOKEN_SHOWS_RRSET, &lies, &shown, &why);
		if (status == STATUS_OK) {
			ledger_note(signer->ledger, &signer->key, hsm->name, shown);
			continue;
		}
		quarantine(signer, hsm, shown, &why);
		if (!lies && working(signer) >= signer->least)
			continue;
		if (err != NULL)
			*err = why;
		return status;
	}
	return STATUS_OK;
}

enum status hsm_signer_prove(struct hsm_signer *signer, struct bytes rrset, struct error *err)
{
	return prove_all(signer, &rrset, err);
}

static enum status make_signer(
    struct hsm_list *list, const struct key *key, EVP_PKEY *published, struct hsm_signer **out, struct error *err)
{
	struct hsm *tokens[HSM_MOST];
	size_t count = 0;
	if (list == NULL)
		return error_set(err, STATUS_KEY,
		    "%s %u is on tokens (%s), and there is no keys/stores.conf in the state folder that says which",
		    key_role_name(key->role), key->tag, key->locator);
	if (hsm_kind_of(key->algorithm) == NULL)
		return error_set(err, STATUS_KEY, "algorithm %u is not used with tokens", key->algorithm);
	enum status status = hsm_places(list, key, false, tokens, &count, err);
	if (status != STATUS_OK)
		return status;
	struct hsm_signer *const signer = memory_calloc(1, sizeof(*signer));
	signer->key = *key;
	signer->algorithm = alg_by_number(key->algorithm);
	signer->kind = hsm_kind_of(key->algorithm);
	signer->published = EVP_PKEY_up_ref(published) == 1 ? published : NULL;
	signer->ledger = list->ledger;
	signer->count = count;
	signer->least = list->least == 0 || list->least > count ? count : list->least;
	for (size_t i = 0; i < count; i++)
		signer->seats[i].session.hsm = tokens[i];
	*out = signer;
	return STATUS_OK;
}

enum status hsm_signer_new(
    struct hsm_list *list, const struct key *key, EVP_PKEY *published, struct hsm_signer **out, struct error *err)
{
	struct hsm_signer *signer = NULL;
	enum status status = make_signer(list, key, published, &signer, err);
	if (status == STATUS_OK)
		status = prove_all(signer, NULL, err);
	if (status == STATUS_OK)
		*out = signer;
	else
		hsm_signer_free(signer);
	return status;
}

/* One token, from the first octet to the RRset, whatever happened to it before. */
static enum status prove_whole(struct hsm_signer *signer, struct seat *seat, struct bytes rrset, struct error *err)
{
	bool lies = false;
	unsigned shown = 0;
	enum status status = prove(signer, seat, &lies, &shown, err);
	if (status == STATUS_OK)
		status = prove_by(signer, seat, rrset, TOKEN_SHOWS_RRSET, &lies, &shown, err);
	if (status == STATUS_OK)
		ledger_note(signer->ledger, &signer->key, seat->session.hsm->name, shown);
	else
		ledger_fail(signer->ledger, &signer->key, seat->session.hsm->name, shown, err);
	return status;
}

enum status hsm_prove(
    struct hsm_list *list, const struct key *key, EVP_PKEY *published, struct bytes rrset, struct error *err)
{
	struct hsm_signer *signer = NULL;
	enum status status = make_signer(list, key, published, &signer, err);
	for (size_t i = 0; signer != NULL && i < signer->count; i++) {
		struct error why;
		error_clear(&why);
		const enum status one = prove_whole(signer, &signer->seats[i], rrset, &why);
		if (one == STATUS_OK || status != STATUS_OK)
			continue;
		status = one;
		if (err != NULL)
			*err = why;
	}
	hsm_signer_free(signer);
	return status;
}

struct hsm_signer *hsm_signer_copy(struct hsm_signer *signer)
{
	struct hsm_signer *const copy = memory_calloc(1, sizeof(*copy));
	*copy = *signer;
	copy->published = EVP_PKEY_up_ref(signer->published) == 1 ? signer->published : NULL;
	copy->first = (signer->first + ++signer->copies) % signer->count;
	copy->copies = 0;
	for (size_t i = 0; i < copy->count; i++)
		copy->seats[i] = (struct seat){ .session = { .hsm = signer->seats[i].session.hsm } };
	return copy;
}

void hsm_signer_free(struct hsm_signer *signer)
{
	if (signer == NULL)
		return;
	for (size_t i = 0; i < signer->count; i++)
		hsm_session_close(&signer->seats[i].session);
	EVP_PKEY_free(signer->published);
	free(signer);
}
