/* SPDX-License-Identifier: MIT */
/* A file whose text is compared with a zone's comes to what it comes to alone, whatever it holds. */
#include <dirent.h>
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

#include "signer/base/bytes.h"
#include "signer/verify/vbeside.h"
#include "signer/verify/vsum.h"
#include "tests/unit/verify/same_records.h"
#include "tests/unit/verify/same_zones.h"

static const uint8_t apex[] = "\1z";

static struct vsource memory_source(const char *text, size_t size)
{
	return (struct vsource){ .name = "text", .descriptor = -1, .data = (const uint8_t *)text, .size = size };
}

/* Threads have something to do for longer texts only. */
static unsigned threads_for(size_t size)
{
	return size < 100000 ? 1 : 3;
}

/* The zone's text in a file, or in memory (`file` is -1). */
static enum status load(const char *text, size_t size, int file, const uint8_t *origin, struct vzone *out)
{
	struct error err;
	struct vsource source = memory_source(text, size);
	source.compared = true;
	source.descriptor = file;
	return vzone_load(&source, origin, threads_for(size), out, &err);
}

static int file_of(const char *text, size_t size)
{
	const int file = memfd_create("zone", MFD_CLOEXEC);
	assert_int_equal(pwrite(file, text, size, 0), size);
	return file;
}

static size_t piece_count(const struct vzone *zone)
{
	return zone->file.pieces == NULL ? 0 : vpieces_count(zone->file.pieces);
}

static bool same_error(const struct error *a, const struct error *b)
{
	return strcmp(a->message, b->message) == 0 && a->line == b->line && a->column == b->column;
}

static bool reads_the_same(const struct vzone *zone, const char *text, size_t size)
{
	const unsigned threads = threads_for(size);
	struct vsource source = memory_source(text, size);
	struct vfile alone;
	struct vfile beside;
	struct error errs[2];
	memset(errs, 0, sizeof(errs));
	const enum status status = vread_file(&source, zone->apex, threads, &alone, &errs[0]);
	source.like = zone;
	if (vread_file(&source, zone->apex, threads, &beside, &errs[1]) != status)
		fail_msg("alone: %s; beside the zone: %s", errs[0].message, errs[1].message);
	if (status != STATUS_OK)
		return same_error(&errs[0], &errs[1]);
	const bool same = same_records(&alone, &beside);
	vread_free(&alone);
	vread_free(&beside);
	return same;
}

/* `out` is whether the two hold the same records, compared by text or, without `pieces`, parsed. */
static enum status add_up(
    const struct vzone *zone, bool pieces, const struct vsource *source, bool *out, struct vsum *sum, struct error *err)
{
	struct vzone copy = *zone;
	copy.file.pieces = pieces ? zone->file.pieces : NULL;
	*out = false;
	memset(err, 0, sizeof(*err));
	return vsum_same(&copy, source, threads_for(source->size), out, sum, err);
}

static bool adds_up_the_same(const struct vzone *zone, const char *text, size_t size, bool *out)
{
	const struct vsource source = memory_source(text, size);
	struct vsum sums[2];
	struct error errs[2];
	bool parsed;
	const enum status status = add_up(zone, false, &source, &parsed, &sums[0], &errs[0]);
	if (add_up(zone, true, &source, out, &sums[1], &errs[1]) != status || *out != parsed)
		return false;
	if (status != STATUS_OK)
		return same_error(&errs[0], &errs[1]);
	return sums[0].soa_count == sums[1].soa_count && sums[0].made_count == sums[1].made_count &&
	       sums[0].zonemd_count == sums[1].zonemd_count &&
	       (sums[0].soa_count == 0 || sums[0].serial == sums[1].serial);
}

/* Arranged with what it shares with the zone, and by itself. `shares`: whether it does. */
static bool arranges_the_same(const struct vzone *zone, const char *text, size_t size, bool *shares)
{
	struct vsource source = memory_source(text, size);
	struct vzone alone;
	struct vzone beside;
	struct error errs[2];
	memset(errs, 0, sizeof(errs));
	*shares = false;
	const enum status status = vzone_load(&source, zone->apex, threads_for(size), &alone, &errs[0]);
	source.like = zone;
	if (vzone_load(&source, zone->apex, threads_for(size), &beside, &errs[1]) != status)
		fail_msg("alone: %s; beside the zone: %s", errs[0].message, errs[1].message);
	if (status != STATUS_OK)
		return same_error(&errs[0], &errs[1]);
	const bool same = same_zones(&alone, &beside);
	*shares = beside.records == zone->records;
	vzone_free(&alone);
	vzone_free(&beside);
	return same;
}

