/* SPDX-License-Identifier: MIT */
#include "signer/base/workers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ITEMS = 1000 };

struct tally {
	atomic_uint visits[ITEMS];
	atomic_uint of_worker[256];
	size_t bad; /* every item from here on fails */
};

static enum status visit(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	struct tally *const tally = context;
	for (size_t i = first; i < end; i++) {
		if (i >= tally->bad)
			return error_set(err, STATUS_NO, "item %zu", i);
		atomic_fetch_add(&tally->visits[i], 1);
		atomic_fetch_add(&tally->of_worker[worker], 1);
	}
	return STATUS_OK;
}

static void tally_init(struct tally *tally, size_t bad)
{
	memset(tally, 0, sizeof(*tally));
	tally->bad = bad;
}

static void every_item_is_done_once_whatever_threads_and_ranges(void **state)
{
	(void)state;
	static struct tally tally;
	static const unsigned threads[] = { 0, 1, 2, 7, 300 };
	static const size_t ranges[] = { 0, 1, 7, 999, 1000, 5000 };
	for (size_t t = 0; t < COUNT(threads); t++) {
		for (size_t r = 0; r < COUNT(ranges); r++) {
			tally_init(&tally, ITEMS);
			assert_int_equal(workers_run(threads[t], ITEMS, ranges[r], visit, &tally, NULL), STATUS_OK);
			for (size_t i = 0; i < ITEMS; i++)
				assert_int_equal(atomic_load(&tally.visits[i]), 1);
		}
	}
}

static void worker_numbers_stay_below_the_number_of_threads(void **state)
{
	(void)state;
	static struct tally tally;
	tally_init(&tally, ITEMS);
	assert_int_equal(workers_run(3, ITEMS, 1, visit, &tally, NULL), STATUS_OK);
	unsigned done = 0;
	for (size_t i = 0; i < 3; i++)
		done += atomic_load(&tally.of_worker[i]);
	assert_int_equal(done, ITEMS);
}

static void nothing_to_do_is_done(void **state)
{
	(void)state;
	static struct tally tally;
	tally_init(&tally, 0);
	assert_int_equal(workers_run(4, 0, 10, visit, &tally, NULL), STATUS_OK);
}

static void failure_of_the_lowest_range_is_told(void **state)
{
	(void)state;
	static struct tally tally;
	for (int round = 0; round < 50; round++) {
		struct error err = { 0 };
		tally_init(&tally, 500);
		assert_int_equal(workers_run(4, ITEMS, 10, visit, &tally, &err), STATUS_NO);
		assert_string_equal(err.message, "item 500");
		for (size_t i = 0; i < 500; i++)
			assert_int_equal(atomic_load(&tally.visits[i]), 1);
	}
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
/* Without address space for another stack; sanitizers need more of it than any limit leaves them. */
static void work_is_done_even_if_no_thread_can_be_started(void **state)
{
	(void)state;
	static struct tally tally;
	tally_init(&tally, ITEMS);
	const pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		/* Stacks larger than the room: those that earlier tests left in glibc's cache do not fit either. */
		const struct rlimit limit = { 512 << 20, 512 << 20 };
		pthread_attr_t attributes;
		if (pthread_attr_init(&attributes) != 0 || pthread_attr_setstacksize(&attributes, 1 << 30) != 0 ||
		    pthread_setattr_default_np(&attributes) != 0 || setrlimit(RLIMIT_AS, &limit) != 0)
			_exit(2);
		if (workers_run(4, ITEMS, 1, visit, &tally, NULL) != STATUS_OK)
			_exit(3);
		_exit(tally.visits[0] == 1 && tally.visits[ITEMS - 1] == 1 && tally.of_worker[0] == ITEMS ? 0 : 4);
	}
	int how = 0;
	assert_int_equal(waitpid(child, &how, 0), child);
	assert_true(WIFEXITED(how));
	assert_int_equal(WEXITSTATUS(how), 0);
}
#endif

static void this_machine_has_a_core(void **state)
{
	(void)state;
	assert_in_range(workers_default(), 1, 256);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_item_is_done_once_whatever_threads_and_ranges),
		cmocka_unit_test(worker_numbers_stay_below_the_number_of_threads),
		cmocka_unit_test(nothing_to_do_is_done),
		cmocka_unit_test(failure_of_the_lowest_range_is_told),
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
		cmocka_unit_test(work_is_done_even_if_no_thread_can_be_started),
#endif
		cmocka_unit_test(this_machine_has_a_core),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
