/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "keystore/algorithm.h"
#include "signer/dns/rrtype.h"
#include "signer/dns/zonetext_read.h"
#include "signer/engine/proof.h"

enum { ANCHOR_MOST = 1 << 20 };

/* Tools write DS records without a TTL, which a master file must have somewhere. */
static const char prefix[] = "$TTL 3600\n";

/* The file's text behind `prefix`, in memory. */
static enum status copy_text(int from, int to, const char *path, struct error *err)
{
	char piece[4096];
	size_t total = 0;
	if (write(to, prefix, sizeof(prefix) - 1) != (ssize_t)sizeof(prefix) - 1)
		return error_set_errno(err, "%s: copying it", path);
	for (;;) {
		const ssize_t size = read(from, piece, sizeof(piece));
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return error_set_errno(err, "%s", path);
		if (size == 0)
			break;
		total += (size_t)size;
		if (total > ANCHOR_MOST)
			return error_set(err, STATUS_MALFORMED, "%s: larger than a trust anchor can be", path);
		if (write(to, piece, (size_t)size) != size)
			return error_set_errno(err, "%s: copying it", path);
	}
	return lseek(to, 0, SEEK_SET) == 0 ? STATUS_OK : error_set_errno(err, "%s: copying it", path);
}

static enum status read_text(const char *path, struct zonetext *out, struct error *err)
{
	static const uint8_t root[] = "";
	const struct zonetext_options options = { .name = path, .origin = root, .threads = 1 };
	int copy = -1;
	enum status status = STATUS_OK;
	const int file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0) {
		status = error_set_errno(err, "trust anchor %s", path);
		goto done;
	}
	copy = memfd_create("trust anchor", MFD_CLOEXEC);
	if (copy < 0) {
		status = error_set_errno(err, "%s: copying it", path);
		goto done;
	}
	status = copy_text(file, copy, path, err);
	if (status == STATUS_OK)
		status = zonetext_read(copy, &options, out, err);
	if (status == STATUS_MALFORMED && err->line > 1)
		err->line--;
done:
	if (file >= 0)
		close(file);
	if (copy >= 0)
		close(copy);
	return status;
}

static bool is_usable(const struct record *record, const uint8_t *below)
{
	if (record->type != RRTYPE_DS && record->type != RRTYPE_DNSKEY)
		return false;
	const uint8_t algorithm = record->rdata[record->type == RRTYPE_DS ? 2 : 3];
	return name_is_within(below, record->owner) && !name_equal(below, record->owner) &&
	       alg_by_number(algorithm) != NULL;
}

static const uint8_t *copy_octets(const uint8_t *octets, size_t size, struct arena *mem)
{
	uint8_t *const out = arena_octets(mem, size);
	memcpy(out, octets, size);
	return out;
}

/* Keeps the usable records of the deepest owner. */
static void choose(const struct zonetext *text, const uint8_t *below, struct arena *mem, struct proof_anchor *out)
{
	const uint8_t *apex = NULL;
	size_t count = 0;
	for (size_t i = 0; i < text->count; i++) {
		const struct record *const record = &text->records[i];
		if (is_usable(record, below) && (apex == NULL || name_labels(record->owner) > name_labels(apex)))
			apex = record->owner;
	}
	struct record *const kept = arena_calloc(mem, text->count + 1, sizeof(*kept));
	for (size_t i = 0; apex != NULL && i < text->count; i++) {
		const struct record *const record = &text->records[i];
		if (!is_usable(record, below) || !name_equal(record->owner, apex))
			continue;
		kept[count] = *record;
		kept[count].rdata = copy_octets(record->rdata, record->rdata_size, mem);
		kept[count++].owner = NULL;
	}
	*out = (struct proof_anchor){
		.apex = apex == NULL ? NULL : copy_octets(apex, name_size(apex), mem), .records = kept, .count = count
	};
}

enum status proof_anchor_load(
    const char *path, const uint8_t *below, struct arena *mem, struct proof_anchor *out, struct error *err)
{
	struct zonetext text = { .records = NULL };
	struct proof_anchor anchor = { .apex = NULL };
	enum status status = read_text(path, &text, err);
	if (status == STATUS_OK)
		choose(&text, below, mem, &anchor);
	if (status == STATUS_OK && anchor.count == 0)
		status = error_set(err, STATUS_POLICY,
		    "trust anchor %s: no DS or DNSKEY of a zone above this one with an algorithm that is supported",
		    path);
	zonetext_free(&text);
	if (status == STATUS_OK)
		*out = anchor;
	return status;
}