static bool comes_to_the_same(const struct vzone *zone, const char *text, size_t size)
{
	bool ignored;
	return arranges_the_same(zone, text, size, &ignored) && reads_the_same(zone, text, size) &&
	       adds_up_the_same(zone, text, size, &ignored);
}

#define SOA "z. 60 IN SOA a. b. 7 1 1 1 1\nz. 60 IN NS ns1.d.z.\n"
#define ONE "d.z. 60 IN NS ns1.d.z.\n"
#define TWO "d.z. 60 IN NS r\n"
#define TEXT "c.d 61 IN TXT \"a b\" c\\;d\n"
#define REST "ns1.d.z. 60 IN A 1.2.3.4\nw.z. 60 IN TXT a\n"
#define ZONE SOA ONE TWO TEXT REST

static const struct {
	const char *title;
	const char *text;
	bool same;
} others[] = {
	{ "the same", ZONE, true },
	{ "other order", SOA REST TEXT TWO ONE, true },
	{ "without line end", SOA ONE TWO TEXT "ns1.d.z. 60 IN A 1.2.3.4\nw.z. 60 IN TXT a", true },
	{ "cut in the middle of a line", SOA ONE TWO TEXT "ns1.d.z. 60 IN A 1.2.3.4\nw.z. 60 IN TX", false },
	{ "a blank owner after its own", SOA ONE " 60 IN NS r\n" TEXT REST, true },
	{ "a blank owner after another", SOA ONE TWO TEXT " 60 IN TXT x\n" REST, false },
	{ "a blank owner after another, for the one it stands for", SOA ONE TWO TEXT REST "\n 60 IN TXT a\n", false },
	{ "no TTL after a line with another", SOA ONE TWO TEXT "ns1.d.z. A 1.2.3.4\nw.z. TXT a\n", false },
	{ "no TTL after a line with that one", SOA ONE TEXT TWO "ns1.d.z. A 1.2.3.4\nw.z. TXT a\n", true },
	{ "no TTL after another $TTL", SOA ONE TWO "$TTL 61\n" TEXT REST "v.z. TXT a\n", false },
	{ "no TTL after the same $TTL", SOA ONE TWO "$TTL 60\n" TEXT "ns1.d.z. A 1.2.3.4\nw.z. TXT a\n", true },
	{ "another $ORIGIN before relative names", SOA "$ORIGIN o.z.\n" ONE TWO TEXT REST, false },
	{ "another $ORIGIN in between", SOA ONE "$ORIGIN o.z.\n" TWO TEXT REST, false },
	{ "another $ORIGIN and back", SOA ONE "$ORIGIN o.z.\n$ORIGIN z.\n" TWO TEXT REST, true },
	{ "another $ORIGIN and back by a relative name", SOA "$ORIGIN z.z.\n$ORIGIN z.\n" ONE TWO TEXT REST, true },
	{ "the $ORIGIN in capitals", SOA ONE "$ORIGIN Z.\n" TWO TEXT REST, true },
	{ "the root as $ORIGIN", SOA ONE TWO "$ORIGIN .\n" TEXT REST, false },
	{ "a line within parentheses", SOA ONE TWO "v.z. 60 IN TXT ( x\n" TEXT ")\n" REST, false },
	{ "an opening parenthesis before a line", SOA ONE "(\n" TWO ")\n" TEXT REST, true },
	{ "a parenthesis that is not closed", SOA ONE TWO "v.z. 60 IN TXT ( x\n" TEXT REST, false },
	{ "a quote that is not closed", SOA ONE TWO "v.z. 60 IN TXT \"x\n" TEXT REST, false },
	{ "a quote that ends in another line", SOA ONE TWO "v.z. 60 IN TXT \"x\n" TEXT "\"\n" REST, false },
	{ "a backslash at the end of the line before", SOA ONE TWO "v.z. 60 IN TXT x\\\n" TEXT REST, false },
	{ "comments", "; z.\n" SOA ";" ONE ONE " ; " TWO TWO TEXT "\n\n" REST ";", true },
	{ "a line that is a comment", SOA ONE ";" TWO TEXT REST, false },
	{ "carriage returns",
	    "z. 60 IN SOA a. b. 7 1 1 1 1\r\nz. 60 IN NS ns1.d.z.\r\n" ONE "d.z. 60 IN NS r\r\n" TEXT REST, true },
	{ "a lone carriage return", SOA ONE "d.z. 60 IN NS r\r d.z. 60 IN NS r\n" TEXT REST, false },
	{ "another spelling",
	    SOA ONE "D.z. 1m NS R.Z.\n"
		    "\\101\\046.z. 60 IN TXT a\n" TEXT REST,
	    false },
	{ "an escape for a letter", SOA "\\100.z. 60 IN NS ns1.d.z.\n" TWO TEXT REST, true },
	{ "a line twice", SOA ONE ONE TWO TEXT REST, false },
	{ "a line twice for another", SOA ONE ONE TEXT REST, false },
	{ "all twice", ZONE ZONE, false },
	{ "a line is missing", SOA ONE TEXT REST, false },
	{ "another TTL", SOA "d.z. 61 IN NS ns1.d.z.\n" TWO TEXT REST, false },
	{ "another class", SOA "d.z. 60 CH NS ns1.d.z.\n" TWO TEXT REST, false },
	{ "a longer line", SOA ONE "d.z. 60 IN NS r \n" TEXT "ns1.d.z. 60 IN A 1.2.3.4\nw.z. 60 IN TXT a a\n", false },
	{ "a shorter line", SOA ONE TWO TEXT "ns1.d.z. 60 IN A 1.2.3.\nw.z. 60 IN TXT a\n", false },
	{ "another serial", "z. 60 IN SOA a. b. 8 1 1 1 1\nz. 60 IN NS ns1.d.z.\n" ONE TWO TEXT REST, true },
	{ "no owner at all", " 60 IN NS r\n" ZONE, false },
	{ "a NUL", SOA ONE "d.z. 60 IN NS \1\n" TEXT REST, false },
	{ "$INCLUDE", SOA ONE "$INCLUDE x\n" TWO TEXT REST, false },
	{ "$GENERATE", SOA ONE "$GENERATE 1-2 x TXT a\n" TWO TEXT REST, false },
};

