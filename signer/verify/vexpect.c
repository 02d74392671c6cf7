/* SPDX-License-Identifier: MIT */
#include "signer/verify/vexpect.h"

#include <stdlib.h>
#include <string.h>

#include "signer/verify/vrdata.h"

static bool read_use(struct vtoken token, unsigned *uses)
{
	static const struct {
		const char *word;
		unsigned use;
	} words[] = { { "publish", VKEY_PUBLISH }, { "ksk", VKEY_PUBLISH | VKEY_KSK },
		{ "zsk", VKEY_PUBLISH | VKEY_ZSK }, { "old", VKEY_OLD }, { "standby", VKEY_PUBLISH | VKEY_STANDBY },
		{ "dropped", VKEY_DROPPED }, { "instead", VKEY_PUBLISH | VKEY_INSTEAD } };
	for (size_t i = 0; i < COUNT(words); i++) {
		if (vtoken_is(token, words[i].word)) {
			*uses |= words[i].use;
			return true;
		}
	}
	return false;
}

/* Marks the key in `known`, adding it if it is new. */
static bool note_key(struct vrun *run, const uint8_t *rdata, size_t size, unsigned uses)
{
	const struct vkey *const found = vkeys_find(&run->known, rdata, size);
	struct vkey *const key =
	    found != NULL ? &run->known.all[found - run->known.all] : vkeys_add(&run->known, rdata, size, 0);
	if (key == NULL)
		return false;
	key->uses |= uses == 0 ? VKEY_PUBLISH : uses;
	run->expected[key - run->known.all] = true;
	return true;
}

/* "FLAGS 3 ALGORITHM BASE64 [use...]" in one line; the RDATA is put at `out`. Returns its size, 0 with `why`. */
static size_t read_line(const char *line, size_t size, uint8_t *scratch, unsigned *uses, const char **why)
{
	struct vtokens words = { .at = line, .end = line + size, .line = 1 };
	struct vtoken token;
	for (unsigned i = 0; i < 4; i++) {
		token = vtoken_next(&words);
		if (token.kind != VTOKEN_WORD) {
			*why = "expected FLAGS 3 ALGORITHM BASE64 and uses";
			return 0;
		}
	}
	struct vtokens fields = { .at = line, .end = token.text + token.size, .line = 1 };
	struct vrdata rdata = { .in = &fields, .out = scratch };
	if (!vrdata_read(&rdata, vtype_find(VTYPE_DNSKEY))) {
		*why = rdata.why;
		return 0;
	}
	*uses = 0;
	for (token = vtoken_next(&words); token.kind == VTOKEN_WORD; token = vtoken_next(&words)) {
		if (!read_use(token, uses)) {
			*why = "a use is publish, ksk, zsk, standby, old, dropped or instead";
			return 0;
		}
	}
	if ((*uses & VKEY_STANDBY) != 0 && (*uses & (VKEY_ZSK | VKEY_OLD)) != 0) {
		*why = "a standby key signs no zone data";
		return 0;
	}
	if ((*uses & VKEY_DROPPED) != 0 && *uses != VKEY_DROPPED) {
		*why = "a dropped key has no other use";
		return 0;
	}
	return rdata.size;
}

enum status vexpect_read(struct vrun *run, const char *name, const char *text, size_t size, struct error *err)
{
	enum status status = STATUS_OK;
	uint8_t *const scratch = memory_alloc(VRDATA_MAX);
	uint8_t *kept = memory_alloc(size + 1); /* base64 is longer than what it says */
	run->expect_text = kept;
	uint64_t line = 0;
	for (size_t at = 0; at < size && status == STATUS_OK;) {
		const char *const end = memchr(text + at, '\n', size - at);
		const size_t length = end == NULL ? size - at : (size_t)(end - text) - at;
		const char *const start = text + at;
		const char *why = NULL;
		unsigned uses;
		line++;
		at += length + 1;
		if (length == 0 || strspn(start, " \t\r") >= length || start[0] == '#' || start[0] == ';')
			continue;
		const size_t rdata = read_line(start, length, scratch, &uses, &why);
		if (rdata == 0) {
			status = error_set_at(err, STATUS_MALFORMED, name, line, 0, "%s", why);
			break;
		}
		memcpy(kept, scratch, rdata);
		if (!note_key(run, kept, rdata, uses))
			status = error_set_at(err, STATUS_MALFORMED, name, line, 0, "more keys than can be judged");
		kept += rdata;
	}
	free(scratch);
	return status;
}
