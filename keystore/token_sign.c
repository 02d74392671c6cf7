/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#include "keystore/dnskey.h"
#include "keystore/token_hsm.h"
#include "keystore/token_p256.h"
#include "keystore/token_private.h"
#include "signer/base/arena.h"
#include "signer/base/bytes.h"
#include "signer/base/vault.h"

enum { CHALLENGE_SIZE = 64, DER_MAX = 160, SIGNATURE_ROOM = 512 };

/* Signatures after which a P-256 signer gets what makes many at once: making that costs as much as 150. */
enum { MANY = 256 };

_Static_assert((int)TOKEN_BATCH == (int)P256_BATCH, "a batch is a batch");

/* For RSA and ECDSA: the hash is made here with contexts that live as long as the signer, and EVP_PKEY_sign signs it;
 * that spares EVP_DigestSign's set-up for each signature, about a tenth to a quarter of the time of a P-256 one.
 *
 * No signature that is made here is verified after it was made (those of tokens are): an RSA signature by CRT is
 * checked against the public exponent inside OpenSSL, and every signature of a zone is verified by the gate before
 * anything is published. */
struct token_signer {
	const struct algorithm *algorithm;
	EVP_PKEY *pkey;
	EVP_PKEY_CTX *sign; /* NULL for EdDSA */
	EVP_MD *digest;     /* NULL for EdDSA */
	EVP_MD_CTX *hash;
	struct token_p256 *many; /* NULL: not yet, or not this key or processor */
	bool many_tried;
	unsigned made;             /* by token_sign_all, until `many_tried` */
	struct hsm_signer *remote; /* on tokens: pkey is the public half; NULL: in this process */
	uint16_t tag;
	char fingerprint[17]; /* the first digits, for messages */
	enum key_role role;
};

static enum status refuse(const struct token_signer *signer, struct error *err, const char *what)
{
	const char *const reason = ERR_reason_error_string(ERR_peek_last_error());
	const enum status status = error_set(err, STATUS_KEY, "%s %u (%s): %s%s%s", key_role_name(signer->role),
	    signer->tag, signer->fingerprint, what, reason == NULL ? "" : ": ", reason == NULL ? "" : reason);
	ERR_clear_error();
	return status;
}

static bool prepare(struct token_signer *signer)
{
	signer->hash = EVP_MD_CTX_new();
	if (signer->hash == NULL)
		return false;
	if (signer->algorithm->digest == NULL)
		return true;
	signer->digest = EVP_MD_fetch(NULL, signer->algorithm->digest, NULL);
	signer->sign = EVP_PKEY_CTX_new_from_pkey(NULL, signer->pkey, NULL);
	if (signer->digest == NULL || signer->sign == NULL || EVP_PKEY_sign_init(signer->sign) != 1)
		return false;
	if (signer->algorithm->least_bits > 0 && EVP_PKEY_CTX_set_rsa_padding(signer->sign, RSA_PKCS1_PADDING) != 1)
		return false;
	return EVP_PKEY_CTX_set_signature_md(signer->sign, signer->digest) == 1;
}

/* `like` gives the names for messages; the contexts are made anew, since each belongs to one thread. */
static enum status signer_make(
    const struct token_signer *like, EVP_PKEY *pkey, struct token_signer **out, struct error *err)
{
	struct token_signer *const signer = memory_calloc(1, sizeof(*signer));
	*signer = *like;
	signer->sign = NULL;
	signer->digest = NULL;
	signer->hash = NULL;
	signer->many = NULL;
	signer->many_tried = false;
	signer->made = 0;
	signer->pkey = EVP_PKEY_up_ref(pkey) == 1 ? pkey : NULL;
	if (signer->pkey == NULL || !prepare(signer)) {
		token_signer_free(signer);
		return refuse(like, err, "cannot be made ready to sign");
	}
	*out = signer;
	return STATUS_OK;
}

enum status signer_of_pkey(const struct key *key, EVP_PKEY *pkey, struct token_signer **out, struct error *err)
{
	struct token_signer like = { .algorithm = alg_by_number(key->algorithm), .tag = key->tag, .role = key->role };
	if (like.algorithm == NULL)
		return error_set(err, STATUS_KEY, "%s %u: algorithm %u is not supported", key_role_name(key->role),
		    key->tag, key->algorithm);
	bytes_to_hex((struct bytes){ key->fingerprint, 8 }, false, like.fingerprint);
	return signer_make(&like, pkey, out, err);
}

/* Everything else of a signer on tokens is in `remote`. */
static void make_remote(const struct token_signer *like, struct hsm_signer *remote, struct token_signer **out)
{
	*out = memory_calloc(1, sizeof(**out));
	(*out)->algorithm = like->algorithm;
	(*out)->tag = like->tag;
	(*out)->role = like->role;
	(*out)->remote = remote;
}

