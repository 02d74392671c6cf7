/* SPDX-License-Identifier: MIT */
#include "signer/engine/parent_evidence.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "signer/dns/name.h"
#include "signer/dns/rrtype.h"
#include "signer/dns/wire.h"
#include "signer/dns/zonetext_read.h"
#include "signer/engine/parent_answer.h"

enum { SIGNATURE_TTL = 4 }; /* offset of the original TTL (RFC 4034 3.1) */

static enum status read_text(const char *path, struct zonetext *out, struct error *err)
{
	static const uint8_t root[] = "";
	const bool piped = strcmp(path, "-") == 0;
	const struct zonetext_options options = { .name = path, .origin = root, .threads = 1 };
	const int file = piped ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return error_set_errno(err, "%s", path);
	const enum status status = zonetext_read(file, &options, out, err);
	if (!piped)
		close(file);
	return status;
}

/* The TTL that the parent's own signature states. */
static void take_signed_ttl(const struct zonetext *text, const uint8_t *apex, struct parent_evidence *out)
{
	for (size_t i = 0; i < text->count; i++) {
		const struct record *const record = &text->records[i];
		if (record->type != RRTYPE_RRSIG || !name_equal(record->owner, apex) ||
		    bytes_get_u16(record->rdata) != RRTYPE_DS)
			continue;
		const uint32_t ttl = bytes_get_u32(record->rdata + SIGNATURE_TTL);
		out->exact = true;
		out->says.ttl = ttl > out->says.ttl ? ttl : out->says.ttl;
	}
}

static bool denies(const struct zonetext *text, const uint8_t *apex)
{
	for (size_t i = 0; i < text->count; i++) {
		const struct record *const record = &text->records[i];
		if (record->type == RRTYPE_SOA && name_is_within(apex, record->owner) &&
		    !name_equal(apex, record->owner))
			return true;
	}
	return false;
}

enum status parent_evidence_read(
    const char *path, const uint8_t *apex, struct arena *mem, struct parent_evidence *out, struct error *err)
{
	struct zonetext text = { .records = NULL };
	struct parent_evidence evidence = { .says = { .address = path } };
	enum status status = read_text(path, &text, err);
	if (status == STATUS_OK) {
		parent_answer_ds_set(text.records, text.count, apex, mem, &evidence.says);
		take_signed_ttl(&text, apex, &evidence);
		evidence.says.answer = evidence.says.count > 0 ? PARENT_SHOWS : PARENT_ABSENT;
	}
	if (status == STATUS_OK && evidence.says.count == 0 && !denies(&text, apex))
		status = error_set(err, STATUS_NO,
		    "%s: neither a DS record of the zone nor the parent's SOA that comes with a denial", path);
	zonetext_free(&text);
	if (status == STATUS_OK)
		*out = evidence;
	return status;
}
