/* SPDX-License-Identifier: MIT */
#include <openssl/rand.h>
#include <string.h>

#include "keystore/dnskey.h"
#include "keystore/token_hsm_crew.h"

enum { CHALLENGE = 64 };

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
    struct hsm_signer *signer, struct hsm_desk *desk, bool *lies, unsigned *shown, struct error *err)
{
	struct hsm_crew *const crew = signer->crew;
	uint8_t public_key[KEY_PUBLIC_MAX];
	uint16_t size = 0;
	const enum status status = hsm_crew_public(crew, desk, public_key, &size, err);
	if (status != STATUS_OK)
		return status;
	if (size != crew->key.public_size || memcmp(public_key, crew->key.public_key, size) != 0) {
		*lies = true;
		return error_set(err, STATUS_KEY,
		    "key.hsm-identical: store %s: its public key is not that of %s %u, under the same CKA_ID: the key "
		    "was made anew "
		    "there, not copied; signatures by it would be bogus",
		    desk->hsm->name, key_role_name(crew->key.role), crew->key.tag);
	}
	*shown |= TOKEN_SHOWS_PUBLIC;
	*lies = !has_tag(&crew->key, public_key, size);
	if (*lies)
		return error_set(err, STATUS_KEY,
		    "key.hsm-identical: store %s: the public key that it shows has not the tag of %s %u (RFC 4034 "
		    "Appendix B): the "
		    "keystore's row is wrong",
		    desk->hsm->name, key_role_name(crew->key.role), crew->key.tag);
	*shown |= TOKEN_SHOWS_TAG;
	return STATUS_OK;
}

/* A signature that nobody keeps; hsm_sign_at verifies it under the published key. */
static enum status prove_by(struct hsm_signer *signer, struct hsm_desk *desk, struct bytes data, unsigned shows,
    bool *lies, unsigned *shown, struct error *err)
{
	uint8_t signature[HSM_SIGNATURE];
	struct token_task task = { .data = data, .out = signature };
	bool reached = false;
	const enum status status = hsm_sign_at(signer, desk, false, &task, 1, &reached, err);
	*lies = status != STATUS_OK && reached;
	if (status == STATUS_OK)
		*shown |= shows;
	return status;
}

static enum status prove(
    struct hsm_signer *signer, struct hsm_desk *desk, bool *lies, unsigned *shown, struct error *err)
{
	uint8_t challenge[CHALLENGE];
	const enum status status = prove_public(signer, desk, lies, shown, err);
	if (status != STATUS_OK)
		return status;
	if (RAND_bytes(challenge, sizeof(challenge)) != 1)
		return error_set(err, STATUS_KEY, "no random octets for the challenge");
	return prove_by(
	    signer, desk, (struct bytes){ challenge, sizeof(challenge) }, TOKEN_SHOWS_CHALLENGE, lies, shown, err);
}

/* A store that is left out already has not shown this key either. */
static bool is_left_out(const struct hsm_crew *crew, struct hsm *hsm)
{
	struct error why;
	if (!atomic_load(&hsm->quarantined) || hsm_working(crew) < crew->least)
		return false;
	error_clear(&why);
	error_set(&why, STATUS_KEY, "%s", hsm->why);
	ledger_fail(crew->ledger, &crew->key, hsm->name, 0, &why);
	return true;
}

/* Each token that is in use shows the key, or signs the RRset; one that cannot is left out where that is allowed. */
static enum status prove_all(struct hsm_signer *signer, const struct bytes *rrset, struct error *err)
{
	struct hsm_crew *const crew = signer->crew;
	for (size_t i = 0; i < crew->count; i++) {
		struct hsm_desk *const desk = &crew->desks[i];
		struct hsm *const hsm = desk->hsm;
		struct error why;
		unsigned shown = 0;
		bool lies = false;
		error_clear(&why);
		if (is_left_out(crew, hsm))
			continue;
		const enum status status = rrset == NULL
					       ? prove(signer, desk, &lies, &shown, &why)
					       : prove_by(signer, desk, *rrset, TOKEN_SHOWS_RRSET, &lies, &shown, &why);
		if (status == STATUS_OK) {
			ledger_note(crew->ledger, &crew->key, hsm->name, shown);
			continue;
		}
		hsm_quarantine(crew, hsm, shown, &why);
		if (!lies && hsm_working(crew) >= crew->least)
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

enum status hsm_signer_new(
    struct hsm_list *list, const struct key *key, EVP_PKEY *published, struct hsm_signer **out, struct error *err)
{
	struct hsm_signer *signer = NULL;
	enum status status = hsm_crew_signer(list, key, published, &signer, err);
	if (status == STATUS_OK)
		status = prove_all(signer, NULL, err);
	if (status == STATUS_OK)
		*out = signer;
	else
		hsm_signer_free(signer);
	return status;
}

/* One token, from the first octet to the RRset, whatever happened to it before. */
static enum status prove_whole(struct hsm_signer *signer, struct hsm_desk *desk, struct bytes rrset, struct error *err)
{
	const struct hsm_crew *const crew = signer->crew;
	bool lies = false;
	unsigned shown = 0;
	enum status status = prove(signer, desk, &lies, &shown, err);
	if (status == STATUS_OK)
		status = prove_by(signer, desk, rrset, TOKEN_SHOWS_RRSET, &lies, &shown, err);
	if (status == STATUS_OK)
		ledger_note(crew->ledger, &crew->key, desk->hsm->name, shown);
	else
		ledger_fail(crew->ledger, &crew->key, desk->hsm->name, shown, err);
	return status;
}

enum status hsm_prove(
    struct hsm_list *list, const struct key *key, EVP_PKEY *published, struct bytes rrset, struct error *err)
{
	struct hsm_signer *signer = NULL;
	enum status status = hsm_crew_signer(list, key, published, &signer, err);
	for (size_t i = 0; signer != NULL && i < signer->crew->count; i++) {
		struct error why;
		error_clear(&why);
		const enum status one = prove_whole(signer, &signer->crew->desks[i], rrset, &why);
		if (one == STATUS_OK || status != STATUS_OK)
			continue;
		status = one;
		if (err != NULL)
			*err = why;
	}
	hsm_signer_free(signer);
	return status;
}
