/* SPDX-License-Identifier: MIT */
/* Which servers to ask about a zone's DS: those that are configured, or those that a resolver names for the parent. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/dns/query.h"

enum { PARENT_ADDRESSES = 120 }; /* each is asked two questions at once, at most QUERY_SERVERS */

/* An address to ask. */
struct parent_address {
	struct query_server server; /* address_size 0: the name has no address */
	const char *name;           /* of its name server, as text; NULL: configured */
	size_t group;               /* addresses of one name server */
};

struct parent_servers {
	struct parent_address *all;
	size_t count, groups;
	const uint8_t *apex; /* of the parent zone, in wire form; NULL: not known */
};

/* Reads `text`: "ADDRESS[@PORT]" separated by blanks. STATUS_USAGE for anything else, or too many. */
enum status parent_servers_parse(
    const char *text, struct arena *mem, struct parent_servers *out, struct error *err) MUST_CHECK;

/* Asks a resolver ("ADDRESS[@PORT]"; NULL: those of `resolv_conf`) where the zone above `apex` is and who serves it.
 * STATUS_BUSY if that cannot be found out now, STATUS_MISSING if there is nobody to ask. */
enum status parent_servers_discover(const uint8_t *apex, const char *resolver, const char *resolv_conf,
    int timeout_milliseconds, struct arena *mem, struct parent_servers *out, struct error *err) MUST_CHECK;
