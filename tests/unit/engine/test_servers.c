/* SPDX-License-Identifier: MIT */
/* What a clock that was ahead left: troubles of name servers, and planned changes. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "keystore/store_expect.h"
#include "keystore/store_servers.h"
#include "signer/engine/servers.h"
#include "tests/unit/keystore/store_fixture.h"

#define HOUR 3600
#define YEAR (365 * 24 * HOUR)

static struct utc after(int64_t seconds)
{
	return (struct utc){ NOW.seconds + seconds };
}

/* A published zone with one server, at a port that nobody listens at; whoever has the socket keeps others off it. */
static int unheard(struct fixture *f, char server[32])
{
	struct error err;
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(at);
	const char *const servers[] = { server };
	const int taken = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(taken >= 0);
	assert_int_equal(bind(taken, (struct sockaddr *)&at, size), 0);
	assert_int_equal(getsockname(taken, (struct sockaddr *)&at, &size), 0);
	snprintf(server, 32, "127.0.0.1@%u", ntohs(at.sin_port));
	publish_serial(f, 1, NOW);
	ok(store_set_servers(f->store, f->zone, servers, 1, NOW, &err), &err);
	return taken;
}

static int64_t failing_since(struct fixture *f, int64_t asked_at)
{
	struct error err;
	struct store_zone *zones;
	size_t count;
	size_t left;
	ok(store_zones(f->store, f->mem, &zones, &count, &err), &err);
	ok(servers_ask(f->store, zones, count, after(asked_at), f->mem, &left, &err), &err);
	assert_int_equal(left, 0);
	assert_int_equal(ask(f->path, "SELECT count(*) FROM name_servers WHERE failure IS NOT NULL"), 1);
	return ask(f->path, "SELECT failing_since FROM name_servers") - NOW.seconds;
}

static void a_server_fails_since_the_first_failure(void **state)
{
	struct fixture *const f = *state;
	char server[32];
	const int taken = unheard(f, server);
	assert_int_equal(failing_since(f, HOUR), HOUR);
	assert_int_equal(failing_since(f, 2 * HOUR), HOUR);
	close(taken);
}

static void a_failure_that_a_clock_ahead_noted_counts_from_now(void **state)
{
	struct fixture *const f = *state;
	char server[32];
	const int taken = unheard(f, server);
	assert_int_equal(failing_since(f, YEAR), YEAR);
	assert_int_equal(failing_since(f, HOUR), HOUR);
	assert_int_equal(failing_since(f, 2 * HOUR), HOUR);
	close(taken);
}

static void a_clock_that_is_accepted_takes_back_what_servers_have_of_the_future(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	char server[32];
	const int taken = unheard(f, server);
	assert_int_equal(failing_since(f, YEAR), YEAR);
	assert_int_equal(intrude(f->path, "UPDATE name_servers SET answered = asked, behind_since = asked"), 0);
	ok(store_accept_clock(f->store, "ntp", after(HOUR), &err), &err);
	assert_int_equal(ask(f->path, "SELECT max(asked, answered, behind_since, failing_since) FROM name_servers"),
	    after(HOUR).seconds);
	close(taken);
}

static void a_planned_change_of_a_clock_ahead_passes_nothing_once_the_clock_is_right(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	struct store_expected *all;
	struct store_replayed *replayed;
	size_t count, problems;
	const struct store_expected next = { .serial = 2, .limit = "ns", .reason = "move", .expires = after(YEAR) };
	const struct store_expected later = {
		.serial = 3, .limit = "ns", .reason = "move", .expires = after(2 * YEAR)
	};
	ok(store_add_expected(f->store, f->zone, &next, NOW, &err), &err);
	ok(store_add_expected(f->store, f->zone, &later, after(YEAR - 1), &err), &err);
	ok(store_accept_clock(f->store, "ntp", after(HOUR), &err), &err);
	ok(store_expected(f->store, f->zone, f->mem, &all, &count, &err), &err);
	assert_int_equal(count, 2);
	assert_true(store_expected_is_open(&all[0], after(HOUR)));
	assert_false(store_expected_is_open(&all[1], after(HOUR)));
	assert_true(all[1].given.seconds <= after(HOUR).seconds);
	ok(store_replay_expected(f->store, f->mem, &replayed, &count, &problems, &err), &err);
	assert_int_equal(problems, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_server_fails_since_the_first_failure, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
		    a_failure_that_a_clock_ahead_noted_counts_from_now, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(a_clock_that_is_accepted_takes_back_what_servers_have_of_the_future,
		    fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
		    a_planned_change_of_a_clock_ahead_passes_nothing_once_the_clock_is_right, fixture_setup,
		    fixture_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
