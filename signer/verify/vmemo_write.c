/* SPDX-License-Identifier: MIT */
/* Writes a memo: each worker's entries are sorted where they are, then merged on their way out. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "signer/base/arena.h"
#include "signer/base/bytes.h"
#include "signer/base/workers.h"
#include "signer/verify/vmemo.h"

enum { FEW = 24, PIECE = 1 << 16 };

typedef uint8_t entry_octets[VMEMO_DIGEST];

void vmemo_add(struct vmemo_list *list, const uint8_t entry[VMEMO_DIGEST])
{
	if (list->count == list->room) {
		list->room = 2 * list->room + 4096;
		list->entries = memory_resize(list->entries, list->room, VMEMO_DIGEST);
	}
	memcpy(list->entries[list->count++], entry, VMEMO_DIGEST);
}

static void swap(entry_octets a, entry_octets b)
{
	entry_octets other;
	memcpy(other, a, VMEMO_DIGEST);
	memcpy(a, b, VMEMO_DIGEST);
	memcpy(b, other, VMEMO_DIGEST);
}

static void sort_few(entry_octets *entries, size_t count)
{
	for (size_t i = 1; i < count; i++)
		for (size_t j = i; j > 0 && memcmp(entries[j - 1], entries[j], VMEMO_DIGEST) > 0; j--)
			swap(entries[j - 1], entries[j]);
}

/* By octet `at` and those after it, in place: an entry goes to the next free place of its octet until all are home. */
static void sort(entry_octets *entries, size_t count, unsigned at)
{
	size_t next[256], end[256] = { 0 };
	if (count <= FEW || at == VMEMO_DIGEST) {
		sort_few(entries, at == VMEMO_DIGEST ? 0 : count);
		return;
	}
	for (size_t i = 0; i < count; i++)
		end[entries[i][at]]++;
	for (size_t octet = 0, sum = 0; octet < 256; octet++) {
		next[octet] = sum;
		end[octet] = sum += end[octet];
	}
	for (size_t octet = 0; octet < 256; octet++) {
		while (next[octet] < end[octet]) {
			const uint8_t home = entries[next[octet]][at];
			if (home != octet)
				swap(entries[next[octet]], entries[next[home]]);
			next[home]++;
		}
	}
	for (size_t octet = 0, first = 0; octet < 256; first = end[octet++])
		sort(entries + first, end[octet] - first, at + 1);
}

static enum status sort_list(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	struct vmemo_list *const lists = context;
	(void)worker;
	(void)err;
	for (size_t i = first; i < end; i++)
		sort(lists[i].entries, lists[i].count, 0);
	return STATUS_OK;
}

/* Where the octets go. */
struct out {
	int descriptor; /* -1: to memory */
	struct verify_octets *memory;
	EVP_MD_CTX *digest;
	uint8_t piece[PIECE];
	size_t used;
	int error; /* errno of the first failure */
};

static void put_out(struct out *out, const uint8_t *data, size_t size)
{
	if (out->descriptor < 0) {
		out->memory->data = memory_resize(out->memory->data, out->memory->size + size, 1);
		memcpy(out->memory->data + out->memory->size, data, size);
		out->memory->size += size;
		return;
	}
	while (size > 0 && out->error == 0) {
		const ssize_t written = write(out->descriptor, data, size);
		if (written <= 0) {
			out->error = written == 0 ? ENOSPC : errno == EINTR ? 0 : errno;
			continue;
		}
		data += written;
		size -= (size_t)written;
	}
}

static void flush(struct out *out)
{
	if (EVP_DigestUpdate(out->digest, out->piece, out->used) != 1)
		out->error = EIO;
	put_out(out, out->piece, out->used);
	out->used = 0;
}

static void put(struct out *out, const void *data, size_t size)
{
	if (size > PIECE - out->used)
		flush(out);
	memcpy(out->piece + out->used, data, size);
	out->used += size;
}

static void put_head(struct out *out, const struct vmemo_head *head)
{
	uint8_t octets[VMEMO_HEAD] = "ZSMEMO1\n";
	uint8_t *at = octets + 8;
	memcpy(at, head->build, VMEMO_BUILD);
	at += VMEMO_BUILD;
	memcpy(at, head->zone, VMEMO_ZONE);
	at += VMEMO_ZONE;
	memcpy(at, head->keys, sizeof(head->keys));
	at += sizeof(head->keys);
	bytes_put_u64(at, (uint64_t)head->full.seconds);
	bytes_put_u64(at + 8, head->count);
	put(out, octets, sizeof(octets));
}

/* A heap of the lists that are not yet empty, the one with the least entry on top. */
static void sink(struct vmemo_list *heap[], size_t count, size_t at)
{
	for (;;) {
		size_t least = at;
		for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++)
			if (memcmp(heap[child]->entries[0], heap[least]->entries[0], VMEMO_DIGEST) < 0)
				least = child;
		if (least == at)
			return;
		struct vmemo_list *const other = heap[at];
		heap[at] = heap[least];
		heap[least] = other;
		at = least;
	}
}

static void put_entries(struct out *out, const struct vmemo_list lists[], unsigned count)
{
	struct vmemo_list *const rest = memory_calloc(count, sizeof(*rest));
	struct vmemo_list **const heap = memory_calloc(count, sizeof(*heap));
	size_t left = 0;
	for (unsigned i = 0; i < count; i++) {
		rest[i] = lists[i];
		if (rest[i].count > 0)
			heap[left++] = &rest[i];
	}
	for (size_t i = left; i-- > 0;)
		sink(heap, left, i);
	while (left > 0 && out->error == 0) {
		put(out, heap[0]->entries[0], VMEMO_DIGEST);
		heap[0]->entries++;
		if (--heap[0]->count == 0)
			heap[0] = heap[--left];
		sink(heap, left, 0);
	}
	free(heap);
	free(rest);
}

static void put_guard(struct out *out)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	flush(out);
	if (EVP_DigestFinal_ex(out->digest, digest, NULL) != 1)
		out->error = EIO;
	put_out(out, digest, VMEMO_DIGEST);
}

bool vmemo_write(const struct verify_input *output, struct verify_octets *memory, struct vmemo_head *head,
    struct vmemo_list lists[], unsigned count, char why[VMEMO_WHY])
{
	struct out *const out = memory_calloc(1, sizeof(*out));
	struct error ignored;
	out->descriptor = memory != NULL ? -1 : output->descriptor;
	out->memory = memory;
	out->digest = EVP_MD_CTX_new();
	head->count = 0;
	for (unsigned i = 0; i < count; i++)
		head->count += lists[i].count;
	if (out->digest == NULL || EVP_DigestInit_ex(out->digest, EVP_sha256(), NULL) != 1 ||
	    workers_run(count, count, 1, sort_list, lists, &ignored) != STATUS_OK)
		out->error = EIO;
	if (out->descriptor >= 0 && (ftruncate(out->descriptor, 0) != 0 || lseek(out->descriptor, 0, SEEK_SET) != 0))
		out->error = errno;
	if (out->error == 0) {
		put_head(out, head);
		put_entries(out, lists, count);
		put_guard(out);
	}
	const int error = out->error;
	EVP_MD_CTX_free(out->digest);
	free(out);
	if (error != 0)
		snprintf(why, VMEMO_WHY, "%s", strerror(error));
	return error == 0;
}
