/* SPDX-License-Identifier: MIT */
#include "signer/sign/sigfile_write.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "signer/base/arena.h"
#include "signer/dns/name.h"

void sigfile_draft_begin(struct sigfile_draft *draft, size_t count)
{
	sigfile_draft_free(draft);
	draft->blocks = memory_calloc(count, sizeof(*draft->blocks));
	draft->count = count;
	draft->file = draft->folder == NULL ? -1 : open(draft->folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	draft->has_file = draft->file >= 0;
}

void sigfile_draft_free(struct sigfile_draft *draft)
{
	for (size_t i = 0; i < draft->count; i++)
		free(draft->blocks[i].octets);
	free(draft->blocks);
	if (draft->has_file)
		close(draft->file);
	draft->blocks = NULL;
	draft->count = 0;
	draft->has_file = false;
	atomic_store(&draft->used, 0);
}

void sigfile_add(struct zonetext_buffer *block, const struct row *row, bool owner_again,
    const uint8_t digest[ROWHASH_SIZE], const struct rrsig_list *signatures)
{
	enum { FIXED = 1 + NAME_WIRE + 2 + ROWHASH_SIZE + 1 };
	size_t most = FIXED;
	for (size_t i = 0; i < signatures->count; i++)
		most += 2 + signatures->items[i].size;
	zonetext_buffer_reserve(block, most);
	uint8_t *const begin = (uint8_t *)block->data + block->size;
	uint8_t *at = begin + 1;
	*begin = 0;
	if (!owner_again) {
		*begin = (uint8_t)name_lower(row->owner, at);
		at += *begin;
	}
	bytes_put_u16(at, row->type);
	memcpy(at + 2, digest, ROWHASH_SIZE);
	at += 2 + ROWHASH_SIZE;
	*at++ = (uint8_t)signatures->count;
	for (size_t i = 0; i < signatures->count; i++) {
		const struct rrsig_item *const item = &signatures->items[i];
		bytes_put_u16(at, (uint16_t)item->size);
		memcpy(at + 2, item->rdata, item->size);
		at += 2 + item->size;
	}
	block->size += (size_t)(at - begin);
}

static bool put_aside(struct sigfile_draft *draft, const struct zonetext_buffer *block, uint64_t *at)
{
	if (!draft->has_file)
		return false;
	*at = atomic_fetch_add(&draft->used, block->size);
	for (size_t done = 0; done < block->size;) {
		const ssize_t size = pwrite(draft->file, block->data + done, block->size - done, (off_t)(*at + done));
		if (size == 0 || (size < 0 && errno != EINTR))
			return false;
		done += size > 0 ? (size_t)size : 0;
	}
	return true;
}

static enum status take_back(
    const struct sigfile_draft *draft, const struct sigfile_draft_block *block, uint8_t *out, struct error *err)
{
	for (size_t done = 0; done < block->size;) {
		const ssize_t size = pread(draft->file, out + done, block->size - done, (off_t)(block->at + done));
		if (size == 0 || (size < 0 && errno != EINTR))
			return error_set(err, STATUS_IO, "its temporary file in %s cannot be read: %s", draft->folder,
			    size == 0 ? "it is too short" : strerror(errno));
		done += size > 0 ? (size_t)size : 0;
	}
	return STATUS_OK;
}

enum status sigfile_draft_take(
    struct sigfile_draft *draft, size_t at, const struct zonetext_buffer *block, uint32_t entries, struct error *err)
{
	struct sigfile_draft_block *const into = &draft->blocks[at];
	uint8_t digest[EVP_MAX_MD_SIZE];
	if (entries == 0)
		return STATUS_OK;
	if (EVP_Digest(block->data, block->size, digest, NULL, EVP_sha256(), NULL) != 1)
		return error_set(err, STATUS_INTERNAL, "SHA-256 failed");
	/* A disk that is full or fails is no reason to lose them. */
	if (!put_aside(draft, block, &into->at)) {
		into->octets = memory_alloc(block->size);
		memcpy(into->octets, block->data, block->size);
	}
	into->size = (uint32_t)block->size;
	into->entries = entries;
	memcpy(into->digest, digest, SIGFILE_DIGEST);
	return STATUS_OK;
}

void sigfile_head(
    const struct sigfile_identity *whose, uint64_t size, uint64_t entries, uint64_t blocks, uint8_t out[SIGFILE_HEAD])
{
	memset(out, 0, SIGFILE_HEAD);
	memcpy(out, SIGFILE_MAGIC, 8);
	(void)name_lower(whose->apex, out + 8);
	uint8_t *at = out + 8 + SIGFILE_ZONE;
	memcpy(at, whose->sha256, SIGFILE_DIGEST);
	at += SIGFILE_DIGEST;
	bytes_put_u32(at, whose->serial);
	bytes_put_u64(at + 8, size);
	bytes_put_u64(at + 16, entries);
	bytes_put_u64(at + 24, blocks);
}

static bool sum(struct bytes head, struct bytes list, uint8_t out[SIGFILE_DIGEST])
{
	EVP_MD_CTX *const context = EVP_MD_CTX_new();
	uint8_t digest[EVP_MAX_MD_SIZE];
	const bool good = context != NULL && EVP_DigestInit_ex2(context, EVP_sha256(), NULL) == 1 &&
			  EVP_DigestUpdate(context, head.data, head.size) == 1 &&
			  EVP_DigestUpdate(context, list.data, list.size) == 1 &&
			  EVP_DigestFinal_ex(context, digest, NULL) == 1;
	EVP_MD_CTX_free(context);
	if (good)
		memcpy(out, digest, SIGFILE_DIGEST);
	return good;
}

bool sigfile_sum(struct bytes octets, size_t blocks, uint8_t out[SIGFILE_DIGEST])
{
	const size_t list_size = blocks * SIGFILE_LISTED;
	return sum((struct bytes){ octets.data, SIGFILE_HEAD },
	    (struct bytes){ octets.data + octets.size - SIGFILE_DIGEST - list_size, list_size }, out);
}

/* The list of blocks that are not empty, and how many there are. */
static uint8_t *make_list(const struct sigfile_draft *draft, size_t *blocks, uint64_t *entries, uint64_t *octets)
{
	uint8_t *const list = memory_alloc(draft->count * SIGFILE_LISTED);
	uint8_t *at = list;
	for (size_t i = 0; i < draft->count; i++) {
		const struct sigfile_draft_block *const block = &draft->blocks[i];
		if (block->entries == 0)
			continue;
		bytes_put_u32(at, block->size);
		bytes_put_u32(at + 4, block->entries);
		bytes_put_u32(at + 8, 0);
		memcpy(at + 12, block->digest, SIGFILE_DIGEST);
		at += SIGFILE_LISTED;
		*entries += block->entries;
		*octets += block->size;
	}
	*blocks = (size_t)(at - list) / SIGFILE_LISTED;
	return list;
}

static enum status write_blocks(const struct sigfile_draft *draft, struct publish *out, struct error *err)
{
	struct zonetext_buffer buffer = { 0 };
	enum status status = STATUS_OK;
	for (size_t i = 0; i < draft->count && status == STATUS_OK; i++) {
		const struct sigfile_draft_block *const block = &draft->blocks[i];
		const uint8_t *octets = block->octets;
		if (block->entries == 0)
			continue;
		if (octets == NULL) {
			zonetext_buffer_reserve(&buffer, block->size);
			octets = (const uint8_t *)buffer.data;
			status = take_back(draft, block, (uint8_t *)buffer.data, err);
		}
		if (status == STATUS_OK)
			status = publish_write(out, octets, block->size, err);
	}
	zonetext_buffer_free(&buffer);
	return status;
}

enum status sigfile_write(
    const struct sigfile_draft *draft, const struct sigfile_identity *whose, struct publish *out, struct error *err)
{
	uint8_t head[SIGFILE_HEAD];
	uint8_t end[SIGFILE_DIGEST];
	size_t blocks = 0;
	uint64_t entries = 0;
	uint64_t octets = 0;
	uint8_t *const list = make_list(draft, &blocks, &entries, &octets);
	const size_t list_size = blocks * SIGFILE_LISTED;
	sigfile_head(whose, SIGFILE_HEAD + octets + list_size + SIGFILE_DIGEST, entries, blocks, head);
	enum status status = publish_write(out, head, sizeof(head), err);
	if (status == STATUS_OK)
		status = write_blocks(draft, out, err);
	if (status == STATUS_OK)
		status = publish_write(out, list, list_size, err);
	if (status == STATUS_OK && !sum((struct bytes){ head, sizeof(head) }, (struct bytes){ list, list_size }, end))
		status = error_set(err, STATUS_INTERNAL, "SHA-256 failed");
	if (status == STATUS_OK)
		status = publish_write(out, end, sizeof(end), err);
	free(list);
	return status;
}
