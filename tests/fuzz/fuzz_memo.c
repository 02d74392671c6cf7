/* SPDX-License-Identifier: MIT */
/*
 * A proof memo from anywhere: it is refused in words, or every entry in it is found again.
 *
 * The first octet tells what is done to the rest: 1: it gets a right SHA-256, so that inputs get past it; 2: it is read
 * from a file, else from memory; 4: from a pipe.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "signer/base/bytes.h"
#include "signer/verify/vmemo.h"
#include "tests/fuzz/fuzz.h"

enum { SEAL = 1, FROM_FILE = 2, FROM_PIPE = 4, MOST = 1 << 16, MOST_ENTRIES = 1000 };

static void must(bool holds)
{
	if (!holds)
		abort();
}

static int descriptor_of(unsigned way, const uint8_t *data, size_t size)
{
	int ends[2];
	if ((way & FROM_PIPE) != 0) {
		must(pipe(ends) == 0);
		close(ends[1]);
		return ends[0];
	}
	if ((way & FROM_FILE) == 0)
		return -1;
	const int file = memfd_create("memo", MFD_CLOEXEC);
	must(file >= 0 && write(file, data, size) == (ssize_t)size);
	return file;
}

static void find_all(const struct vmemo *memo)
{
	uint8_t entry[VMEMO_DIGEST];
	for (size_t i = 0; i < memo->head.count; i++) {
		must(vmemo_has(memo, memo->entries[i]));
		memcpy(entry, memo->entries[i], VMEMO_DIGEST);
		entry[VMEMO_DIGEST - 1] ^= 1;
		(void)vmemo_has(memo, entry);
	}
}

static void make_entry(const uint8_t *data, size_t size)
{
	uint8_t one[VMEMO_DIGEST], other[VMEMO_DIGEST];
	EVP_MD_CTX *const context = EVP_MD_CTX_new();
	const struct vkey key = { .rdata = data, .size = size, .algorithm = 13 };
	const struct bytes all = { data, size };
	const struct bytes none = { data, 0 };
	const bool made = vmemo_entry(context, EVP_sha256(), &key, all, none, one);
	must(made == (size >= 4));
	/* What is signed does not pass for the signature. */
	if (made && size > 0)
		must(vmemo_entry(context, EVP_sha256(), &key, none, all, other) &&
		     memcmp(one, other, VMEMO_DIGEST) != 0);
	EVP_MD_CTX_free(context);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vmemo memo;
	char why[VMEMO_WHY] = "";
	if (size < 1 || size > MOST)
		return 0;
	const unsigned way = data[0];
	const size_t rest = size - 1;
	uint8_t *const octets = malloc(rest == 0 ? 1 : rest);
	must(octets != NULL);
	memcpy(octets, data + 1, rest);
	if ((way & SEAL) != 0 && rest > VMEMO_DIGEST)
		bytes_sha256((struct bytes){ octets, rest - VMEMO_DIGEST }, octets + rest - VMEMO_DIGEST);
	const struct verify_input input = { "memo", descriptor_of(way, octets, rest), octets, rest };
	if (vmemo_open(&input, MOST_ENTRIES, &memo, why)) {
		find_all(&memo);
		vmemo_close(&memo);
	} else {
		must(why[0] != '\0');
	}
	make_entry(octets, rest);
	if (input.descriptor >= 0)
		close(input.descriptor);
	free(octets);
	return 0;
}
