/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "signer/base/bytes.h"
#include "signer/verify/verdict.h"
#include "signer/verify/vmemo_use.h"
#include "signer/verify/vselftest_zones.h"

/* A memo saves computing and decides nothing: what is wrong with it, or about it, is found. */

enum {
	NOW = 1768003200,
	DAY = 86400,
	ZONE_AT = 8 + VMEMO_BUILD,
	KEYS_AT = ZONE_AT + VMEMO_ZONE,
	FULL_AT = KEYS_AT + 32
};

struct asked {
	const char *zone;
	int64_t now;
	const char *policy;
	unsigned threads;
};

static const struct asked good_zone = { built_in_nsec, NOW, NULL, 1 };

static enum status judge(const struct asked *asked, struct verify_octets old, struct verify_octets *out,
    struct verify_verdict **verdict, struct error *err)
{
	const struct verify_options options = { .origin = "zs.test.",
		.zone = { "zone", -1, (const uint8_t *)asked->zone, strlen(asked->zone) },
		.policy = { asked->policy == NULL ? NULL : "policy", -1, (const uint8_t *)asked->policy,
		    asked->policy == NULL ? 0 : strlen(asked->policy) },
		.times = { { asked->now } },
		.time_count = 1,
		.threads = asked->threads,
		.memo = { "memo", -1, old.data, old.size },
		.memo_out = out };
	error_clear(err);
	return verify_run(&options, verdict, err);
}

static struct verify_octets make_memo(void)
{
	struct verify_octets memo = { NULL, 0 };
	const struct verify_octets none = { NULL, 0 };
	struct verify_verdict *verdict = NULL;
	struct error err;
	assert_int_equal(judge(&good_zone, none, &memo, &verdict, &err), STATUS_OK);
	assert_true(verify_passed(verdict));
	assert_true(memo.size > VMEMO_HEAD + 2 * VMEMO_DIGEST);
	verify_free(verdict);
	return memo;
}

/* As somebody would who may write the file. */
static void seal(struct verify_octets memo)
{
	const size_t covered = memo.size - VMEMO_DIGEST;
	bytes_sha256((struct bytes){ memo.data, covered }, memo.data + covered);
}

/* The zone is good: it passes whatever the memo is, and the verdict says why the memo did not serve. */
static void expect_full(const struct asked *asked, struct verify_octets memo, const char *why)
{
	struct verify_verdict *verdict = NULL;
	struct error err;
	assert_int_equal(judge(asked, memo, NULL, &verdict, &err), STATUS_OK);
	assert_true(verify_passed(verdict));
	assert_int_equal(verdict->run.stats.recalled, 0);
	assert_non_null(strstr(vmemo_account(verdict->run.memo).full, why));
	char *const text = verify_text(verdict);
	assert_non_null(strstr(text, why));
	free(text);
	verify_free(verdict);
}

static void all_is_taken_from_a_good_memo_and_few_are_all_sampled(void **state)
{
	(void)state;
	struct verify_octets memo = make_memo(), next = { NULL, 0 };
	for (unsigned threads = 1; threads <= 3; threads += 2) {
		const struct asked asked = { built_in_nsec, NOW + 60, NULL, threads };
		struct verify_verdict *verdict = NULL;
		struct error err;
		assert_int_equal(judge(&asked, memo, &next, &verdict, &err), STATUS_OK);
		const struct vsig_stats *const stats = &verdict->run.stats;
		assert_true(verify_passed(verdict));
		assert_true(stats->verified > 2);
		assert_int_equal(stats->recalled, stats->verified);
		assert_int_equal(stats->sampled, stats->recalled);
		assert_null(vmemo_account(verdict->run.memo).full);
		verify_free(verdict);
		/* The new one is the same, the time of the last full verification too. */
		assert_int_equal(next.size, memo.size);
		assert_memory_equal(next.data, memo.data, memo.size);
		free(next.data);
		next = (struct verify_octets){ NULL, 0 };
	}
	free(memo.data);
}