static void lines_in_another_context_are_other_records(void **state)
{
	const int file = file_of(ZONE, strlen(ZONE));
	(void)state;
	for (int pass = 0; pass < 2; pass++) {
		struct vzone zone;
		assert_int_equal(load(ZONE, strlen(ZONE), pass == 0 ? -1 : file, apex, &zone), STATUS_OK);
		assert_int_equal(piece_count(&zone), 1);
		for (size_t i = 0; i < COUNT(others); i++) {
			const char *const text = others[i].text;
			bool same;
			if (!comes_to_the_same(&zone, text, strlen(text)) ||
			    !adds_up_the_same(&zone, text, strlen(text), &same) || same != others[i].same)
				fail_msg("%s", others[i].title);
		}
		vzone_free(&zone);
	}
	close(file);
}

/* Their lines may mean something else where they stand: they are in no piece. */
static void lines_that_are_not_plain_are_not_compared(void **state)
{
	static const char *const texts[] = { SOA "$ORIGIN o.z.\n" ONE TWO TEXT "$ORIGIN z.\n" REST,
		SOA ONE " 60 IN NS r\n" TEXT REST, "$TTL 60\n" SOA "d.z. IN NS ns1.d.z.\n" TWO TEXT REST,
		SOA ONE "d.z. 60 IN NS (\n r )\n" TEXT REST, SOA "; comment\n" ONE TWO TEXT REST };
	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct vzone zone;
		assert_int_equal(load(texts[i], strlen(texts[i]), -1, apex, &zone), STATUS_OK);
		assert_int_equal(piece_count(&zone), 0);
		for (size_t k = 0; k < COUNT(others); k++)
			if (!comes_to_the_same(&zone, others[k].text, strlen(others[k].text)))
				fail_msg("zone %zu: %s", i, others[k].title);
		vzone_free(&zone);
	}
}

