/* SPDX-License-Identifier: MIT */
#include "signer/verify/vmemo.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "signer/base/arena.h"
#include "signer/base/bytes.h"
#include "signer/verify/vname.h"

enum { BUCKETS = 1 << 16 };

static const char magic[8] = { 'Z', 'S', 'M', 'E', 'M', 'O', '1', '\n' };
static const uint8_t prefix[] = "zoneseal proof memo 1";

static bool no(char why[VMEMO_WHY], const char *format, ...) PRINTF_LIKE(2, 3);

static bool no(char why[VMEMO_WHY], const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(why, VMEMO_WHY, format, arguments);
	va_end(arguments);
	return false;
}

/* The whole file, by its pages: they are read when they are looked at, and are not memory of this process. */
static bool map(const struct verify_input *input, uint64_t most, struct vmemo *out, char why[VMEMO_WHY])
{
	struct stat state;
	const uint64_t limit = VMEMO_HEAD + VMEMO_DIGEST * most + VMEMO_DIGEST;
	if (input->descriptor < 0) {
		out->octets = input->data;
		out->size = input->size;
		return out->size > 0 || no(why, "there is none yet");
	}
	if (fstat(input->descriptor, &state) != 0)
		return no(why, "it cannot be read: %s", strerror(errno));
	if (!S_ISREG(state.st_mode))
		return no(why, "it is no regular file");
	if (state.st_size == 0)
		return no(why, "there is none yet");
	if ((uint64_t)state.st_size > limit)
		return no(why, "it is larger than this zone can have made it");
	void *const octets = mmap(NULL, (size_t)state.st_size, PROT_READ, MAP_SHARED, input->descriptor, 0);
	if (octets == MAP_FAILED)
		return no(why, "it cannot be read: %s", strerror(errno));
	out->octets = octets;
	out->size = (size_t)state.st_size;
	out->mapped = octets;
	return true;
}

static uint64_t get_u64(const uint8_t at[8])
{
	return (uint64_t)bytes_get_u32(at) << 32 | bytes_get_u32(at + 4);
}

/* The sizes agree before anything else is believed. */
static bool read_head(struct vmemo *memo, uint64_t most, char why[VMEMO_WHY])
{
	struct vmemo_head *const head = &memo->head;
	const uint8_t *at = memo->octets;
	if (memo->size < sizeof(magic) || memcmp(at, magic, sizeof(magic)) != 0)
		return no(why, "it is no memo of this format");
	if (memo->size < VMEMO_HEAD + VMEMO_DIGEST)
		return no(why, "it is cut short");
	at += sizeof(magic);
	memcpy(head->build, at, VMEMO_BUILD);
	at += VMEMO_BUILD;
	memcpy(head->zone, at, VMEMO_ZONE);
	at += VMEMO_ZONE;
	memcpy(head->keys, at, sizeof(head->keys));
	at += sizeof(head->keys);
	head->full.seconds = (int64_t)get_u64(at);
	head->count = get_u64(at + 8);
	if (head->count > most || head->count >= UINT32_MAX)
		return no(why, "it has more entries than this zone can have made");
	const uint64_t size = VMEMO_HEAD + VMEMO_DIGEST * head->count + VMEMO_DIGEST;
	if (memo->size != size)
		return no(why, memo->size < size ? "it is cut short" : "it is longer than it says");
	memo->entries = (const uint8_t(*)[VMEMO_DIGEST])(memo->octets + VMEMO_HEAD);
	return true;
}

static bool is_whole(const struct vmemo *memo)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	const size_t covered = memo->size - VMEMO_DIGEST;
	return EVP_Digest(memo->octets, covered, digest, NULL, EVP_sha256(), NULL) == 1 &&
	       memcmp(digest, memo->octets + covered, VMEMO_DIGEST) == 0;
}

/* False: the entries do not ascend. */
static bool make_index(struct vmemo *memo)
{
	size_t bucket = 0;
	memo->index = memory_calloc(BUCKETS + 1, sizeof(*memo->index));
	for (size_t i = 0; i < memo->head.count; i++) {
		if (i > 0 && memcmp(memo->entries[i - 1], memo->entries[i], VMEMO_DIGEST) > 0)
			return false;
		while (bucket <= bytes_get_u16(memo->entries[i]))
			memo->index[bucket++] = (uint32_t)i;
	}
	while (bucket <= BUCKETS)
		memo->index[bucket++] = (uint32_t)memo->head.count;
	return true;
}

bool vmemo_open(const struct verify_input *input, uint64_t most, struct vmemo *out, char why[VMEMO_WHY])
{
	struct vmemo memo = { .octets = NULL };
	bool good = map(input, most, &memo, why) && read_head(&memo, most, why);
	if (good && (!is_whole(&memo) || !make_index(&memo)))
		good = no(why, "it is damaged");
	if (good)
		*out = memo;
	else
		vmemo_close(&memo);
	return good;
}

void vmemo_close(struct vmemo *memo)
{
	if (memo->mapped != NULL)
		munmap(memo->mapped, memo->size);
	free(memo->index);
	*memo = (struct vmemo){ .octets = NULL };
}

bool vmemo_has(const struct vmemo *memo, const uint8_t entry[VMEMO_DIGEST])
{
	const size_t bucket = bytes_get_u16(entry);
	size_t low = memo->index[bucket];
	size_t high = memo->index[bucket + 1];
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		const int order = memcmp(entry, memo->entries[middle], VMEMO_DIGEST);
		if (order == 0)
			return true;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

static bool add_part(EVP_MD_CTX *context, const uint8_t *data, size_t size)
{
	uint8_t length[4];
	bytes_put_u32(length, (uint32_t)size);
	return size <= UINT32_MAX && EVP_DigestUpdate(context, length, sizeof(length)) == 1 &&
	       EVP_DigestUpdate(context, data, size) == 1;
}

bool vmemo_entry(EVP_MD_CTX *context, const EVP_MD *sha256, const struct vkey *key, struct bytes data,
    struct bytes signature, uint8_t out[VMEMO_DIGEST])
{
	enum { PUBLIC_KEY = 4 }; /* its place in DNSKEY RDATA (RFC 4034 2.1) */
	return key->size >= PUBLIC_KEY && EVP_DigestInit_ex2(context, sha256, NULL) == 1 &&
	       EVP_DigestUpdate(context, prefix, sizeof(prefix)) == 1 &&
	       EVP_DigestUpdate(context, &key->algorithm, 1) == 1 &&
	       add_part(context, key->rdata + PUBLIC_KEY, key->size - PUBLIC_KEY) &&
	       add_part(context, data.data, data.size) && add_part(context, signature.data, signature.size) &&
	       EVP_DigestFinal_ex(context, out, NULL) == 1;
}
