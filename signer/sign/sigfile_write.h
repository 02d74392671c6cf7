/* SPDX-License-Identifier: MIT */
/* Makes what sigfile.h describes: blocks while the zone is written, the file once the zone is published. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signer/base/error.h"
#include "signer/base/publish.h"
#include "signer/dns/zonetext_write.h"
#include "signer/sign/rowhash.h"
#include "signer/sign/rrsig.h"
#include "signer/sign/sigfile.h"

#define SIGFILE_MAGIC "ZSSIGS1\n"

struct sigfile_draft_block {
	uint8_t *octets; /* NULL: in the draft's file, at `at` */
	uint64_t at;
	uint32_t size, entries;
	uint8_t digest[SIGFILE_DIGEST];
};

/* A file in the making. Starts zeroed. It waits until the zone is published, and nobody reads it meanwhile: so it waits
 * in a file without a name where there can be one, and the gate has the memory. */
struct sigfile_draft {
	const char *folder; /* where that file may be made, or NULL */
	bool has_file;
	int file;
	atomic_uint_least64_t used;         /* octets of it */
	struct sigfile_draft_block *blocks; /* some are empty */
	size_t count;
};

/* Forgets what was there, but for the folder, and makes room for `count` blocks. */
void sigfile_draft_begin(struct sigfile_draft *draft, size_t count);
void sigfile_draft_free(struct sigfile_draft *draft);

/* Appends a row's entry. `owner_again`: the entry before in this block has this owner. */
void sigfile_add(struct zonetext_buffer *block, const struct row *row, bool owner_again,
    const uint8_t digest[ROWHASH_SIZE], const struct rrsig_list *signatures);

/* Takes the entries of blocks[at], in any order of blocks, by several threads at once. */
enum status sigfile_draft_take(struct sigfile_draft *draft, size_t at, const struct zonetext_buffer *block,
    uint32_t entries, struct error *err) MUST_CHECK;

/* Writes the file at the position of `out`. */
enum status sigfile_write(const struct sigfile_draft *draft, const struct sigfile_identity *whose, struct publish *out,
    struct error *err) MUST_CHECK;

/* The head, and the sum over head and list that ends the file; octets.size is that of the whole file. False: libcrypto
 * failed. */
void sigfile_head(
    const struct sigfile_identity *whose, uint64_t size, uint64_t entries, uint64_t blocks, uint8_t out[SIGFILE_HEAD]);
bool sigfile_sum(struct bytes octets, size_t blocks, uint8_t out[SIGFILE_DIGEST]);
