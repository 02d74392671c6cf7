/* SPDX-License-Identifier: MIT */
/*
 * Collects what was checked and what failed. Safe to call from all workers; what it holds at the end does not depend
 * on their number: counts are sums, examples are those of the lowest lines.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signer/base/error.h"
#include "signer/verify/vchecks.h"

enum { VREPORT_EXAMPLES = 5, VREPORT_DETAIL = 240, VREPORT_FINDINGS = 256, VREPORT_CAUSE = 480 };

struct vexample {
	const uint8_t *owner; /* NULL: about the zone as a whole */
	uint16_t type;        /* 0: none */
	uint32_t line;        /* 0: none */
	char detail[VREPORT_DETAIL];
};

/* One way in which one check failed. */
struct vfinding {
	enum vcheck check;
	const char *what; /* static text */
	uint64_t count;
	struct vexample examples[VREPORT_EXAMPLES];
	unsigned example_count;
	char cause[VREPORT_CAUSE]; /* proven by a test, or empty */
	char advice[VREPORT_CAUSE];
	const struct vfinding *follows; /* from which this one only follows; NULL: from none (vconsequence.h) */
	const char *limit;              /* static name of the change limit that is passed, or NULL */
	const char *expected;           /* it refuses nothing: reason, who, when; or NULL */
};

struct vreport {
	atomic_ullong checked[VC_COUNT];
	atomic_ullong failed[VC_COUNT];
	bool expected[VC_COUNT]; /* a planned change passed it */
	bool asked[VC_COUNT];    /* of home "given": its input was there */
	pthread_mutex_t lock;
	struct vfinding findings[VREPORT_FINDINGS];
	unsigned finding_count;
};

struct vplace {
	const uint8_t *owner;
	uint16_t type;
	uint32_t line;
};

struct vreport *vreport_new(void);
void vreport_free(struct vreport *report);

void vreport_count(struct vreport *report, enum vcheck check, uint64_t count);

/* `what` is static text that says the rule's breach; the details of the first examples are formatted. */
void vreport_fail(struct vreport *report, enum vcheck check, const char *what, struct vplace place, const char *format,
    ...) PRINTF_LIKE(5, 6);

/* A change limit that is passed. With `expected` (reason, who, when; it lives as long as the report) the finding
 * refuses nothing. From one thread. */
void vreport_limit(struct vreport *report, enum vcheck check, const char *what, const char *limit, const char *expected,
    struct vplace place, const char *format, ...) PRINTF_LIKE(7, 8);

/* Findings in the order of the table, then by their text. Call once, when all workers have ended. */
void vreport_sort(struct vreport *report);

/* The finding of this check and text, or NULL. */
struct vfinding *vreport_find(struct vreport *report, enum vcheck check, const char *what);