/* Longer than a piece, so that what the lines need stands in another one. */
static void lines_that_need_what_stands_before_a_piece_are_not_compared(void **state)
{
	enum { NAMES = 6000 };
	static const char *const heads[] = { "$TTL 60\n", "$TTL 61\n", "$ORIGIN y.z.\n", "" };
	(void)state;
	char *const texts[] = { malloc(NAMES * 40), malloc(NAMES * 40) };
	for (size_t pair = 0; pair < COUNT(heads); pair += 2) {
		size_t sizes[2] = { 0, 0 };
		struct vzone zone;
		bool same;
		for (size_t i = 0; i < 2; i++) {
			sizes[i] += (size_t)sprintf(texts[i], "z. 60 IN SOA a. b. 7 1 1 1 1\n%s", heads[pair + i]);
			for (unsigned name = 0; name < NAMES; name++)
				sizes[i] += (size_t)sprintf(texts[i] + sizes[i],
				    pair == 0 ? "d%06u.z. IN A 192.0.2.1\n" : "d%06u 60 IN A 192.0.2.1\n", name);
		}
		assert_int_equal(load(texts[0], sizes[0], -1, apex, &zone), STATUS_OK);
		assert_int_equal(piece_count(&zone), 0);
		assert_true(comes_to_the_same(&zone, texts[1], sizes[1]));
		assert_true(adds_up_the_same(&zone, texts[1], sizes[1], &same) && !same);
		vzone_free(&zone);
	}
	free(texts[0]);
	free(texts[1]);
}

static char *read_whole(const char *path, size_t *size)
{
	FILE *const in = fopen(path, "r");
	char *const text = malloc(1 << 21);
	assert_true(in != NULL && text != NULL);
	*size = fread(text, 1, 1 << 21, in);
	fclose(in);
	return text;
}

/* Each file of the folder beside the zone, or beside itself. */
static unsigned read_folder(const char *folder, const struct vzone *zone)
{
	struct dirent *entry;
	unsigned count = 0;
	DIR *const files = opendir(folder);
	assert_non_null(files);
	while ((entry = readdir(files)) != NULL) {
		char path[512];
		size_t size;
		struct vzone own;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (strstr(entry->d_name, ".zone") == NULL)
			continue;
		char *const text = read_whole(path, &size);
		const bool itself = zone == NULL;
		if (!itself || load(text, size, -1, NULL, &own) == STATUS_OK) {
			if (!comes_to_the_same(itself ? &own : zone, text, size))
				fail_msg("%s", path);
			count++;
			if (itself)
				vzone_free(&own);
		}
		free(text);
	}
	closedir(files);
	return count;
}

static void every_zone_of_the_tests_reads_the_same_beside_others_and_itself(void **state)
{
	static const char *const zones[] = { "good/nsec.zone", "good/nsec3_opt_out.zone",
		"good/servers_that_another_answers_for.zone" };
	(void)state;
	for (size_t i = 0; i <= COUNT(zones); i++) {
		char path[512];
		size_t size = 0;
		struct vzone zone;
		char *text = NULL;
		if (i < COUNT(zones)) {
			snprintf(path, sizeof(path), TEST_ROOT "/zones/%s", zones[i]);
			text = read_whole(path, &size);
			assert_int_equal(load(text, size, -1, NULL, &zone), STATUS_OK);
		}
		assert_true(read_folder(TEST_ROOT "/zones/good", text == NULL ? NULL : &zone) > 50);
		assert_true(read_folder(TEST_ROOT "/zones/bad", text == NULL ? NULL : &zone) > 50);
		if (text != NULL)
			vzone_free(&zone);
		free(text);
	}
}

static uint32_t draw(uint32_t *seed, uint32_t below)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (uint32_t)(((uint64_t)*seed * below) >> 32);
}

