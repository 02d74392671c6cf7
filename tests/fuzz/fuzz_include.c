/* SPDX-License-Identifier: MIT */
#include <sys/mman.h>
#include <unistd.h>

#include "signer/verify/vread.h"
#include "tests/fuzz/fuzz.h"

static int file_with(const void *data, size_t size)
{
	const int file = memfd_create("fuzz", MFD_CLOEXEC);
	if (file >= 0 && write(file, data, size) != (ssize_t)size) {
		close(file);
		return -1;
	}
	return file;
}

/* The verifier's reader on any octets as an input that includes itself and another file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char other[] = "$ORIGIN b.\n$TTL 60\nc A 192.0.2.1\n";
	static const uint8_t origin[] = "\004test";
	const struct vinclude includes[] = { { "self", file_with(data, size) },
		{ "other", file_with(other, sizeof(other) - 1) } };
	const struct vsource source = {
		.name = "input", .descriptor = includes[0].descriptor, .includes = includes, .include_count = 2
	};
	struct vfile file = { .count = 0 };
	struct error err;
	if (vread_file(&source, origin, 1, &file, &err) == STATUS_OK)
		vread_free(&file);
	for (int i = 0; i < 2; i++)
		close(includes[i].descriptor);
	return 0;
}
