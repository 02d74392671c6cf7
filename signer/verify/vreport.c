/* SPDX-License-Identifier: MIT */
#include "signer/verify/vreport.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signer/base/arena.h"

struct vreport *vreport_new(void)
{
	struct vreport *const report = memory_calloc(1, sizeof(*report));
	pthread_mutex_init(&report->lock, NULL);
	return report;
}

void vreport_free(struct vreport *report)
{
	if (report == NULL)
		return;
	pthread_mutex_destroy(&report->lock);
	free(report);
}

void vreport_count(struct vreport *report, enum vcheck check, uint64_t count)
{
	atomic_fetch_add_explicit(&report->checked[check], count, memory_order_relaxed);
}

static struct vfinding *finding_of(struct vreport *report, enum vcheck check, const char *what)
{
	for (unsigned i = 0; i < report->finding_count; i++)
		if (report->findings[i].check == check && strcmp(report->findings[i].what, what) == 0)
			return &report->findings[i];
	return NULL;
}

struct vfinding *vreport_find(struct vreport *report, enum vcheck check, const char *what)
{
	return finding_of(report, check, what);
}

/* Lines first, so that the first examples are where a reader of the file meets them; then text, to be one order. */
static int compare_examples(const struct vexample *a, const struct vexample *b)
{
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return strcmp(a->detail, b->detail);
}

static void keep_example(struct vfinding *finding, const struct vexample *example)
{
	unsigned at = finding->example_count;
	while (at > 0 && compare_examples(example, &finding->examples[at - 1]) < 0)
		at--;
	if (at == VREPORT_EXAMPLES)
		return;
	const unsigned last = finding->example_count < VREPORT_EXAMPLES ? finding->example_count : VREPORT_EXAMPLES - 1;
	for (unsigned i = last; i > at; i--)
		finding->examples[i] = finding->examples[i - 1];
	finding->examples[at] = *example;
	if (finding->example_count < VREPORT_EXAMPLES)
		finding->example_count++;
}

PRINTF_LIKE(5, 0)
static struct vfinding *add(struct vreport *report, enum vcheck check, const char *what, struct vplace place,
    const char *format, va_list arguments)
{
	struct vexample example = { .owner = place.owner, .type = place.type, .line = place.line };
	struct vfinding *finding = finding_of(report, check, what);
	if (finding == NULL && report->finding_count < VREPORT_FINDINGS) {
		finding = &report->findings[report->finding_count++];
		*finding = (struct vfinding){ .check = check, .what = what };
	}
	if (finding == NULL)
		return NULL;
	finding->count++;
	const bool wanted =
	    finding->example_count < VREPORT_EXAMPLES || place.line <= finding->examples[VREPORT_EXAMPLES - 1].line;
	if (wanted) {
		vsnprintf(example.detail, sizeof(example.detail), format, arguments);
		keep_example(finding, &example);
	}
	return finding;
}

void vreport_fail(
    struct vreport *report, enum vcheck check, const char *what, struct vplace place, const char *format, ...)
{
	va_list arguments;
	atomic_fetch_add_explicit(&report->failed[check], 1, memory_order_relaxed);
	pthread_mutex_lock(&report->lock);
	va_start(arguments, format);
	(void)add(report, check, what, place, format, arguments);
	va_end(arguments);
	pthread_mutex_unlock(&report->lock);
}

void vreport_limit(struct vreport *report, enum vcheck check, const char *what, const char *limit, const char *expected,
    struct vplace place, const char *format, ...)
{
	va_list arguments;
	pthread_mutex_lock(&report->lock);
	va_start(arguments, format);
	struct vfinding *const finding = add(report, check, what, place, format, arguments);
	va_end(arguments);
	if (finding != NULL) {
		finding->limit = limit;
		finding->expected = expected;
	}
	/* What could not be told is not excused. */
	if (finding == NULL || expected == NULL)
		atomic_fetch_add_explicit(&report->failed[check], 1, memory_order_relaxed);
	else
		report->expected[check] = true;
	pthread_mutex_unlock(&report->lock);
}

static int compare_findings(const void *a, const void *b)
{
	const struct vfinding *const x = a;
	const struct vfinding *const y = b;
	if (x->check != y->check)
		return x->check < y->check ? -1 : 1;
	return strcmp(x->what, y->what);
}

void vreport_sort(struct vreport *report)
{
	qsort(report->findings, report->finding_count, sizeof(report->findings[0]), compare_findings);
}
