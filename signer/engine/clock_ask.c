/* SPDX-License-Identifier: MIT */
#include "signer/engine/clock_ask.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)
#define MILLISECOND INT64_C(1000000)
#define LATEST INT64_C(9000000000) /* seconds that still fit in nanoseconds: the year 2255 */

enum { ROOM = 512 }; /* for a packet and what may follow it */

static int64_t nanoseconds(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	const int64_t seconds = now.tv_sec < 0 ? 0 : now.tv_sec > LATEST ? LATEST : now.tv_sec;
	return seconds * SECOND + now.tv_nsec;
}

int64_t clock_real(void)
{
	return nanoseconds(CLOCK_REALTIME);
}

/* Unlike CLOCK_MONOTONIC it goes on while the machine sleeps. */
int64_t clock_steady(void)
{
	return nanoseconds(CLOCK_BOOTTIME);
}

/* One question that has left. */
struct question {
	uint8_t nonce[NTP_NONCE];
	int64_t real, steady; /* when */
};

/* One server that is being asked. */
struct flight {
	struct clock_voice *voice;
	struct query_server server;
	int file; /* -1: it has ended */
	bool waits;
	struct question asked[CLOCK_TRIES];
	size_t asked_count;
};

static void finish(struct flight *flight)
{
	if (flight->file >= 0)
		close(flight->file);
	flight->file = -1;
	flight->waits = false;
}

/* Nothing more of this try; another one may do better. */
static void note_errno(struct flight *flight, const char *what)
{
	snprintf(flight->voice->words, QUERY_WORDS, "%s: %s", what, strerror(errno));
	flight->waits = false;
}

static void set_port(struct query_server *server)
{
	const in_port_t port = htons(NTP_PORT);
	const size_t at = server->address.ss_family == AF_INET ? offsetof(struct sockaddr_in, sin_port)
							       : offsetof(struct sockaddr_in6, sin6_port);
	memcpy((uint8_t *)&server->address + at, &port, sizeof(port));
}

/* The socket is connected: the kernel takes no packet from elsewhere, and tells of one that nobody took. */
static enum status start(const char *source, struct clock_voice *voice, struct flight *out, struct error *err)
{
	*voice = (struct clock_voice){ .words = "not asked" };
	*out = (struct flight){ .voice = voice, .file = -1 };
	snprintf(voice->source, sizeof(voice->source), "%s", source);
	const enum status status = query_server_parse(source, &out->server, err);
	if (status != STATUS_OK)
		return status;
	if (strchr(source, '@') == NULL)
		set_port(&out->server);
	out->file = socket(out->server.address.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (out->file >= 0 &&
	    connect(out->file, (const struct sockaddr *)&out->server.address, out->server.address_size) == 0)
		return STATUS_OK;
	note_errno(out, "cannot be asked");
	finish(out);
	return STATUS_OK;
}

static enum status send_question(struct flight *flight, struct error *err)
{
	struct question *const asked = &flight->asked[flight->asked_count];
	uint8_t packet[NTP_PACKET];
	if (getrandom(asked->nonce, NTP_NONCE, 0) != NTP_NONCE)
		return error_set(err, STATUS_INTERNAL, "no random numbers for the questions to time servers");
	ntp_question(asked->nonce, packet);
	asked->steady = clock_steady();
	asked->real = clock_real();
	flight->asked_count++;
	flight->waits = true;
	if (send(flight->file, packet, sizeof(packet), MSG_NOSIGNAL) < 0)
		note_errno(flight, "cannot be asked");
	else
		snprintf(flight->voice->words, QUERY_WORDS, "no answer");
	return STATUS_OK;
}

/* The answer to one of its questions, or to none of them: then it may be from anybody, and nothing has come. */
static void judge(struct flight *flight, struct bytes packet, int64_t steady)
{
	struct ntp_answer answer;
	struct error err;
	error_clear(&err);
	for (size_t i = 0; i < flight->asked_count; i++) {
		const struct question *const asked = &flight->asked[i];
		struct clock_voice *const voice = flight->voice;
		enum status status = ntp_answer_read(packet, asked->nonce, &answer, &err);
		if (status == STATUS_NO)
			continue;
		if (status == STATUS_OK)
			status = ntp_offset_of(&answer, asked->real, steady - asked->steady, &voice->offset, &err);
		voice->answered = status == STATUS_OK;
		voice->doubt = voice->answered ? answer.doubt : 0;
		snprintf(voice->words, QUERY_WORDS, "%s", voice->answered ? "" : err.message);
		finish(flight);
		return;
	}
}

static void receive(struct flight *flight)
{
	uint8_t packet[ROOM];
	const ssize_t size = recv(flight->file, packet, sizeof(packet), 0);
	if (size >= 0)
		judge(flight, (struct bytes){ packet, (size_t)size }, clock_steady());
	else if (errno != EAGAIN && errno != EINTR)
		note_errno(flight, "no answer");
}

static size_t list_waiting(struct flight flights[], size_t count, struct pollfd polls[], struct flight *waiting[])
{
	size_t found = 0;
	for (size_t i = 0; i < count; i++) {
		if (!flights[i].waits)
			continue;
		waiting[found] = &flights[i];
		polls[found++] = (struct pollfd){ .fd = flights[i].file, .events = POLLIN };
	}
	return found;
}

/* Until no server has to be waited for, or this try is over. */
static void wait_for_answers(struct flight flights[], size_t count)
{
	struct pollfd polls[POLICY_SOURCES];
	struct flight *waiting[POLICY_SOURCES];
	const int64_t end = clock_steady() + CLOCK_PATIENCE * MILLISECOND;
	for (;;) {
		const size_t found = list_waiting(flights, count, polls, waiting);
		const int64_t left = (end - clock_steady()) / MILLISECOND;
		if (found == 0 || left <= 0)
			return;
		const int ready = poll(polls, (nfds_t)found, (int)left);
		if (ready < 0 && errno != EINTR)
			return;
		for (size_t i = 0; ready > 0 && i < found; i++)
			if (polls[i].revents != 0)
				receive(waiting[i]);
	}
}

enum status clock_ask(const char *const sources[], size_t count, struct clock_voice voices[], struct error *err)
{
	struct flight flights[POLICY_SOURCES];
	size_t started = 0;
	enum status status = STATUS_OK;
	if (count > POLICY_SOURCES)
		return error_set(err, STATUS_INTERNAL, "%zu time servers are too many", count);
	while (status == STATUS_OK && started < count) {
		status = start(sources[started], &voices[started], &flights[started], err);
		started++;
	}
	/* One that has answered, whatever it said, is left alone (RFC 4330 10 asks clients to be sparing). */
	for (size_t try = 0; status == STATUS_OK && try < CLOCK_TRIES; try++) {
		for (size_t i = 0; status == STATUS_OK && i < count; i++)
			if (flights[i].file >= 0)
				status = send_question(&flights[i], err);
		if (status == STATUS_OK)
			wait_for_answers(flights, count);
	}
	for (size_t i = 0; i < started; i++)
		finish(&flights[i]);
	return status;
}
