/* SPDX-License-Identifier: MIT */
#include "signer/verify/vhasher.h"

#include <stdlib.h>
#include <string.h>

bool vhasher_read(struct cursor *in, struct vhash_parameters *out)
{
	out->algorithm = cursor_u8(in);
	out->flags = cursor_u8(in);
	out->iterations = cursor_u16(in);
	out->salt.size = cursor_u8(in);
	out->salt = cursor_take(in, out->salt.size);
	return !in->failed;
}

bool vhasher_same(const struct vhash_parameters *a, const struct vhash_parameters *b)
{
	return a->algorithm == b->algorithm && a->iterations == b->iterations && bytes_equal(a->salt, b->salt);
}

void vhasher_open(struct vhasher *hasher)
{
	*hasher = (struct vhasher){ .sha1 = EVP_MD_fetch(NULL, "SHA1", NULL), .context = EVP_MD_CTX_new() };
	if (hasher->sha1 == NULL || hasher->context == NULL ||
	    EVP_DigestInit_ex2(hasher->context, hasher->sha1, NULL) != 1)
		abort(); /* libcrypto without SHA-1 cannot judge anything here */
}

void vhasher_close(struct vhasher *hasher)
{
	EVP_MD_CTX_free(hasher->context);
	EVP_MD_free(hasher->sha1);
	hasher->context = NULL;
	hasher->sha1 = NULL;
}

void vhasher_use(struct vhasher *hasher, const struct vhash_parameters *parameters)
{
	hasher->parameters = *parameters;
	memset(hasher->ahead_names, 0, sizeof(hasher->ahead_names));
	for (unsigned labels = 0; labels < VNAME_LABELS; labels++)
		for (unsigned i = 0; i < VHASHER_KEPT; i++) {
			hasher->kept[labels][i].size = 0;
			hasher->order[labels][i] = (uint8_t)i;
		}
}

static void compute(struct vhasher *hasher, struct vhasher_entry *entry)
{
	const struct vhash_parameters *const p = &hasher->parameters;
	bool good = true;
	for (unsigned round = 0; round <= p->iterations; round++) {
		good = good && EVP_DigestInit_ex2(hasher->context, NULL, NULL) == 1 &&
		       EVP_DigestUpdate(hasher->context, round == 0 ? entry->name : entry->hash,
			   round == 0 ? entry->size : VHASH) == 1 &&
		       (p->salt.size == 0 || EVP_DigestUpdate(hasher->context, p->salt.data, p->salt.size) == 1) &&
		       EVP_DigestFinal_ex(hasher->context, entry->hash, NULL) == 1;
	}
	if (!good)
		abort(); /* as above */
}

static void take_name(struct vhasher_entry *entry, const uint8_t *name, size_t size)
{
	for (size_t i = 0; i < size; i++)
		entry->name[i] = vname_lower(name[i]);
	entry->size = (uint8_t)size;
	entry->link = NULL;
}

/* Of each group another lane in turn. */
static bool is_right(struct vhasher *hasher, const uint8_t *name, const uint8_t hash[VHASH])
{
	struct vhasher_entry again;
	take_name(&again, name, vname_size(name));
	compute(hasher, &again);
	return memcmp(again.hash, hash, VHASH) == 0;
}

bool vhasher_ahead(struct vhasher *hasher, const uint8_t *const names[], unsigned count)
{
	const struct vhash_parameters *const p = &hasher->parameters;
	const struct vsha1_salt salt = { p->salt.data, (uint8_t)p->salt.size, p->iterations };
	const uint8_t *fitting[VHASHER_AHEAD];
	uint8_t hashes[VHASHER_AHEAD][VHASH];
	unsigned places[VHASHER_AHEAD];
	unsigned used = 0;
	memset(hasher->ahead_names, 0, sizeof(hasher->ahead_names));
	for (unsigned i = 0; i < count; i++) {
		if (!vsha1_fits(&salt, vname_size(names[i])))
			continue;
		places[used] = i;
		fitting[used++] = names[i];
	}
	if (used == 0)
		return true;
	vsha1_names(&salt, fitting, used, hashes);
	for (unsigned i = 0; i < used; i++) {
		struct vhasher_entry *const entry = &hasher->ahead[places[i]];
		memcpy(entry->hash, hashes[i], VHASH);
		entry->link = NULL;
		hasher->ahead_names[places[i]] = fitting[i];
	}
	const unsigned sample = (unsigned)(hasher->groups++ % used);
	return is_right(hasher, fitting[sample], hashes[sample]);
}

/* A name as it stands is compared first: almost all are in lower case. */
static bool is_of(const struct vhasher_entry *entry, const uint8_t *name, size_t size)
{
	return entry->size == size && (memcmp(entry->name, name, size) == 0 || vname_equal(entry->name, name));
}

struct vhasher_entry *vhasher_look(struct vhasher *hasher, const uint8_t *name)
{
	if (hasher->ahead_names[hasher->turn] == name)
		return &hasher->ahead[hasher->turn];
	const size_t size = vname_size(name);
	const unsigned labels = vname_labels(name);
	struct vhasher_entry *const kept = hasher->kept[labels];
	uint8_t *const order = hasher->order[labels];
	unsigned at = 0;
	while (at < VHASHER_KEPT - 1 && !is_of(&kept[order[at]], name, size))
		at++;
	const uint8_t slot = order[at];
	struct vhasher_entry *const entry = &kept[slot];
	memmove(order + 1, order, at);
	order[0] = slot;
	if (!is_of(entry, name, size)) {
		take_name(entry, name, size);
		compute(hasher, entry);
	}
	return entry;
}
