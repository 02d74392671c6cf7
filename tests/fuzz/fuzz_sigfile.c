/* SPDX-License-Identifier: MIT */
/*
 * A file of signatures from anywhere: it is refused in words, or each entry in it is found, in order, and its
 * signatures lie within the file.
 *
 * The first octet tells what is done to the rest: 1: blocks and list get right sums, so that inputs get past them; 2:
 * it is read from a file, else from memory; 4: it is read as another version's.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "signer/sign/sigfile.h"
#include "signer/sign/sigfile_write.h"
#include "tests/fuzz/fuzz.h"

enum { SEAL = 1, FROM_FILE = 2, OTHER_VERSION = 4, MOST = 1 << 16, MOST_READ = 4096 };

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void seal(uint8_t *octets, size_t size)
{
	if (size < SIGFILE_HEAD + SIGFILE_DIGEST)
		return;
	const size_t blocks = bytes_get_u32(octets + SIGFILE_HEAD - 4);
	const size_t room = size - SIGFILE_HEAD - SIGFILE_DIGEST;
	if (blocks > room / SIGFILE_LISTED)
		return;
	uint8_t *const list = octets + size - SIGFILE_DIGEST - blocks * SIGFILE_LISTED;
	uint8_t *at = octets + SIGFILE_HEAD;
	for (size_t i = 0; i < blocks; i++) {
		const size_t block = bytes_get_u32(list + i * SIGFILE_LISTED);
		if (block > (size_t)(list - at))
			break;
		bytes_sha256((struct bytes){ at, block }, list + (i + 1) * SIGFILE_LISTED - SIGFILE_DIGEST);
		at += block;
	}
	must(sigfile_sum((struct bytes){ octets, size }, blocks, octets + size - SIGFILE_DIGEST));
}

static void look_at(const struct sigfile_entry *entry, const uint8_t *data, size_t size)
{
	struct cursor at = entry->signatures;
	for (unsigned i = 0; i < entry->count; i++) {
		const struct bytes rdata = sigfile_signature(&at);
		must(!at.failed &&
		     (rdata.size == 0 || data == NULL || (rdata.data > data && rdata.data + rdata.size < data + size)));
	}
	must(cursor_left(&at) == 0);
}

static void walk(const struct sigfile *file, const uint8_t *data, size_t size)
{
	static const uint8_t last[] = "\xff\xff\xff\xff\xff";
	uint64_t found = 0;
	struct sigfile_cursor cursor = { .file = file };
	for (size_t i = 0; i < file->block_count; i++) {
		const uint8_t *const owners[] = { file->blocks[i].first, file->blocks[i].last };
		for (size_t k = 0; k < 2; k++)
			for (unsigned type = 0; type < 64; type++) {
				const struct sigfile_entry *const entry =
				    sigfile_find(&cursor, owners[k], (uint16_t)type);
				if (entry == NULL)
					continue;
				must(entry->type == type);
				look_at(entry, data, size);
				found++;
			}
	}
	must(found <= 2 * file->entries);
	cursor = (struct sigfile_cursor){ .file = file };
	(void)sigfile_find(&cursor, last + 5, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t apex[] = "\4test";
	uint8_t sha256[SIGFILE_DIGEST] = { 0 };
	struct sigfile file = { .blocks = NULL };
	struct error err;
	enum status status;
	if (size < 1 || size > MOST)
		return 0;
	const unsigned way = data[0];
	const size_t rest = size - 1;
	uint8_t *const octets = malloc(rest == 0 ? 1 : rest);
	must(octets != NULL);
	memcpy(octets, data + 1, rest);
	if ((way & SEAL) != 0)
		seal(octets, rest);
	sha256[0] = (way & OTHER_VERSION) != 0;
	error_clear(&err);
	const struct sigfile_identity whose = { apex, sha256, 7 };
	if ((way & FROM_FILE) != 0) {
		const int from = memfd_create("signatures", MFD_CLOEXEC);
		must(from >= 0 && write(from, octets, rest) == (ssize_t)rest);
		status = sigfile_load(from, MOST_READ, &whose, 1, &file, &err);
		close(from);
	} else {
		status = sigfile_open((struct bytes){ octets, rest }, &whose, 1, &file, &err);
	}
	if (status == STATUS_OK)
		walk(&file, (way & FROM_FILE) != 0 ? NULL : octets, rest);
	else
		must(status == STATUS_MALFORMED && err.message[0] != '\0');
	sigfile_close(&file);
	free(octets);
	return 0;
}
