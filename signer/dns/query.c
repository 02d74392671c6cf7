/* SPDX-License-Identifier: MIT */
#include "signer/dns/query.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/rand.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "signer/dns/field.h"

enum { FRAME = 2 }; /* octets of the length before a message (RFC 1035 4.2.2) */

/* One question under way. */
struct flight {
	struct query_job *job;
	struct wire_question question;
	int file; /* -1: it has ended */
	uint8_t out[FRAME + WIRE_QUESTION];
	size_t out_size, sent;
	uint8_t frame[FRAME];
	uint8_t *in; /* NULL until the frame is whole */
	size_t in_size, got;
};

static void PRINTF_LIKE(3, 4) finish(struct flight *flight, enum query_outcome outcome, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	vsnprintf(flight->job->words, QUERY_WORDS, format, values);
	va_end(values);
	flight->job->outcome = outcome;
	if (flight->file >= 0)
		close(flight->file);
	flight->file = -1;
}

static void finish_errno(struct flight *flight, const char *what)
{
	const int code = errno;
	const bool no_route = code == ENETUNREACH || code == EAFNOSUPPORT || code == EADDRNOTAVAIL;
	finish(flight, no_route ? QUERY_NO_ROUTE : QUERY_UNREACHABLE, "%s: %s", what, strerror(code));
}

static void start(struct flight *flight)
{
	const struct query_server *const server = &flight->job->server;
	flight->file = socket(server->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (flight->file < 0) {
		finish_errno(flight, "cannot be asked");
		return;
	}
	if (connect(flight->file, (const struct sockaddr *)&server->address, server->address_size) != 0 &&
	    errno != EINPROGRESS && errno != EINTR)
		finish_errno(flight, "no connection");
}

/* Sends what the socket takes. */
static void send_more(struct flight *flight)
{
	int code = 0;
	socklen_t size = sizeof(code);
	if (flight->sent == 0 && getsockopt(flight->file, SOL_SOCKET, SO_ERROR, &code, &size) == 0 && code != 0) {
		errno = code;
		finish_errno(flight, "no connection");
		return;
	}
	const ssize_t sent =
	    send(flight->file, flight->out + flight->sent, flight->out_size - flight->sent, MSG_NOSIGNAL);
	if (sent >= 0)
		flight->sent += (size_t)sent;
	else if (errno != EAGAIN && errno != EINTR)
		finish_errno(flight, "the question could not be sent");
}

static void judge(struct flight *flight, struct arena *mem)
{
	struct query_job *const job = flight->job;
	struct error err;
	error_clear(&err);
	const enum status status =
	    wire_answer((struct bytes){ flight->in, flight->in_size }, &flight->question, mem, &job->answer, &err);
	if (status == STATUS_OK)
		finish(flight, QUERY_ANSWERED, "%s", "");
	else
		finish(flight, status == STATUS_NO ? QUERY_FOREIGN : QUERY_MALFORMED, "%s%s",
		    status == STATUS_NO ? "" : "malformed answer: ", err.message);
}

/* Reads what is there: first the frame, then the message. */
static void receive_more(struct flight *flight, struct arena *mem)
{
	uint8_t *const room = flight->in == NULL ? flight->frame : flight->in;
	const size_t wanted = flight->in == NULL ? FRAME : flight->in_size;
	const ssize_t got = recv(flight->file, room + flight->got, wanted - flight->got, 0);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got < 0) {
		finish_errno(flight, "the connection broke");
		return;
	}
	if (got == 0) {
		finish(flight, flight->got == 0 && flight->in == NULL ? QUERY_UNREACHABLE : QUERY_MALFORMED,
		    flight->got == 0 && flight->in == NULL ? "closed the connection without an answer"
							   : "closed the connection in mid-answer");
		return;
	}
	flight->got += (size_t)got;
	if (flight->got < wanted)
		return;
	if (flight->in != NULL) {
		judge(flight, mem);
		return;
	}
	flight->in_size = bytes_get_u16(flight->frame);
	flight->in = arena_octets(mem, flight->in_size);
	flight->got = 0;
	if (flight->in_size == 0)
		judge(flight, mem);
}

static int64_t milliseconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The sockets that are still open; polls[i] belongs to open[i]. */
static size_t list_open(struct flight flights[], size_t count, struct pollfd polls[], struct flight *open[])
{
	size_t found = 0;
	for (size_t i = 0; i < count; i++) {
		struct flight *const flight = &flights[i];
		if (flight->file < 0)
			continue;
		const bool sends = flight->sent < flight->out_size;
		open[found] = flight;
		polls[found++] = (struct pollfd){ .fd = flight->file, .events = sends ? POLLOUT : POLLIN };
	}
	return found;
}

