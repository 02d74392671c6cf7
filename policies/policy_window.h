/* SPDX-License-Identifier: MIT */
/*
 * Days on which no step of a rollover begins: "12-20..01-05" each year, "fri..sun" each week, both ends included, UTC.
 *
 * Signatures, publications and waits go on in a window; only new steps are kept for the day after it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signer/base/error.h"
#include "signer/base/utc.h"

enum { POLICY_WINDOWS = 8, POLICY_WINDOW_TEXT = 16 };

/* `from` may be after `to`: over the turn of the year or the week. */
struct policy_window {
	bool weekly;
	uint16_t from, to; /* weekly: 0 is Monday; else 100 * month + day */
};

struct policy_windows {
	struct policy_window window[POLICY_WINDOWS];
	size_t count;
};

/* Reads "MM-DD..MM-DD", "MM-DD", "ddd..ddd" or "ddd". STATUS_POLICY. */
enum status policy_window_parse(const char *text, struct policy_window *out, struct error *err) MUST_CHECK;

void policy_window_format(struct policy_window window, char out[POLICY_WINDOW_TEXT]);

/* The start of the first day at or after `now` that lies in no window: `now` itself if its day does not. UTC_NEVER if
 * the windows leave no day free. */
struct utc policy_windows_end(const struct policy_windows *windows, struct utc now);

/* The most days without a break that the windows can cover, whatever the year; more than 366 if they leave none free.
 */
unsigned policy_windows_longest(const struct policy_windows *windows);
