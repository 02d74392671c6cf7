/* SPDX-License-Identifier: MIT */
/* The client against a server of our own on loopback, which says what a case wants. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "signer/base/bytes.h"
#include "signer/dns/query.h"

enum { TIMEOUT = 20000, SHORT = 50, MOST = 512 };

enum behaviour { ANSWERS, ANSWERS_OCTET_BY_OCTET, SAYS_NOTHING, CLOSES, CLOSES_IN_MID_ANSWER, CHANGES_THE_ID, EMPTY };

/* A server with one thread, for one question. */
struct server {
	enum behaviour behaviour;
	int listener;
	char address[QUERY_SERVER_TEXT];
	pthread_t thread;
	uint8_t asked[MOST];
	size_t asked_size;
};

static bool receive(int file, uint8_t *out, size_t size)
{
	return recv(file, out, size, MSG_WAITALL) == (ssize_t)size;
}

static void reply(const struct server *server, int file)
{
	uint8_t out[MOST];
	size_t size = server->asked_size;
	bytes_put_u16(out, (uint16_t)size);
	memcpy(out + 2, server->asked, size);
	out[4] |= 0x84; /* QR, AA */
	if (server->behaviour == CHANGES_THE_ID)
		out[2] ^= 1;
	if (server->behaviour == EMPTY)
		memset(out, 0, 2);
	size = server->behaviour == CLOSES_IN_MID_ANSWER ? size : size + 2;
	size = server->behaviour == EMPTY ? 2 : size;
	const size_t step = server->behaviour == ANSWERS_OCTET_BY_OCTET ? 1 : size;
	for (size_t i = 0; i < size; i += step)
		(void)!send(file, out + i, step, MSG_NOSIGNAL);
}

static void *serve(void *context)
{
	struct server *const server = context;
	uint8_t frame[2];
	const int file = accept(server->listener, NULL, NULL);
	if (file < 0)
		return NULL;
	if (receive(file, frame, 2)) {
		server->asked_size = bytes_get_u16(frame);
		if (server->asked_size <= MOST - 2 && receive(file, server->asked, server->asked_size) &&
		    server->behaviour != SAYS_NOTHING && server->behaviour != CLOSES)
			reply(server, file);
	}
	/* Silence lasts until the client has given up. */
	if (server->behaviour == SAYS_NOTHING)
		(void)!recv(file, frame, 1, 0);
	close(file);
	return NULL;
}