/* A zone as a signer writes it: now and then a DS, an alias, what no other name has, and something below. */
static size_t write_zone(char *out, unsigned names)
{
	uint32_t seed = 5;
	size_t used = (size_t)sprintf(out, "z. 60 IN SOA a. b. 7 1 1 1 1\nz. 60 IN NS ns.d000000.z.\n");
	for (unsigned i = 0; i < names; i++) {
		const bool alias = draw(&seed, 30) == 0;
		if (alias)
			used += (size_t)sprintf(out + used, "d%06u.z. 60 IN DNAME p%u.z.\n", i, i);
		for (unsigned k = 0; k <= i % 3 && !alias; k++)
			used += (size_t)sprintf(out + used, "d%06u.z. 60 IN NS ns%u.p%u.z.\n", i, k, draw(&seed, 900));
		if (draw(&seed, 20) == 0)
			used += (size_t)sprintf(out + used, "d%06u.z. 60 IN DS %u 13 2 %064u\n", i, i % 65536, i);
		if (draw(&seed, 20) == 0)
			used += (size_t)sprintf(
			    out + used, "d%06u.z. 60 IN TXT \"%u\" x\nd%06u.z. 60 IN A 192.0.2.1\n", i, i, i);
		if (draw(&seed, 10) == 0)
			used += (size_t)sprintf(out + used, "ns.d%06u.z. 60 IN A 192.0.2.3\n", i);
	}
	return used;
}

/* One line of the zone, or what someone made of it. */
static size_t put_line(char *out, const char *line, size_t size, unsigned form)
{
	static const char *const more[] = { "", "", "; ", "$ORIGIN o.z.\n", "$ORIGIN z.\n", "$TTL 61\n", "\n",
		" TXT x\n", " 60 IN TXT y\n", "(\n)", "x.z. TXT \"a\"\n" };
	size_t used = 0;
	if (form < COUNT(more))
		used = (size_t)sprintf(out, "%s", more[form]);
	if (form == COUNT(more)) /* it is lost */
		return 0;
	memcpy(out + used, line, size);
	used += size;
	if (form == COUNT(more) + 1) { /* it is there twice */
		memcpy(out + used, line, size);
		used += size;
	} else if (form == COUNT(more) + 2) {
		memcpy(out + used - 1, "\r\n", 2);
		used++;
	} else if (form == COUNT(more) + 3) {
		out[size / 2] ^= 1;
	} else if (form == COUNT(more) + 4) {
		out[0] = ' ';
	} else if (form == COUNT(more) + 5) {
		memcpy(out + used - 1, " ; c\n", 5);
		used += 4;
	} else if (form == COUNT(more) + 6) {
		out[0] = 'D';
	}
	return used;
}

enum { FORMS = 18 };

/* About one line in `rare` is another one. */
static size_t change(char *out, const char *text, size_t size, unsigned rare, uint32_t *seed)
{
	size_t used = 0;
	for (const char *at = text; at < text + size;) {
		const char *const end = (const char *)memchr(at, '\n', (size_t)(text + size - at)) + 1;
		const unsigned form = draw(seed, rare) == 0 ? draw(seed, FORMS) : FORMS;
		used += put_line(out + used, at, (size_t)(end - at), form);
		at = end;
	}
	return used;
}

static void changed_texts_read_the_same_beside_the_zone(void **state)
{
	static const struct {
		unsigned names, rounds, rare;
	} sizes[] = { { 10, 100, 8 }, { 40, 30, 20 }, { 10000, 2, 300 }, { 10000, 1, 6000 } };
	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		uint32_t seed = (uint32_t)i;
		char *const text = malloc(sizes[i].names * 400 + 200);
		char *const other = malloc(2 * (sizes[i].names * 400 + 200));
		struct vzone zone;
		const size_t size = write_zone(text, sizes[i].names);
		const int file = file_of(text, size);
		assert_int_equal(load(text, size, i % 2 == 0 ? file : -1, apex, &zone), STATUS_OK);
		assert_true(piece_count(&zone) > 0);
		for (unsigned round = 0; round < sizes[i].rounds; round++) {
			const size_t used = change(other, text, size, sizes[i].rare, &seed);
			if (!comes_to_the_same(&zone, other, used))
				fail_msg("%u names, round %u", sizes[i].names, round);
		}
		vzone_free(&zone);
		close(file);
		free(other);
		free(text);
	}
}