static void times_are_judged_on_what_the_memo_knows(void **state)
{
	(void)state;
	static const char rarely[] = "{\"schema\": \"zoneseal.limits/1\", \"full_verify_every\": 4000000000}";
	struct verify_octets memo = make_memo(), next = { NULL, 0 };
	const struct asked asked = { built_in_nsec, NOW + 365 * DAY, rarely, 1 };
	struct verify_verdict *verdict = NULL;
	struct error err;
	assert_int_equal(judge(&asked, memo, &next, &verdict, &err), STATUS_OK);
	assert_true(verdict->run.stats.recalled > 0);
	assert_false(verify_passed(verdict));
	assert_true(verify_found(verdict, "time.valid"));
	/* A refused zone leaves no memo. */
	assert_null(next.data);
	verify_free(verdict);
	free(memo.data);
}

static void a_damaged_cut_or_foreign_memo_is_found(void **state)
{
	(void)state;
	struct verify_octets memo = make_memo();
	for (size_t size = 1; size < memo.size; size += 37)
		expect_full(&good_zone, (struct verify_octets){ memo.data, size },
		    size < 8 ? "no memo of this format" : "cut short");
	for (size_t at = 8; at < memo.size; at += 13) {
		if (at >= FULL_AT + 8 && at < FULL_AT + 16)
			continue; /* the number of entries: "cut short" and the like */
		memo.data[at] ^= 4;
		expect_full(&good_zone, memo, "damaged");
		memo.data[at] ^= 4;
	}
	static const struct {
		size_t at;
		const char *why;
	} strangers[] = { { 8, "another build" }, { ZONE_AT + 1, "another zone" }, { KEYS_AT, "keys have changed" },
		{ 3, "no memo of this format" }, { FULL_AT + 3, "in the future" }, { FULL_AT, "in the future" } };
	for (size_t i = 0; i < COUNT(strangers); i++) {
		memo.data[strangers[i].at] ^= 0x80;
		seal(memo);
		expect_full(&good_zone, memo, strangers[i].why);
		memo.data[strangers[i].at] ^= 0x80;
	}
	memset(memo.data + FULL_AT + 8, 0xff, 8);
	seal(memo);
	expect_full(&good_zone, memo, "more entries");
	free(memo.data);
}

static void it_is_full_again_in_time_and_when_clocks_jump(void **state)
{
	(void)state;
	static const char always[] =
	    "{\"schema\": \"zoneseal.limits/1\", \"min_remaining\": 0, \"full_verify_every\": 0}";
	struct verify_octets memo = make_memo();
	expect_full(&(struct asked){ built_in_nsec, NOW + DAY, NULL, 1 }, memo, "the last full verification was at");
	expect_full(&(struct asked){ built_in_nsec, NOW - 1, NULL, 1 }, memo, "in the future");
	expect_full(&(struct asked){ built_in_nsec, NOW, always, 1 }, memo, "the last full verification was at");
	free(memo.data);
}

static char *with_other_address(void)
{
	char *const text = strdup(built_in_nsec);
	char *const at = strstr(text, "192.0.2.80");
	assert_non_null(at);
	at[9] = '1';
	return text;
}

