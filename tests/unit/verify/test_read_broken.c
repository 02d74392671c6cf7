/* SPDX-License-Identifier: MIT */
/* A disk on which a file can be read up to some octet. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#include "signer/verify/vread.h"

enum { WAVE = 6 * 128 * 1024, LINE = 64, SIZE = 4 * WAVE };

static off_t broken_at;

ssize_t __real_read(int file, void *out, size_t size);
ssize_t __real_pread(int file, void *out, size_t size, off_t from);
ssize_t __wrap_read(int file, void *out, size_t size);
ssize_t __wrap_pread(int file, void *out, size_t size, off_t from);

static bool is_broken(off_t from, size_t *size)
{
	if (from >= broken_at) {
		errno = EIO;
		return true;
	}
	*size = *size < (size_t)(broken_at - from) ? *size : (size_t)(broken_at - from);
	return false;
}

ssize_t __wrap_read(int file, void *out, size_t size)
{
	return is_broken(lseek(file, 0, SEEK_CUR), &size) ? -1 : __real_read(file, out, size);
}

ssize_t __wrap_pread(int file, void *out, size_t size, off_t from)
{
	return is_broken(from, &size) ? -1 : __real_pread(file, out, size, from);
}

/* What one line of the file is, all of the same length. */
static const char *const good = "n. 0 IN TXT x";
static const char *const bad = "n. 0 IN TXT \"";

static void put_line(char *text, size_t at, const char *line)
{
	memset(text + at, ' ', LINE - 1);
	memcpy(text + at, line, strlen(line));
	text[at + LINE - 1] = '\n';
}

struct scene {
	const char *title;
	size_t bad, broken; /* lines, from 0 */
	bool entries;       /* parentheses from two lines before the break to behind it */
	bool includes;      /* an $INCLUDE line begins the file */
	enum status status;
};

enum { BROKEN = 3 * WAVE / 2 / LINE };

static const struct scene scenes[] = {
	{ "in the piece before", 5, BROKEN, false, false, STATUS_MALFORMED },
	{ "in the last whole line before", BROKEN - 1, BROKEN, false, false, STATUS_MALFORMED },
	{ "in a file's first piece", 5, 10, false, false, STATUS_MALFORMED },
	{ "behind the break", BROKEN + 1, BROKEN, false, false, STATUS_IO },
	{ "behind a break at once", 5, 0, false, false, STATUS_IO },
	{ "before an entry that is cut by the break", BROKEN - 3, BROKEN, true, false, STATUS_MALFORMED },
	{ "in an entry that is cut by the break", BROKEN - 1, BROKEN, true, false, STATUS_IO },
	{ "before the break in a file with $INCLUDE", BROKEN - 1, BROKEN, false, true, STATUS_MALFORMED },
	{ "behind the break in a file with $INCLUDE", BROKEN + 1, BROKEN, false, true, STATUS_IO },
};

static int file_of(const struct scene *scene)
{
	static char text[SIZE];
	const int file = memfd_create("zone", MFD_CLOEXEC);
	for (size_t at = 0; at < SIZE; at += LINE)
		put_line(text, at, good);
	if (scene->entries) {
		put_line(text, (scene->broken - 2) * LINE, "n. 0 IN TXT (");
		put_line(text, (scene->broken + 1) * LINE, ")");
	}
	if (scene->includes)
		put_line(text, 0, "$INCLUDE empty");
	put_line(text, scene->bad * LINE, bad);
	assert_int_equal(write(file, text, SIZE), SIZE);
	assert_int_equal(lseek(file, 0, SEEK_SET), 0);
	return file;
}

/* Whether the file is refused where it is bad first, by its name. */
static bool is_refused_there(const struct scene *scene, unsigned threads)
{
	struct vfile out;
	struct error err;
	const int empty = memfd_create("empty", MFD_CLOEXEC);
	const struct vinclude included = { .name = "empty", .descriptor = empty };
	const int file = file_of(scene);
	const struct vsource source = {
		.name = "signed", .descriptor = file, .includes = &included, .include_count = scene->includes ? 1 : 0
	};
	error_clear(&err);
	broken_at = (off_t)(scene->broken * LINE) + LINE / 2;
	const enum status status = vread_file(&source, NULL, threads, &out, &err);
	broken_at = 0;
	close(file);
	close(empty);
	const bool told =
	    scene->status == STATUS_IO ? strstr(err.message, "signed: read: ") != NULL : err.line == scene->bad + 1;
	if (status != scene->status || !told)
		print_error("%s, %u threads: %d %s:%llu %s\n", scene->title, threads, (int)status, err.file,
		    (unsigned long long)err.line, err.message);
	return status == scene->status && told;
}

static void what_is_bad_before_an_unreadable_octet_is_said_first(void **state)
{
	unsigned wrong = 0;
	(void)state;
	for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++)
		for (unsigned threads = 1; threads <= 2; threads++)
			wrong += !is_refused_there(&scenes[i], threads);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(what_is_bad_before_an_unreadable_octet_is_said_first) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