enum status signer_of_tokens(
    struct hsm_list *tokens, const struct key *key, struct token_signer **out, struct error *err)
{
	const struct token_signer like = {
		.algorithm = alg_by_number(key->algorithm), .tag = key->tag, .role = key->role
	};
	EVP_PKEY *published = NULL;
	struct hsm_signer *remote = NULL;
	if (like.algorithm == NULL)
		return error_set(err, STATUS_KEY, "%s %u: algorithm %u is not supported", key_role_name(key->role),
		    key->tag, key->algorithm);
	enum status status = dnskey_public_to_pkey(like.algorithm, key->public_key, key->public_size, &published, err);
	if (status == STATUS_OK)
		status = hsm_signer_new(tokens, key, published, &remote, err);
	EVP_PKEY_free(published);
	if (status == STATUS_OK)
		make_remote(&like, remote, out);
	return status;
}

enum status token_signer_copy(const struct token_signer *signer, struct token_signer **out, struct error *err)
{
	if (signer->remote != NULL) {
		make_remote(signer, hsm_signer_copy(signer->remote), out);
		return STATUS_OK;
	}
	return signer_make(signer, signer->pkey, out, err);
}

void token_signer_free(struct token_signer *signer)
{
	if (signer == NULL)
		return;
	hsm_signer_free(signer->remote);
	token_p256_free(signer->many);
	EVP_PKEY_CTX_free(signer->sign);
	EVP_MD_CTX_free(signer->hash);
	EVP_MD_free(signer->digest);
	EVP_PKEY_free(signer->pkey);
	free(signer);
}

/* One INTEGER of a DER signature as `width` octets, without its sign octet. */
static bool take_integer(struct cursor *der, uint8_t *out, size_t width)
{
	const bool is_integer = cursor_u8(der) == 0x02;
	struct bytes number = cursor_take(der, cursor_u8(der));
	while (number.size > 0 && number.data[0] == 0) {
		number.data++;
		number.size--;
	}
	if (!is_integer || der->failed || number.size > width)
		return false;
	memset(out, 0, width - number.size);
	if (number.size > 0)
		memcpy(out + width - number.size, number.data, number.size);
	return true;
}

/* Ecdsa-Sig-Value (RFC 3279 2.2.3) to r | s (RFC 6605 4). Lengths fit in one octet: P-384 needs 102 at most. */
static bool split_ecdsa(const uint8_t *der, size_t size, uint8_t *out, size_t width)
{
	struct cursor at = cursor_init((struct bytes){ der, size });
	const bool sequence = cursor_u8(&at) == 0x30 && cursor_u8(&at) == size - 2;
	return sequence && take_integer(&at, out, width) && take_integer(&at, out + width, width) &&
	       cursor_left(&at) == 0;
}

static bool make_digest(struct token_signer *signer, struct bytes data, uint8_t *out, unsigned *size)
{
	return EVP_DigestInit_ex(signer->hash, signer->digest, NULL) == 1 &&
	       EVP_DigestUpdate(signer->hash, data.data, data.size) == 1 &&
	       EVP_DigestFinal_ex(signer->hash, out, size) == 1;
}

static enum status sign_edwards(
    struct token_signer *signer, const uint8_t *data, size_t size, uint8_t *out, size_t *out_size, struct error *err)
{
	size_t made = SIGNATURE_ROOM;
	if (EVP_DigestSignInit_ex(signer->hash, NULL, NULL, NULL, NULL, signer->pkey, NULL) != 1 ||
	    EVP_DigestSign(signer->hash, out, &made, data, size) != 1 || made != signer->algorithm->signature_size)
		return refuse(signer, err, "signing failed");
	*out_size = made;
	return STATUS_OK;
}

static enum status sign_remote(
    struct token_signer *signer, struct bytes data, uint8_t *out, size_t *out_size, struct error *err)
{
	struct token_task task = { .data = data, .out = out };
	const enum status status = hsm_sign(signer->remote, &task, 1, err);
	if (status == STATUS_OK)
		*out_size = task.size;
	return status;
}

enum status token_sign(
    struct token_signer *signer, const uint8_t *data, size_t size, uint8_t *out, size_t *out_size, struct error *err)
{
	if (signer->remote != NULL)
		return sign_remote(signer, (struct bytes){ data, size }, out, out_size, err);
	if (signer->digest == NULL)
		return sign_edwards(signer, data, size, out, out_size, err);
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned digest_size = 0;
	if (!make_digest(signer, (struct bytes){ data, size }, digest, &digest_size))
		return refuse(signer, err, "hashing failed");
	const size_t fixed = signer->algorithm->signature_size;
	uint8_t der[DER_MAX];
	size_t made = fixed > 0 ? sizeof(der) : SIGNATURE_ROOM;
	if (EVP_PKEY_sign(signer->sign, fixed > 0 ? der : out, &made, digest, digest_size) != 1)
		return refuse(signer, err, "signing failed");
	if (fixed > 0 && !split_ecdsa(der, made, out, fixed / 2))
		return refuse(signer, err, "OpenSSL made a signature of an unknown form");
	*out_size = fixed > 0 ? fixed : made;
	return STATUS_OK;
}

