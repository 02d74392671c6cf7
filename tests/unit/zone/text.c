/* SPDX-License-Identifier: MIT */
#include "tests/unit/zone/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
/* cmocka wants the headers above. */
#include <cmocka.h>

#include "signer/dns/name.h"

const uint8_t *text_name(const char *text)
{
	static uint8_t names[8][NAME_WIRE];
	static unsigned next;
	uint8_t *const out = names[next++ % 8];
	size_t size;
	struct error err = { 0 };
	if (name_parse(text, strlen(text), NULL, out, &size, &err) != STATUS_OK)
		fail_msg("%s: %s", text, err.message);
	return out;
}

void text_read(const char *text, const char *origin, struct zonetext *out)
{
	const int file = memfd_create("zone", MFD_CLOEXEC);
	assert_true(file >= 0);
	const size_t size = strlen(text);
	assert_int_equal(write(file, text, size), (ssize_t)size);
	assert_int_equal(lseek(file, 0, SEEK_SET), 0);
	const struct zonetext_options options = { .name = "zone", .origin = text_name(origin), .threads = 1 };
	struct error err = { 0 };
	if (zonetext_read(file, &options, out, &err) != STATUS_OK)
		fail_msg("line %u: %s", (unsigned)err.line, err.message);
	close(file);
}

enum status text_build(
    const char *text, const char *origin, unsigned threads, struct zonetext *read, struct zone *out, struct error *err)
{
	text_read(text, origin, read);
	return zone_build(
	    read->records, read->count, text_name(origin), (const char *const *)read->files, threads, out, err);
}
