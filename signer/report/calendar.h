/* SPDX-License-Identifier: MIT */
/*
 * What is going to happen to keys, as a calendar that people's programs read (RFC 5545, iCalendar).
 *
 * An act keeps its UID as long as it is foreseen, also when its date moves: a calendar that is read again moves the
 * entry and does not double it. What a person must do rings a week and a day before.
 */
#pragma once

#include <stddef.h>
#include <stdio.h>

#include "signer/report/report_roll.h"

void calendar_begin(FILE *out);
void calendar_plan(FILE *out, const char *zone, const struct report_plan_line lines[], size_t count, struct utc now);
void calendar_end(FILE *out);
