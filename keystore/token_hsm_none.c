/* SPDX-License-Identifier: MIT */
/* In place of the PKCS#11 backend where p11-kit was absent at build: nothing is done, and said so. */
#include <unistd.h>

#include "keystore/token_hsm.h"

static enum status refuse(struct error *err)
{
	return error_set(err, STATUS_KEY,
	    "this build has no PKCS#11: install libp11-kit-dev, build again (contrib/install-deps does the first)");
}

enum status hsm_list_load(const char *path, struct token_ledger *ledger, struct hsm_list **out, struct error *err)
{
	(void)ledger;
	(void)out;
	return access(path, F_OK) != 0 ? STATUS_OK : error_context(err, "%s", refuse(err) == STATUS_OK ? "" : path);
}

void hsm_list_free(struct hsm_list *list)
{
	(void)list;
}

unsigned hsm_sessions(const struct hsm_list *list)
{
	(void)list;
	return 0;
}

void hsm_list_set_stop(struct hsm_list *list, token_stop *stop, void *context)
{
	(void)list;
	(void)stop;
	(void)context;
}

bool hsm_takes(const struct hsm_list *list, enum key_role role)
{
	(void)list;
	(void)role;
	return false;
}

enum status hsm_generate(struct hsm_list *list, struct key *key, struct error *err)
{
	(void)list;
	(void)key;
	return refuse(err);
}

enum status hsm_discard(struct hsm_list *list, const struct key *key, struct error *err)
{
	(void)list;
	(void)key;
	return refuse(err);
}

enum status hsm_discard_left(struct hsm_list *list, const struct key *key, struct error *err)
{
	return hsm_discard(list, key, err);
}

enum status hsm_clear_left(struct hsm_list *list, const struct key *key, char kept[KEY_LOCATOR], struct error *err)
{
	(void)kept;
	return hsm_discard(list, key, err);
}

enum status hsm_prove_all(struct hsm_list *list, const struct key *key, struct error *err)
{
	return hsm_discard(list, key, err);
}

enum status hsm_role_names(const struct hsm_list *list, enum key_role role, char out[KEY_LOCATOR], struct error *err)
{
	(void)list;
	(void)role;
	(void)out;
	return refuse(err);
}

enum status hsm_lacks(struct hsm_list *list, const struct key *key, const char *names, bool *out, struct error *err)
{
	(void)names;
	(void)out;
	return hsm_discard(list, key, err);
}

enum status hsm_move(struct hsm_list *list, const struct key *key, EVP_PKEY *pkey, const char *names, bool dry,
    char locator[KEY_LOCATOR], struct error *err)
{
	(void)pkey;
	(void)names;
	(void)dry;
	(void)locator;
	return hsm_discard(list, key, err);
}

enum status hsm_adopt(struct hsm_list *list, const char *uri, struct key *key, struct error *err)
{
	(void)uri;
	return hsm_discard(list, key, err);
}

enum status hsm_wrap(struct hsm_list *list, const struct key *key, const char *label, uint8_t out[HSM_WRAPPED],
    size_t *size, struct error *err)
{
	(void)label;
	(void)out;
	(void)size;
	return hsm_discard(list, key, err);
}

enum status hsm_open_parcel(struct hsm_list *list, const struct hsm_parcel *parcel, struct key *key, struct error *err)
{
	(void)parcel;
	return hsm_discard(list, key, err);
}

enum status hsm_signer_new(
    struct hsm_list *list, const struct key *key, EVP_PKEY *published, struct hsm_signer **out, struct error *err)
{
	(void)list;
	(void)key;
	(void)published;
	(void)out;
	return refuse(err);
}

enum status hsm_signer_prove(struct hsm_signer *signer, struct bytes rrset, struct error *err)
{
	(void)signer;
	(void)rrset;
	return refuse(err);
}

enum status hsm_prove(
    struct hsm_list *list, const struct key *key, EVP_PKEY *published, struct bytes rrset, struct error *err)
{
	(void)list;
	(void)key;
	(void)published;
	(void)rrset;
	return refuse(err);
}

enum status hsm_bench(struct hsm_list *list, const char *name, unsigned sessions, double seconds,
    struct token_rate out[TOKEN_RATES], size_t *count, struct error *err)
{
	(void)list;
	(void)name;
	(void)sessions;
	(void)seconds;
	(void)out;
	(void)count;
	return refuse(err);
}

enum status hsm_examine(struct hsm_list *list, const char *store, const struct key keys[], size_t count,
    token_tell *tell, void *context, struct error *err)
{
	(void)list;
	(void)keys;
	(void)count;
	(void)tell;
	(void)context;
	return store == NULL ? STATUS_OK : refuse(err);
}

struct hsm_signer *hsm_signer_copy(struct hsm_signer *signer)
{
	return signer;
}

void hsm_signer_free(struct hsm_signer *signer)
{
	(void)signer;
}

enum status hsm_sign(struct hsm_signer *signer, struct token_task tasks[], size_t count, struct error *err)
{
	(void)signer;
	(void)tasks;
	(void)count;
	return refuse(err);
}
