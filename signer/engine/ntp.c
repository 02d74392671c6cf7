/* SPDX-License-Identifier: MIT */
#include "signer/engine/ntp.h"

#include <string.h>

enum {
	VERSION = 4,
	CLIENT = 3, /* modes, RFC 4330 4 */
	SERVER = 4,
	UNSYNCHRONISED = 3, /* leap indicator */
	MOST_STRATUM = 15,
	KISS = 4, /* octets of a kiss code */
	SHORT_FORMAT = 16
};

#define SECOND INT64_C(1000000000)
#define EPOCH INT64_C(2208988800)      /* 1970 in seconds since 1900 */
#define ERA INT64_C(4294967296)        /* seconds after which a timestamp begins again, in 2036 */
#define FIRST_BIT UINT32_C(0x80000000) /* of a timestamp's seconds */
#define GRAIN (SECOND / 10)            /* how coarse a server's clock may be */

void ntp_question(const uint8_t nonce[NTP_NONCE], uint8_t out[NTP_PACKET])
{
	memset(out, 0, NTP_PACKET);
	out[0] = VERSION << 3 | CLIENT;
	memcpy(out + NTP_PACKET - NTP_NONCE, nonce, NTP_NONCE);
}

/* The convention of RFC 4330 3: with the first bit set the seconds count from 1900, without it from 2036. */
static int64_t unix_time(uint32_t seconds, uint32_t fraction)
{
	const int64_t era = (seconds & FIRST_BIT) != 0 ? 0 : ERA;
	return (era + seconds - EPOCH) * SECOND + (int64_t)(((uint64_t)fraction * (uint64_t)SECOND) >> 32);
}

/* Seconds with 16 bits of fraction; one that is negative (the root delay may be) hides nothing. */
static int64_t short_time(uint32_t value)
{
	return (value & FIRST_BIT) != 0 ? 0 : (int64_t)(((uint64_t)value * (uint64_t)SECOND) >> SHORT_FORMAT);
}

struct packet {
	uint8_t leap, version, mode, stratum;
	uint32_t root_delay, root_dispersion;
	struct bytes reference, originate;
	uint32_t received[2], sent[2];
};

static bool read_packet(struct bytes octets, struct packet *out)
{
	struct cursor at = cursor_init(octets);
	const uint8_t first = cursor_u8(&at);
	*out = (struct packet){ .leap = first >> 6, .version = first >> 3 & 7, .mode = first & 7 };
	out->stratum = cursor_u8(&at);
	(void)cursor_u16(&at); /* poll interval and precision */
	out->root_delay = cursor_u32(&at);
	out->root_dispersion = cursor_u32(&at);
	out->reference = cursor_take(&at, KISS);
	(void)cursor_take(&at, 8); /* reference timestamp */
	out->originate = cursor_take(&at, NTP_NONCE);
	out->received[0] = cursor_u32(&at);
	out->received[1] = cursor_u32(&at);
	out->sent[0] = cursor_u32(&at);
	out->sent[1] = cursor_u32(&at);
	return !at.failed;
}

/* Stratum 0 with a code is no time but a word to the client: go away, or not so fast (RFC 4330 8). */
static enum status kiss(const struct packet *packet, struct error *err)
{
	char code[4 * KISS + 1];
	const size_t size = strnlen((const char *)packet->reference.data, KISS);
	error_escape(packet->reference.data, size, code, sizeof(code));
	return error_set(err, STATUS_REFUSED, "tells no time but \"%s\" (kiss-o'-death, stratum 0, RFC 4330 8)", code);
}

static enum status has_time(const struct packet *packet, struct error *err)
{
	if (packet->mode != SERVER || packet->version == 0 || packet->version > VERSION)
		return error_set(err, STATUS_MALFORMED, "no server's answer: mode %u, version %u (RFC 4330 5)",
		    packet->mode, packet->version);
	if (packet->stratum == 0 && packet->reference.data[0] != '\0')
		return kiss(packet, err);
	if (packet->leap == UNSYNCHRONISED || packet->stratum == 0 || packet->stratum > MOST_STRATUM)
		return error_set(err, STATUS_REFUSED,
		    "says that its own clock is not synchronised (leap indicator %u, stratum %u, RFC 4330 4)",
		    packet->leap, packet->stratum);
	if ((packet->sent[0] | packet->sent[1]) == 0 || (packet->received[0] | packet->received[1]) == 0)
		return error_set(err, STATUS_MALFORMED, "an answer without a time (RFC 4330 3)");
	return STATUS_OK;
}

enum status ntp_answer_read(
    struct bytes packet, const uint8_t nonce[NTP_NONCE], struct ntp_answer *out, struct error *err)
{
	struct packet read;
	if (!read_packet(packet, &read) || !bytes_equal(read.originate, (struct bytes){ nonce, NTP_NONCE }))
		return error_set(err, STATUS_NO, "not an answer to this question (RFC 4330 5)");
	const enum status status = has_time(&read, err);
	if (status != STATUS_OK)
		return status;
	*out = (struct ntp_answer){ .received = unix_time(read.received[0], read.received[1]),
		.sent = unix_time(read.sent[0], read.sent[1]),
		.doubt = short_time(read.root_delay) / 2 + short_time(read.root_dispersion),
		.stratum = read.stratum };
	return STATUS_OK;
}

/* RFC 4330 5, with the times on our side taken apart into one of the clock that is asked about and one length: that
 * clock may be set while the answer is on its way. */
enum status ntp_offset_of(
    const struct ntp_answer *answer, int64_t asked, int64_t took, struct ntp_offset *out, struct error *err)
{
	const int64_t held = answer->sent - answer->received;
	if (held < 0 || held > took + GRAIN)
		return error_set(err, STATUS_MALFORMED, "answers before it was asked, or later than it answered");
	*out = (struct ntp_offset){ .offset = answer->received + held / 2 - (asked + took / 2),
		.delay = held < took ? took - held : 0 };
	return STATUS_OK;
}
