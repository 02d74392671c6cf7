/* SPDX-License-Identifier: MIT */
/*
 * Whether the zone's own name servers can be found, as far as the zone decides it.
 *
 * The NS records at the apex are the registry's own; those of delegations are the registrants' business and not judged.
 */
#pragma once

#include "signer/base/error.h"
#include "signer/zone/zone.h"

/* STATUS_MALFORMED with "file:line" for an NS at the apex whose name the zone is authoritative for and gives no
 * address, or an alias (RFC 2181 10.3). A wildcard may give the address; below a delegation another zone does. */
enum status servers_check(const struct zone *zone, const char *const files[], struct error *err) MUST_CHECK;