static void start(struct server *server, enum behaviour behaviour)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	*server = (struct server){ .behaviour = behaviour, .listener = socket(AF_INET, SOCK_STREAM, 0) };
	assert_int_equal(bind(server->listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(server->listener, 8), 0);
	assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
	snprintf(server->address, sizeof(server->address), "127.0.0.1@%u", (unsigned)ntohs(address.sin_port));
	assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void stop(struct server *server)
{
	pthread_join(server->thread, NULL);
	close(server->listener);
}

static struct query_job job_for(const char *address)
{
	static const uint8_t name[] = "\2nl";
	struct error err;
	struct query_job job = { .name = name, .type = 43 };
	assert_int_equal(query_server_parse(address, &job.server, &err), STATUS_OK);
	return job;
}

static void each_behaviour_has_its_outcome(void **state)
{
	(void)state;
	static const struct {
		enum behaviour behaviour;
		int timeout;
		enum query_outcome outcome;
		const char *words;
	} cases[] = {
		{ ANSWERS, TIMEOUT, QUERY_ANSWERED, "" },
		{ ANSWERS_OCTET_BY_OCTET, TIMEOUT, QUERY_ANSWERED, "" },
		{ SAYS_NOTHING, SHORT, QUERY_LATE, "no answer within" },
		{ CLOSES, TIMEOUT, QUERY_UNREACHABLE, "without an answer" },
		{ CLOSES_IN_MID_ANSWER, TIMEOUT, QUERY_MALFORMED, "in mid-answer" },
		{ CHANGES_THE_ID, TIMEOUT, QUERY_FOREIGN, "another ID" },
		{ EMPTY, TIMEOUT, QUERY_MALFORMED, "header that is cut" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct server server;
		struct error err;
		struct arena *const mem = arena_new(0);
		start(&server, cases[i].behaviour);
		struct query_job job = job_for(server.address);
		assert_int_equal(query_ask(&job, 1, cases[i].timeout, mem, &err), STATUS_OK);
		stop(&server);
		if (job.outcome != cases[i].outcome || strstr(job.words, cases[i].words) == NULL)
			fail_msg("case %zu: outcome %d, \"%s\"", i, (int)job.outcome, job.words);
		if (job.outcome == QUERY_ANSWERED)
			assert_true(job.answer.authoritative);
		arena_free(mem);
	}
}

static void silent_servers_share_one_deadline(void **state)
{
	(void)state;
	enum { SERVERS = 20 };
	struct server servers[SERVERS];
	struct query_job jobs[SERVERS];
	struct error err;
	struct timespec before;
	struct timespec after;
	struct arena *const mem = arena_new(0);
	for (size_t i = 0; i < SERVERS; i++) {
		start(&servers[i], i == 7 ? ANSWERS : SAYS_NOTHING);
		jobs[i] = job_for(servers[i].address);
	}
	clock_gettime(CLOCK_MONOTONIC, &before);
	assert_int_equal(query_ask(jobs, SERVERS, 400, mem, &err), STATUS_OK);
	clock_gettime(CLOCK_MONOTONIC, &after);
	for (size_t i = 0; i < SERVERS; i++) {
		stop(&servers[i]);
		assert_int_equal(jobs[i].outcome, i == 7 ? QUERY_ANSWERED : QUERY_LATE);
	}
	/* One after the other it would take eight seconds. */
	assert_true(after.tv_sec - before.tv_sec < 5);
	arena_free(mem);
}

static void nobody_listens(void **state)
{
	(void)state;
	struct server server;
	struct error err;
	struct arena *const mem = arena_new(0);
	start(&server, ANSWERS);
	struct query_job first = job_for(server.address);
	assert_int_equal(query_ask(&first, 1, TIMEOUT, mem, &err), STATUS_OK);
	stop(&server);
	struct query_job job = job_for(server.address);
	assert_int_equal(query_ask(&job, 1, TIMEOUT, mem, &err), STATUS_OK);
	assert_int_equal(job.outcome, QUERY_UNREACHABLE);
	assert_non_null(strstr(job.words, "no connection"));
	arena_free(mem);
}

static void addresses_are_read_and_written(void **state)
{
	(void)state;
	static const struct {
		const char *text, *back; /* NULL: refused */
	} cases[] = { { "192.0.2.1", "192.0.2.1" }, { "192.0.2.1@53", "192.0.2.1" },
		{ "192.0.2.1@5353", "192.0.2.1@5353" }, { "2001:DB8:0::1", "2001:db8::1" },
		{ "::1@65535", "::1@65535" }, { "", NULL }, { "192.0.2", NULL }, { "192.0.2.1@", NULL },
		{ "192.0.2.1@0", NULL }, { "192.0.2.1@65536", NULL }, { "192.0.2.1@1x", NULL },
		{ "192.0.2.1:53", NULL }, { "ns.example", NULL }, { "[::1]", NULL } };
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct query_server server;
		struct error err = { 0 };
		const enum status status = query_server_parse(cases[i].text, &server, &err);
		if ((status == STATUS_OK) != (cases[i].back != NULL))
			fail_msg("%s: status %d", cases[i].text, (int)status);
		if (status == STATUS_OK)
			assert_string_equal(server.text, cases[i].back);
		else
			assert_int_equal(err.code, STATUS_USAGE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_behaviour_has_its_outcome),
		cmocka_unit_test(silent_servers_share_one_deadline),
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(addresses_are_read_and_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