static void a_zone_file_that_changes_is_the_one_that_was_read_first(void **state)
{
	enum { NAMES = 5000 };
	char *const text = malloc(NAMES * 400);
	struct vzone zone;
	bool same = false;
	(void)state;
	const size_t size = write_zone(text, NAMES);
	const int file = file_of(text, size);
	assert_int_equal(load(text, size, file, apex, &zone), STATUS_OK);
	assert_true(adds_up_the_same(&zone, text, size, &same) && same);
	char *const at = strstr(text + size / 2, "NS ns");
	at[5] ^= 1;
	assert_int_equal(pwrite(file, text, size, 0), size);
	assert_true(comes_to_the_same(&zone, text, size));
	assert_true(adds_up_the_same(&zone, text, size, &same) && !same);
	at[5] ^= 1;
	assert_true(adds_up_the_same(&zone, text, size, &same) && same);
	assert_int_equal(ftruncate(file, (off_t)size / 3), 0);
	assert_true(adds_up_the_same(&zone, text, size, &same) && same);
	vzone_free(&zone);
	close(file);
	free(text);
}

/* Octets of `text` that are not parsed. */
static size_t matched(struct vbeside *beside, const char *text, size_t size)
{
	size_t sum = 0;
	for (const char *at = text; at < text + size;) {
		const size_t match = vbeside_match(beside, at, text + size);
		sum += match;
		at += match > 0 ? match : (size_t)((const char *)memchr(at, '\n', (size_t)(text + size - at)) + 1 - at);
	}
	return sum;
}

static void what_is_equal_is_not_parsed(void **state)
{
	enum { NAMES = 5000 };
	char *const text = malloc(NAMES * 400);
	char *const input = malloc(NAMES * 400);
	struct vzone zone;
	(void)state;
	const size_t size = write_zone(text, NAMES);
	size_t input_size = 0;
	for (const char *at = text; at < text + size;) {
		const char *const end = strchr(at, '\n') + 1;
		if (memmem(at, (size_t)(end - at), " DS ", 4) == NULL) {
			memcpy(input + input_size, at, (size_t)(end - at));
			input_size += (size_t)(end - at);
		}
		at = end;
	}
	assert_int_equal(load(text, size, -1, apex, &zone), STATUS_OK);
	struct vbeside *const beside = vbeside_new(&zone, apex);
	const size_t first = (size_t)(strchr(text, '\n') + 1 - text);
	vbeside_begin(beside);
	assert_int_equal(vbeside_match(beside, text, text + size), 0);
	vbeside_found(beside, zone.soa);
	assert_int_equal(matched(beside, text + first, size - first), size - first);
	vbeside_begin(beside);
	vbeside_found(beside, zone.soa);
	assert_int_equal(matched(beside, input + first, input_size - first), input_size - first);
	vbeside_free(beside);
	vzone_free(&zone);
	free(input);
	free(text);
}

static void a_version_with_few_changes_shares_the_zone_s_records(void **state)
{
	enum { NAMES = 5000 };
	static const char added[] = "a.z. 60 IN NS ns.d000000.z.\n";
	char *const text = malloc(NAMES * 400);
	char *const other = malloc(NAMES * 400);
	struct vzone zone;
	bool shares = false;
	(void)state;
	const size_t size = write_zone(text, NAMES);
	assert_int_equal(load(text, size, -1, apex, &zone), STATUS_OK);
	assert_true(arranges_the_same(&zone, text, size, &shares) && shares);
	/* A delegation more in front and behind, one record of one owner less, and glue that is hidden no more. */
	memcpy(other, added, sizeof(added) - 1);
	memcpy(other + sizeof(added) - 1, text, size);
	size_t used = size + sizeof(added) - 1;
	char *const at = strstr(other + used / 2, "NS ns1.");
	memcpy(at, "DS 1 13", 7); /* no RDATA of a DS: refused */
	assert_true(arranges_the_same(&zone, other, used, &shares) && !shares);
	memcpy(at, "NS nsx.", 7);
	used += (size_t)sprintf(
	    other + used, "ns.d000000.z. 60 IN A 192.0.2.1\nx.z. 60 IN NS ns.x.z.\nns.x.z. 60 IN A 192.0.2.2\n");
	assert_true(arranges_the_same(&zone, other, used, &shares) && shares);
	/* The version now has a record twice, or the zone's owners are nearly all other ones. */
	memcpy(other + used, added, sizeof(added) - 1);
	assert_true(arranges_the_same(&zone, other, used + sizeof(added) - 1, &shares) && !shares);
	for (char *name = other; (name = strstr(name, "\nd00")) != NULL; name++)
		name[1] = 'e';
	assert_true(arranges_the_same(&zone, other, used, &shares) && !shares);
	vzone_free(&zone);
	free(other);
	free(text);
}