/* False: none of them is made, and each is to be made by itself. */
static bool sign_many(struct token_signer *signer, struct token_task tasks[], size_t count)
{
	uint8_t digests[TOKEN_BATCH][P256_DIGEST];
	uint8_t signatures[TOKEN_BATCH][P256_SIGNATURE];
	for (size_t i = 0; i < count; i++)
		if (!make_digest(signer, tasks[i].data, digests[i], NULL))
			return false;
	if (!token_p256_sign(signer->many, (const uint8_t(*)[P256_DIGEST])digests, count, signatures))
		return false;
	for (size_t i = 0; i < count; i++) {
		memcpy(tasks[i].out, signatures[i], P256_SIGNATURE);
		tasks[i].size = P256_SIGNATURE;
	}
	return true;
}

static bool has_many(struct token_signer *signer, size_t count)
{
	if (signer->many_tried)
		return signer->many != NULL;
	signer->made += (unsigned)count;
	if (signer->made < MANY)
		return false;
	signer->many_tried = true;
	vault_enter();
	signer->many = token_p256_new(signer->pkey);
	vault_leave();
	return signer->many != NULL;
}

enum status token_sign_all(struct token_signer *signer, struct token_task tasks[], size_t count, struct error *err)
{
	if (signer->remote != NULL)
		return hsm_sign(signer->remote, tasks, count, err);
	if (has_many(signer, count) && count > 1 && sign_many(signer, tasks, count))
		return STATUS_OK;
	enum status status = STATUS_OK;
	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		status = token_sign(signer, tasks[i].data.data, tasks[i].data.size, tasks[i].out, &tasks[i].size, err);
	return status;
}

struct token_plan token_plan_of(unsigned sessions, unsigned processors)
{
	const unsigned threads = processors > sessions ? processors : sessions;
	return (struct token_plan){ threads, sessions == 0 || threads > sessions ? TOKEN_BATCH : 1 };
}

enum status signer_prove_by(const struct key *key, struct token_signer *signer, struct bytes data, struct error *err)
{
	uint8_t signature[SIGNATURE_ROOM];
	size_t size = 0;
	EVP_PKEY *published = NULL;
	enum status status = token_sign(signer, data.data, data.size, signature, &size, err);
	if (status != STATUS_OK)
		return status;
	status = dnskey_public_to_pkey(signer->algorithm, key->public_key, key->public_size, &published, err);
	if (status == STATUS_OK &&
	    !dnskey_verify(signer->algorithm, published, data, (struct bytes){ signature, size }))
		status = refuse(signer, err, "a test signature does not verify under the public key in the keystore");
	EVP_PKEY_free(published);
	return status;
}

enum status signer_prove_remote(struct token_signer *signer, struct bytes data, struct error *err)
{
	return hsm_signer_prove(signer->remote, data, err);
}

static enum status prove_by_challenge(const struct key *key, struct token_signer *signer, struct error *err)
{
	uint8_t challenge[CHALLENGE_SIZE];
	if (RAND_bytes(challenge, sizeof(challenge)) != 1)
		return refuse(signer, err, "no random octets for the challenge");
	return signer_prove_by(key, signer, (struct bytes){ challenge, sizeof(challenge) }, err);
}

/* The tag of what is shown is computed anew; the keystore's row could be the one that is wrong. */
static enum status prove_tag(
    const struct key *key, struct token_signer *signer, const uint8_t *public_key, uint16_t size, struct error *err)
{
	struct key shown = *key;
	memcpy(shown.public_key, public_key, size);
	shown.public_size = size;
	dnskey_identify(&shown);
	return shown.tag == key->tag && shown.revoked_tag == key->revoked_tag
		   ? STATUS_OK
		   : refuse(
			 signer, err, "key.hsm-identical: its tag is not that of its public key (RFC 4034 Appendix B)");
}

enum status signer_prove(const struct key *key, EVP_PKEY *pkey, struct token_signer *signer, struct error *err)
{
	uint8_t public_key[KEY_PUBLIC_MAX];
	uint16_t size = 0;
	const enum status status = dnskey_public_from_pkey(signer->algorithm, pkey, public_key, &size, err);
	if (status != STATUS_OK)
		return status;
	if (!bytes_equal((struct bytes){ public_key, size }, (struct bytes){ key->public_key, key->public_size }))
		return refuse(signer, err, "key.hsm-identical: the private key is that of another key");
	const enum status tag = prove_tag(key, signer, public_key, size, err);
	return tag == STATUS_OK ? prove_by_challenge(key, signer, err) : tag;
}
