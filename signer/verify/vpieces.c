/* SPDX-License-Identifier: MIT */
#include "signer/verify/vpieces.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signer/base/arena.h"
#include "signer/verify/vread.h"

enum { KEY = 16, NONCE = 12 };

struct vpieces {
	int descriptor;
	uint64_t start;      /* where in the descriptor the source begins */
	const uint8_t *data; /* of a source in memory, which needs no MAC */
	uint8_t key[KEY];
	struct vpiece *all;
	size_t count;
	size_t capacity;
	uint64_t lines; /* of the file */
};

struct vsealer {
	const struct vpieces *pieces;
	EVP_CIPHER_CTX *context; /* NULL: not needed */
};

struct vpieces *vpieces_new(const struct vsource *source)
{
	struct vpieces pieces = { .descriptor = source->descriptor, .data = source->data };
	struct stat state;
	if (source->descriptor >= 0) {
		const off_t start = lseek(source->descriptor, 0, SEEK_CUR);
		if (start < 0 || fstat(source->descriptor, &state) != 0 || !S_ISREG(state.st_mode) ||
		    getrandom(pieces.key, KEY, 0) != KEY)
			return NULL;
		pieces.start = (uint64_t)start;
	}
	struct vpieces *const out = memory_alloc(sizeof(*out));
	*out = pieces;
	return out;
}

void vpieces_free(struct vpieces *pieces)
{
	if (pieces == NULL)
		return;
	free(pieces->all);
	free(pieces);
}

void vpieces_add(struct vpieces *pieces, const struct vpiece *piece, uint64_t at, uint64_t line, uint64_t record)
{
	if (pieces->count == pieces->capacity) {
		pieces->capacity = pieces->capacity + pieces->capacity / 2 + 64;
		pieces->all = memory_resize(pieces->all, pieces->capacity, sizeof(*pieces->all));
	}
	struct vpiece *const out = &pieces->all[pieces->count++];
	*out = *piece;
	out->at += at;
	out->line += (uint32_t)line;
	out->record += (uint32_t)record;
}

void vpieces_end(struct vpieces *pieces, uint64_t lines)
{
	if (pieces != NULL)
		pieces->lines = lines;
}

size_t vpieces_count(const struct vpieces *pieces)
{
	return pieces->lines < UINT32_MAX ? pieces->count : 0;
}

const struct vpiece *vpieces_at(const struct vpieces *pieces, size_t i)
{
	return &pieces->all[i];
}

size_t vpieces_find(const struct vpieces *pieces, uint32_t line)
{
	size_t low = 0;
	size_t high = pieces->count;
	while (low < high) {
		const size_t middle = (low + high) / 2;
		if (pieces->all[middle].line + pieces->all[middle].lines <= line)
			low = middle + 1;
		else
			high = middle;
	}
	return low < pieces->count && pieces->all[low].line <= line ? low : pieces->count;
}

/* GMAC: GCM with nothing to encrypt. One nonce for all, since no MAC leaves the process: two texts have the same with a
 * chance of 2^-115, for who does not know the key. */
static bool compute(EVP_CIPHER_CTX *context, const char *text, size_t size, uint8_t out[VPIECE_MAC])
{
	static const uint8_t nonce[NONCE];
	int ignored;
	return EVP_EncryptInit_ex(context, NULL, NULL, NULL, nonce) == 1 &&
	       EVP_EncryptUpdate(context, NULL, &ignored, (const uint8_t *)text, (int)size) == 1 &&
	       EVP_EncryptFinal_ex(context, out, &ignored) == 1 &&
	       EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, VPIECE_MAC, out) == 1;
}

struct vsealer *vsealer_new(const struct vpieces *pieces)
{
	if (pieces == NULL)
		return NULL;
	struct vsealer *const sealer = memory_calloc(1, sizeof(*sealer));
	sealer->pieces = pieces;
	if (pieces->descriptor < 0)
		return sealer;
	sealer->context = EVP_CIPHER_CTX_new();
	if (sealer->context == NULL ||
	    EVP_EncryptInit_ex(sealer->context, EVP_aes_128_gcm(), NULL, pieces->key, NULL) != 1) {
		vsealer_free(sealer);
		return NULL;
	}
	return sealer;
}

void vsealer_free(struct vsealer *sealer)
{
	if (sealer == NULL)
		return;
	EVP_CIPHER_CTX_free(sealer->context);
	free(sealer);
}

bool vsealer_seal(struct vsealer *sealer, const char *text, struct vpiece *piece)
{
	return sealer->context == NULL || compute(sealer->context, text, piece->size, piece->mac);
}

static bool read_at(int descriptor, char *out, size_t size, uint64_t at)
{
	while (size > 0) {
		const ssize_t n = pread(descriptor, out, size, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		out += n;
		at += (uint64_t)n;
		size -= (size_t)n;
	}
	return true;
}

const char *vsealer_read(struct vsealer *sealer, size_t i, char *room)
{
	const struct vpieces *const pieces = sealer->pieces;
	const struct vpiece *const piece = &pieces->all[i];
	uint8_t mac[VPIECE_MAC];
	if (sealer->context == NULL)
		return (const char *)pieces->data + piece->at;
	const bool same = read_at(pieces->descriptor, room, piece->size, pieces->start + piece->at) &&
			  compute(sealer->context, room, piece->size, mac) && memcmp(mac, piece->mac, VPIECE_MAC) == 0;
	return same ? room : NULL;
}