/* What hides an owner, or which of two copies counts, may be another matter in the other file. */
static void owners_that_are_the_same_may_stand_otherwise(void **state)
{
	static const char *const texts[][2] = {
		{ SOA "b.z. 60 IN NS ns.b.z.\nns.b.z. 60 IN A 192.0.2.1\n", SOA "ns.b.z. 60 IN A 192.0.2.1\n" },
		{ SOA "b.z. 60 IN DNAME q.\nns.b.z. 60 IN A 192.0.2.1\n", SOA "ns.b.z. 60 IN A 192.0.2.1\n" },
		{ SOA "b.z. 60 IN DNAME q.\nns.b.z. 60 IN A 192.0.2.1\n",
		    SOA "b.z. 60 IN NS q.\nns.b.z. 60 IN A 192.0.2.1\n" },
		{ SOA "ns.b.z. 60 IN A 192.0.2.1\n", SOA "b.z. 60 IN NS ns.b.z.\nns.b.z. 60 IN A 192.0.2.1\n" },
		{ SOA "w.z. 60 IN A 192.0.2.1\nw.z. 61 IN A 192.0.2.1\n",
		    SOA "w.z. 61 IN A 192.0.2.1\nw.z. 60 IN A 192.0.2.1\n" },
		{ SOA "w.z. 60 IN A 192.0.2.1\n", SOA "w.z. 61 IN A 192.0.2.1\nw.z. 60 IN A 192.0.2.1\n" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct vzone zone;
		assert_int_equal(load(texts[i][0], strlen(texts[i][0]), -1, apex, &zone), STATUS_OK);
		assert_int_equal(piece_count(&zone), 1);
		if (!comes_to_the_same(&zone, texts[i][1], strlen(texts[i][1])))
			fail_msg("pair %zu", i);
		vzone_free(&zone);
	}
}

static void a_file_that_is_not_like_the_zone_is_soon_not_compared(void **state)
{
	enum { NAMES = 5000 };
	static const char line[] = "other.z. 60 IN TXT x\n";
	char *const text = malloc(NAMES * 400);
	struct vzone zone;
	unsigned tries = 0;
	(void)state;
	const size_t size = write_zone(text, NAMES);
	assert_int_equal(load(text, size, -1, apex, &zone), STATUS_OK);
	struct vbeside *const beside = vbeside_new(&zone, apex);
	vbeside_begin(beside);
	do {
		vbeside_found(beside, tries % 2 == 0 ? zone.soa : &zone.records[zone.file.count - 9]);
		assert_int_equal(vbeside_match(beside, line, line + sizeof(line) - 1), 0);
	} while (beside->credit > 0 && ++tries < 1000);
	assert_in_range(tries, 1, 100);
	vbeside_free(beside);
	vzone_free(&zone);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(lines_in_another_context_are_other_records),
		cmocka_unit_test(lines_that_are_not_plain_are_not_compared),
		cmocka_unit_test(lines_that_need_what_stands_before_a_piece_are_not_compared),
		cmocka_unit_test(every_zone_of_the_tests_reads_the_same_beside_others_and_itself),
		cmocka_unit_test(changed_texts_read_the_same_beside_the_zone),
		cmocka_unit_test(a_zone_file_that_changes_is_the_one_that_was_read_first),
		cmocka_unit_test(what_is_equal_is_not_parsed),
		cmocka_unit_test(a_version_with_few_changes_shares_the_zone_s_records),
		cmocka_unit_test(owners_that_are_the_same_may_stand_otherwise),
		cmocka_unit_test(a_file_that_is_not_like_the_zone_is_soon_not_compared) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