static void run(struct flight flights[], size_t count, int timeout, struct arena *mem)
{
	struct pollfd *const polls = arena_calloc(mem, count + 1, sizeof(*polls));
	struct flight **const open = arena_calloc(mem, count + 1, sizeof(struct flight *));
	const int64_t deadline = milliseconds() + timeout;
	for (;;) {
		const size_t waiting = list_open(flights, count, polls, open);
		const int64_t left = deadline - milliseconds();
		if (waiting == 0 || left <= 0)
			break;
		const int ready = poll(polls, (nfds_t)waiting, (int)left);
		if (ready < 0 && errno != EINTR)
			break;
		for (size_t i = 0; ready > 0 && i < waiting; i++) {
			if (polls[i].revents == 0)
				continue;
			if (open[i]->sent < open[i]->out_size)
				send_more(open[i]);
			else
				receive_more(open[i], mem);
		}
	}
	for (size_t i = 0; i < count; i++) {
		if (flights[i].file >= 0)
			finish(
			    &flights[i], QUERY_LATE, "no answer within %d.%ds", timeout / 1000, timeout % 1000 / 100);
	}
}

static void prepare(struct query_job *job, uint16_t id, struct flight *out)
{
	*out = (struct flight){ .job = job,
		.question = { .name = job->name, .type = job->type, .id = id, .recursion = job->recursion },
		.file = -1 };
	const size_t size = wire_question(&out->question, out->out + FRAME);
	bytes_put_u16(out->out, (uint16_t)size);
	out->out_size = FRAME + size;
}

enum status query_ask(
    struct query_job jobs[], size_t count, int timeout_milliseconds, struct arena *mem, struct error *err)
{
	uint8_t ids[QUERY_SERVERS][2];
	if (count > QUERY_SERVERS)
		return error_set(err, STATUS_INTERNAL, "%zu servers are too many to ask at once", count);
	if (RAND_bytes((unsigned char *)ids, sizeof(ids)) != 1)
		return error_set(err, STATUS_INTERNAL, "no random numbers for the IDs of questions");
	struct flight *const flights = arena_calloc(mem, count + 1, sizeof(*flights));
	for (size_t i = 0; i < count; i++) {
		prepare(&jobs[i], bytes_get_u16(ids[i]), &flights[i]);
		start(&flights[i]);
	}
	run(flights, count, timeout_milliseconds, mem);
	return STATUS_OK;
}

static void set_ipv4(const uint8_t octets[4], uint16_t port, struct query_server *out)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	memcpy(&address.sin_addr, octets, 4);
	memcpy(&out->address, &address, sizeof(address));
	out->address_size = sizeof(address);
	(void)address_write_ipv4(octets, out->text);
}

static void set_ipv6(const uint8_t octets[16], uint16_t port, struct query_server *out)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	memcpy(&address.sin6_addr, octets, 16);
	memcpy(&out->address, &address, sizeof(address));
	out->address_size = sizeof(address);
	(void)address_write_ipv6(octets, out->text);
}

static void add_port(uint16_t port, struct query_server *out)
{
	const size_t used = strlen(out->text);
	if (port != QUERY_PORT)
		snprintf(out->text + used, sizeof(out->text) - used, "@%u", (unsigned)port);
}

void query_server_of(const uint8_t *octets, size_t size, struct query_server *out)
{
	*out = (struct query_server){ .address_size = 0 };
	if (size == 4)
		set_ipv4(octets, QUERY_PORT, out);
	else
		set_ipv6(octets, QUERY_PORT, out);
}

/* 1 to 65535 in decimal digits; 0: it is none. */
static uint16_t parse_port(const char *text)
{
	unsigned value = 0;
	for (; octet_is_digit(*text) && value <= UINT16_MAX; text++)
		value = value * 10 + (unsigned)(*text - '0');
	return *text == '\0' && value <= UINT16_MAX ? (uint16_t)value : 0;
}

enum status query_server_parse(const char *text, struct query_server *out, struct error *err)
{
	uint8_t octets[16];
	struct query_server server = { .address_size = 0 };
	const size_t size = strcspn(text, "@");
	const uint16_t port = text[size] == '@' ? parse_port(text + size + 1) : QUERY_PORT;
	if (port == 0)
		return error_set(err, STATUS_USAGE, "%s: a port is a number from 1 to 65535: ADDRESS@PORT", text);
	if (address_parse_ipv4(text, size, octets))
		set_ipv4(octets, port, &server);
	else if (address_parse_ipv6(text, size, octets))
		set_ipv6(octets, port, &server);
	else
		return error_set(
		    err, STATUS_USAGE, "%s: not the address of a server; IPv4 or IPv6, perhaps with @PORT", text);
	add_port(port, &server);
	*out = server;
	return STATUS_OK;
}
