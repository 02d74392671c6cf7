/* SPDX-License-Identifier: MIT */
#include "signer/sign/sigfile.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signer/base/arena.h"
#include "signer/base/workers.h"
#include "signer/dns/name.h"
#include "signer/sign/rowhash.h"
#include "signer/sign/sigfile_write.h"

enum { RANGE = 8 }; /* blocks that a worker checks at a time */

static enum status no(struct error *err, const char *why)
{
	return error_set(err, STATUS_MALFORMED, "%s", why);
}

static uint64_t take_u64(struct cursor *at)
{
	const uint64_t high = cursor_u32(at);
	return high << 32 | cursor_u32(at);
}

static bool read_entry(struct cursor *at, const uint8_t *owner_before, struct sigfile_entry *out)
{
	struct sigfile_entry entry = { .owner = owner_before };
	const uint8_t owner_size = cursor_u8(at);
	const struct bytes owner = cursor_take(at, owner_size);
	if (owner_size > 0)
		entry.owner = name_from_wire(owner.data, owner.size) == owner_size ? owner.data : NULL;
	entry.type = cursor_u16(at);
	entry.digest = cursor_take(at, ROWHASH_SIZE).data;
	entry.count = cursor_u8(at);
	const uint8_t *const first = at->at;
	for (unsigned i = 0; i < entry.count; i++)
		(void)cursor_take(at, cursor_u16(at));
	if (at->failed || entry.owner == NULL)
		return false;
	entry.signatures = cursor_init((struct bytes){ first, (size_t)(at->at - first) });
	*out = entry;
	return true;
}

/* Below 0, 0 or above: where an entry stands beside an owner and type. */
static int entry_compare(const struct sigfile_entry *entry, const uint8_t *owner, uint16_t type)
{
	const int order = entry->owner == owner ? 0 : name_compare(entry->owner, owner);
	return order != 0 ? order : (entry->type > type) - (entry->type < type);
}

/* Reads through a block once, so that later walks find nothing in it that they cannot read. */
static bool check_entries(struct sigfile_block *block)
{
	struct cursor at = cursor_init(block->octets);
	struct sigfile_entry entry = { .owner = NULL };
	uint32_t count = 0;
	while (cursor_left(&at) > 0) {
		const struct sigfile_entry before = entry;
		if (!read_entry(&at, before.owner, &entry))
			return false;
		if (before.owner == NULL)
			block->first = entry.owner;
		else if (entry_compare(&before, entry.owner, entry.type) >= 0)
			return false;
		count++;
	}
	block->last = entry.owner;
	return count > 0 && count == block->entries;
}

struct check {
	const struct sigfile *file;
	const uint8_t *list;
	EVP_MD *sha256;
};

static enum status check_job(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	(void)worker;
	const struct check *const check = context;
	for (size_t i = first; i < end; i++) {
		struct sigfile_block *const block = &check->file->blocks[i];
		const uint8_t *const wanted = check->list + (i + 1) * SIGFILE_LISTED - SIGFILE_DIGEST;
		uint8_t digest[EVP_MAX_MD_SIZE];
		if (EVP_Digest(block->octets.data, block->octets.size, digest, NULL, check->sha256, NULL) != 1)
			return error_set(err, STATUS_INTERNAL, "SHA-256 failed");
		if (memcmp(digest, wanted, SIGFILE_DIGEST) != 0)
			return no(err, "it is damaged");
		if (!check_entries(block))
			return no(err, "its entries are not as they must be");
	}
	return STATUS_OK;
}

/* Each begins where the one before ends, and owners ascend over all of them. */
static enum status check_blocks(
    struct sigfile *file, struct bytes octets, const uint8_t *list, unsigned threads, struct error *err)
{
	struct check check = { .file = file, .list = list };
	struct cursor at = cursor_init((struct bytes){ list, file->block_count * SIGFILE_LISTED });
	const uint8_t *next = octets.data + SIGFILE_HEAD;
	uint64_t entries = 0;
	for (size_t i = 0; i < file->block_count; i++) {
		struct sigfile_block *const block = &file->blocks[i];
		block->octets = (struct bytes){ next, cursor_u32(&at) };
		block->entries = cursor_u32(&at);
		const uint32_t zeros = cursor_u32(&at);
		(void)cursor_take(&at, SIGFILE_DIGEST);
		if (zeros != 0 || block->octets.size > (size_t)(list - next))
			return no(err, "its list of blocks is not as it must be");
		next += block->octets.size;
		entries += block->entries;
	}
	if (next != list || entries != file->entries)
		return no(err, "its list of blocks is not as it must be");
	check.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	enum status status = STATUS_INTERNAL;
	if (check.sha256 == NULL)
		(void)error_set(err, STATUS_INTERNAL, "OpenSSL has no SHA-256");
	else
		status = workers_run(threads, file->block_count, RANGE, check_job, &check, err);
	EVP_MD_free(check.sha256);
	for (size_t i = 1; i < file->block_count && status == STATUS_OK; i++)
		if (name_compare(file->blocks[i - 1].last, file->blocks[i].first) >= 0)
			status = no(err, "its blocks do not ascend");
	return status;
}