/* A memo of all signatures of a zone, good or bad. */
static struct verify_octets poison(const char *zone)
{
	struct verify_octets memo = { NULL, 0 };
	const struct verify_octets none = { NULL, 0 };
	struct vmemo_list list = { NULL, 0, 0 };
	struct vbuffer data = { NULL, 0, 0 };
	struct verify_octets real = make_memo();
	struct verify_verdict *verdict = NULL;
	struct error err;
	char why[VMEMO_WHY];
	EVP_MD_CTX *const context = EVP_MD_CTX_new();
	assert_int_equal(judge(&(struct asked){ zone, NOW, NULL, 1 }, none, NULL, &verdict, &err), STATUS_OK);
	const struct vrun *const run = &verdict->run;
	for (size_t i = 0; i < run->zone.owner_count; i++) {
		const struct vset all = vzone_set(&run->zone, &run->zone.owners[i], VTYPE_RRSIG);
		for (size_t k = 0; k < all.count; k++) {
			struct vsignature s;
			uint8_t entry[VMEMO_DIGEST];
			assert_true(vsigned_read(&all.first[k], &s));
			const struct vsubject subject = { &run->zone.owners[i],
				vzone_set(&run->zone, &run->zone.owners[i], bytes_get_u16(all.first[k].rdata)) };
			vsigned_data(&s, &subject, &data);
			for (size_t key = 0; key < run->published; key++) {
				assert_true(vmemo_entry(context, EVP_sha256(), &run->known.all[key],
				    (struct bytes){ data.octets, data.size }, s.bytes, entry));
				vmemo_add(&list, entry);
			}
		}
	}
	struct vmemo read;
	assert_true(vmemo_open(&(struct verify_input){ "real", -1, real.data, real.size }, 1000, &read, why));
	struct vmemo_head head = read.head;
	assert_true(vmemo_write(NULL, &memo, &head, &list, 1, why));
	vmemo_close(&read);
	EVP_MD_CTX_free(context);
	free(real.data);
	free(list.entries);
	free(data.octets);
	verify_free(verdict);
	return memo;
}

static void a_poisoned_memo_voids_the_verdict(void **state)
{
	(void)state;
	char *const zone = with_other_address();
	struct verify_octets memo = poison(zone), next = { NULL, 0 };
	struct verify_verdict *verdict = NULL;
	struct error err;
	for (unsigned threads = 1; threads <= 2; threads++) {
		const struct asked asked = { zone, NOW, NULL, threads };
		assert_int_equal(judge(&asked, memo, &next, &verdict, &err), STATUS_INTERNAL);
		assert_non_null(strstr(err.message, "the memo holds a signature that does not verify"));
		assert_null(next.data);
	}
	free(memo.data);
	free(zone);
}

static void many_entries_come_out_in_order(void **state)
{
	(void)state;
	enum { LISTS = 5, EACH = 3000 };
	struct vmemo_list lists[LISTS] = { { NULL, 0, 0 } };
	struct verify_octets memo = { NULL, 0 };
	struct vmemo_head head = { .count = 0 };
	struct vmemo read;
	uint8_t entry[VMEMO_DIGEST];
	char why[VMEMO_WHY];
	for (unsigned i = 0; i < LISTS * EACH; i++) {
		bytes_sha256((struct bytes){ (const uint8_t *)&i, sizeof(i) }, entry);
		if (i % 3 == 0)
			memset(entry, 7, VMEMO_DIGEST - 3); /* most in one bucket */
		vmemo_add(&lists[i % (LISTS - 1)], entry);
	}
	assert_true(vmemo_write(NULL, &memo, &head, lists, LISTS, why));
	assert_true(vmemo_open(&(struct verify_input){ "memo", -1, memo.data, memo.size }, LISTS * EACH, &read, why));
	for (unsigned i = 0; i < LISTS * EACH; i++) {
		bytes_sha256((struct bytes){ (const uint8_t *)&i, sizeof(i) }, entry);
		if (i % 3 == 0)
			memset(entry, 7, VMEMO_DIGEST - 3);
		assert_true(vmemo_has(&read, entry));
		entry[20] ^= 1;
		assert_false(vmemo_has(&read, entry));
	}
	vmemo_close(&read);
	for (unsigned i = 0; i < LISTS; i++)
		free(lists[i].entries);
	free(memo.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_taken_from_a_good_memo_and_few_are_all_sampled),
		cmocka_unit_test(times_are_judged_on_what_the_memo_knows),
		cmocka_unit_test(a_damaged_cut_or_foreign_memo_is_found),
		cmocka_unit_test(it_is_full_again_in_time_and_when_clocks_jump),
		cmocka_unit_test(a_poisoned_memo_voids_the_verdict),
		cmocka_unit_test(many_entries_come_out_in_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
