/* SPDX-License-Identifier: MIT */
/* Parts of a zone's page. */
#pragma once

#include <stdio.h>

#include "signer/report/zone_page.h"

/* What the version that the last verdict is about changes of the one before; nothing if it does not tell. */
void zone_part_changes(FILE *out, const struct zone_page *page);

/* Twelve months with what happens to keys in each, until the page has `end` octets. */
void zone_part_year(FILE *out, const struct zone_page *page, long end);

/* The name servers, until the page has `end` octets. */
void zone_part_servers(FILE *out, const struct zone_page *page, long end, struct arena *mem);
