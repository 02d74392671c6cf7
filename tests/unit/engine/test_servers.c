/* SPDX-License-Identifier: MIT */
/* What a clock that was ahead left: troubles of name servers, and planned changes. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
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

enum { QUERY_MOST = 512, QUESTION_AT = 12, TYPE_SOA = 6 };

/* Reads one query over TCP, and answers it with the SOA in `serial` and no signature. */
static void answer(int connection, uint8_t serial)
{
	static const uint8_t soa[] = { 0xc0, QUESTION_AT, 0, TYPE_SOA, 0, 1, 0, 0, 0, 60, 0, 22, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 9, 0, 0, 0, 9, 0, 0, 0, 9, 0, 0, 0, 9 };
	enum { SERIAL_AT = 17 };
	uint8_t said[2 + QUERY_MOST + sizeof(soa)];
	if (recv(connection, said, 2, MSG_WAITALL) != 2)
		return;
	size_t size = (size_t)said[0] << 8 | said[1];
	if (size > QUERY_MOST || recv(connection, said + 2, size, MSG_WAITALL) != (ssize_t)size)
		return;
	uint8_t *const message = said + 2;
	size_t end = QUESTION_AT;
	while (message[end] != 0)
		end += 1U + message[end];
	const uint8_t type = message[end + 2];
	size = end + 5;
	/* QR and AA; one question, and no record but the answer. */
	message[2] = 0x84;
	message[3] = 0;
	memset(message + 6, 0, 6);
	if (type == TYPE_SOA) {
		message[7] = 1;
		memcpy(message + size, soa, sizeof(soa));
		message[size + SERIAL_AT] = serial;
		size += sizeof(soa);
	}
	said[0] = (uint8_t)(size >> 8);
	said[1] = (uint8_t)size;
	(void)!send(connection, said, 2 + size, MSG_NOSIGNAL);
}

/* Lets the server of unheard() speak, in a process of its own. */
static pid_t serve(int taken, uint8_t serial)
{
	assert_int_equal(listen(taken, 8), 0);
	const pid_t child = fork();
	assert_true(child >= 0);
	if (child > 0)
		return child;
	/* A test that fails returns past stop(). */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		const int connection = accept(taken, NULL, NULL);
		if (connection < 0)
			_exit(1);
		answer(connection, serial);
		close(connection);
	}
}

static int64_t behind_since(struct fixture *f, int64_t asked_at)
{
	(void)failing_since(f, asked_at);
	return ask(f->path, "SELECT behind_since FROM name_servers") - NOW.seconds;
}

static void stop(pid_t child, int taken)
{
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	close(taken);
}

static void a_server_is_behind_since_the_next_version_was_published(void **state)
{
	struct fixture *const f = *state;
	char server[32];
	const int taken = unheard(f, server);
	const pid_t child = serve(taken, 1);
	publish_serial(f, 2, after(HOUR));
	assert_int_equal(behind_since(f, 2 * HOUR), HOUR);
	assert_int_equal(behind_since(f, 3 * HOUR), HOUR);
	stop(child, taken);
}

/* What it serves was never published here, so that its row alone says since when. */
static void a_lag_that_a_clock_ahead_noted_counts_from_now(void **state)
{
	struct fixture *const f = *state;
	char server[32];
	const int taken = unheard(f, server);
	const pid_t child = serve(taken, 0);
	assert_int_equal(behind_since(f, HOUR), 0);
	assert_int_equal(intrude(f->path, "UPDATE name_servers SET behind_since = behind_since + 31536000"), 0);
	assert_int_equal(behind_since(f, HOUR), HOUR);
	assert_int_equal(behind_since(f, 2 * HOUR), HOUR);
	stop(child, taken);
}

static void a_version_that_a_clock_ahead_dated_lets_no_lag_begin_anew(void **state)
{
	struct fixture *const f = *state;
	char server[32];
	const int taken = unheard(f, server);
	const pid_t child = serve(taken, 1);
	publish_serial(f, 2, after(YEAR));
	assert_int_equal(behind_since(f, HOUR), HOUR);
	assert_int_equal(behind_since(f, 2 * HOUR), HOUR);
	stop(child, taken);
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
		cmocka_unit_test_setup_teardown(
		    a_server_is_behind_since_the_next_version_was_published, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
		    a_lag_that_a_clock_ahead_noted_counts_from_now, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
		    a_version_that_a_clock_ahead_dated_lets_no_lag_begin_anew, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(a_clock_that_is_accepted_takes_back_what_servers_have_of_the_future,
		    fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
		    a_planned_change_of_a_clock_ahead_passes_nothing_once_the_clock_is_right, fixture_setup,
		    fixture_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
