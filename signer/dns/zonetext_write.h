/* SPDX-License-Identifier: MIT */
/*
 * One record as a line of master-file text, in the one shape that zoneseal writes (interface.md, "Zone output"):
 * owner TAB ttl TAB IN TAB type TAB rdata LF, every name absolute, no parentheses, unbroken base64.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signer/dns/rrset.h"

/* A growing buffer of text. Starts zeroed; free with zonetext_buffer_free. */
struct zonetext_buffer {
	char *data;
	size_t size;
	size_t capacity;
};

void zonetext_buffer_free(struct zonetext_buffer *buffer);

/* Room for `size` more octets at buffer->data + buffer->size. */
void zonetext_buffer_reserve(struct zonetext_buffer *buffer, size_t size);

/* Appends the line of a record. A type that not all four servers read by name is written in RFC 3597 form unless
 * `all_names`. */
void zonetext_write(struct zonetext_buffer *buffer, const uint8_t *owner, uint32_t ttl, uint16_t type,
    const uint8_t *rdata, size_t rdata_size, bool all_names);

/* The lines of all records of an RRset, or of some: their owner and TTL are those that are given. */
void zonetext_write_records(struct zonetext_buffer *buffer, const uint8_t *owner, uint32_t ttl, uint16_t type,
    const struct record records[], size_t count, bool all_names);