/* Head and list of blocks, by their own sum, before any size in them is believed; then whose it is. */
static enum status check_head(
    struct bytes octets, const struct sigfile_identity *whose, struct sigfile *file, struct error *err)
{
	uint8_t expected[SIGFILE_HEAD];
	uint8_t digest[SIGFILE_DIGEST];
	if (octets.size < 8 || memcmp(octets.data, SIGFILE_MAGIC, 8) != 0)
		return no(err, "it is no such file, or of another version");
	if (octets.size < SIGFILE_HEAD + SIGFILE_DIGEST)
		return no(err, "it is cut short");
	struct cursor at = cursor_init((struct bytes){ octets.data, SIGFILE_HEAD });
	(void)cursor_take(&at, SIGFILE_HEAD - 24);
	const uint64_t size = take_u64(&at);
	file->entries = take_u64(&at);
	const uint64_t blocks = take_u64(&at);
	if (octets.size != size)
		return no(err, octets.size < size ? "it is cut short" : "it is longer than it says");
	if (blocks > (octets.size - SIGFILE_HEAD - SIGFILE_DIGEST) / SIGFILE_LISTED)
		return no(err, "it is damaged");
	file->block_count = (size_t)blocks;
	if (!sigfile_sum(octets, file->block_count, digest))
		return error_set(err, STATUS_INTERNAL, "SHA-256 failed");
	if (memcmp(digest, octets.data + octets.size - SIGFILE_DIGEST, SIGFILE_DIGEST) != 0)
		return no(err, "it is damaged");
	sigfile_head(whose, size, file->entries, blocks, expected);
	if (memcmp(octets.data, expected, 8 + SIGFILE_ZONE) != 0)
		return no(err, "it is of another zone");
	if (memcmp(octets.data, expected, SIGFILE_HEAD) != 0)
		return no(err, "it is of another version of the zone than the one published last");
	return STATUS_OK;
}

enum status sigfile_open(
    struct bytes octets, const struct sigfile_identity *whose, unsigned threads, struct sigfile *out, struct error *err)
{
	struct sigfile file = { .blocks = NULL };
	enum status status = check_head(octets, whose, &file, err);
	if (status == STATUS_OK) {
		const size_t list_size = file.block_count * SIGFILE_LISTED;
		const uint8_t *const list = octets.data + octets.size - SIGFILE_DIGEST - list_size;
		file.blocks = memory_calloc(file.block_count, sizeof(*file.blocks));
		status = check_blocks(&file, octets, list, threads, err);
	}
	if (status == STATUS_OK)
		*out = file;
	else
		sigfile_close(&file);
	return status;
}

static enum status read_all(int descriptor, uint8_t *to, size_t size, struct error *err)
{
	for (size_t done = 0; done < size;) {
		const ssize_t got = pread(descriptor, to + done, size - done, (off_t)done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set_errno(err, "it cannot be read");
		if (got == 0)
			return no(err, "it was cut while it was read");
		done += (size_t)got;
	}
	return STATUS_OK;
}

enum status sigfile_load(int descriptor, uint64_t most, const struct sigfile_identity *whose, unsigned threads,
    struct sigfile *out, struct error *err)
{
	struct stat state;
	struct sigfile file = { .blocks = NULL };
	if (fstat(descriptor, &state) != 0)
		return error_set_errno(err, "it cannot be read");
	if (!S_ISREG(state.st_mode))
		return no(err, "it is no regular file");
	if ((uint64_t)state.st_size > most)
		return no(err, "it is larger than the signatures of the published zone can be");
	const size_t size = (size_t)state.st_size;
	uint8_t *const octets = memory_alloc(size);
	enum status status = read_all(descriptor, octets, size, err);
	if (status == STATUS_OK)
		status = sigfile_open((struct bytes){ octets, size }, whose, threads, &file, err);
	if (status != STATUS_OK) {
		free(octets);
		return status;
	}
	file.octets = octets;
	*out = file;
	return STATUS_OK;
}

void sigfile_close(struct sigfile *file)
{
	free(file->blocks);
	free(file->octets);
	*file = (struct sigfile){ .blocks = NULL };
}

/* The first block from blocks[low] on that does not end before `owner`. */
static size_t find_block(const struct sigfile *file, size_t low, const uint8_t *owner)
{
	size_t high = file->block_count;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (name_compare(file->blocks[middle].last, owner) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct sigfile_entry *sigfile_find(struct sigfile_cursor *cursor, const uint8_t *owner, uint16_t type)
{
	const struct sigfile *const file = cursor->file;
	for (;;) {
		const int order = cursor->has_entry ? entry_compare(&cursor->entry, owner, type) : -1;
		if (order >= 0)
			return order == 0 ? &cursor->entry : NULL;
		if (cursor->has_entry && cursor_left(&cursor->at) > 0) {
			cursor->has_entry = read_entry(&cursor->at, cursor->entry.owner, &cursor->entry);
			continue;
		}
		cursor->block = find_block(file, cursor->block, owner);
		if (cursor->block == file->block_count)
			return NULL;
		cursor->at = cursor_init(file->blocks[cursor->block++].octets);
		cursor->has_entry = read_entry(&cursor->at, NULL, &cursor->entry);
	}
}

struct bytes sigfile_signature(struct cursor *signatures)
{
	return cursor_take(signatures, cursor_u16(signatures));
}
