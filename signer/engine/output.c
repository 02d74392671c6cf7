/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keystore/dnskey.h"
#include "signer/base/bytes.h"
#include "signer/base/publish.h"
#include "signer/dns/rrtype.h"
#include "signer/dns/zonetext_read.h"
#include "signer/engine/archive.h"
#include "signer/engine/folder.h"
#include "signer/engine/known_file.h"
#include "signer/engine/run.h"

static const char *choose_path(struct run *run)
{
	const char *wanted = run->options->output;
	run->output.to_stdout = wanted != NULL && strcmp(wanted, "-") == 0;
	if (run->output.to_stdout)
		return run->has_last ? run->last.path : NULL;
	if (wanted == NULL)
		wanted = run->zone.output;
	if (wanted == NULL)
		return folder_zone_output(run->options->state, run->zone.name, run->mem);
	return folder_absolute(wanted, run->mem);
}

/* It will not heal, and signatures run out meanwhile: what a person can do has to be said. */
static enum status tell_unreadable(const struct run *run, const struct error *why, struct error *err)
{
	return error_set(err, why->code,
	    "output %s; name servers go on with what they have loaded, but nothing can be compared with it and nothing "
	    "is published; if its disk is failing, move the file away and run zoneseal run %s: the zone is signed anew "
	    "from its input",
	    why->message, run->zone.name);
}

/* Opens what is at the path; a device, folder or pipe there can never be replaced by a rename. */
static enum status open_existing(struct run *run, bool trust_stamp, int *file, struct error *err)
{
	struct output *output = &run->output;
	uint32_t unused;
	struct stat stat_of;
	*file = open(output->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (*file < 0 && (errno == ENOENT || errno == ENOTDIR))
		return STATUS_OK;
	if (*file < 0)
		return error_set_errno(err, "output %s", output->path);
	if (fstat(*file, &stat_of) != 0)
		return error_set_errno(err, "output %s", output->path);
	if (!S_ISREG(stat_of.st_mode))
		return error_set(
		    err, STATUS_IO, "output %s: is no regular file, so it cannot be replaced as a whole", output->path);
	output->exists = true;
	enum status status = file_stamp_of(*file, &output->stamp, err);
	/* Good news alone is believed: a refusal needs a reading. */
	output->by_stamp = status == STATUS_OK && trust_stamp && run->has_last &&
			   known_file(run, STORE_FILE_OUTPUT, output->path, &output->stamp, output->sha256, &unused) &&
			   memcmp(output->sha256, run->last.sha256, 32) == 0;
	if (status != STATUS_OK || output->by_stamp)
		return status;
	struct error why;
	error_clear(&why);
	status = file_sha256(*file, output->sha256, &why);
	if (status != STATUS_OK)
		return tell_unreadable(run, &why, err);
	known_file_note(run, STORE_FILE_OUTPUT, output->path, *file, &output->stamp, output->sha256, 0);
	return status;
}

static enum status find_version(struct run *run, struct error *err)
{
	run->output.is_last = run->has_last && memcmp(run->last.sha256, run->output.sha256, 32) == 0;
	run->output.is_ours = run->output.is_last;
	if (run->output.is_last)
		return STATUS_OK;
	return store_has_version(run->store, run->zone.id, run->output.sha256, &run->output.is_ours, err);
}

static bool is_our_dnskey(const struct run *run, const struct record *record)
{
	uint8_t rdata[DNSKEY_RDATA];
	for (size_t i = 0; i < run->keys.count; i++) {
		size_t size = dnskey_rdata(&run->keys.all[i], rdata);
		if (size == record->rdata_size && memcmp(rdata, record->rdata, size) == 0)
			return true;
	}
	return false;
}

/* By algorithm and tag, which is all that an RRSIG says about its key (RFC 4034 3.1). */
static bool is_our_signature(const struct run *run, const struct record *record)
{
	if (record->rdata_size < 18)
		return false;
	uint16_t tag = bytes_get_u16(record->rdata + 16);
	for (size_t i = 0; i < run->keys.count; i++)
		if (run->keys.all[i].algorithm == record->rdata[2] && run->keys.all[i].tag == tag)
			return true;
	return false;
}

static bool is_foreign(const struct run *run, const struct record *record)
{
	if (record->type == RRTYPE_DNSKEY && name_equal(record->owner, run->apex))
		return !is_our_dnskey(run, record);
	return record->type == RRTYPE_RRSIG && !is_our_signature(run, record);
}

static enum status refuse_foreign(const struct run *run, struct error *err)
{
	return error_set(err, STATUS_REFUSED,
	    "output %s holds DNSKEY or RRSIG of keys that are not in this keystore: another signer's; replacing it "
	    "would "
	    "turn the zone bogus; take it over with zoneseal zone adopt %s, or start over with --new-keys",
	    run->output.path, run->zone.name);
}

/* What a file shows of one of our keys. */
struct shown {
	bool dnskey, signs_keys, signs_zone;
};

static void note_shown(const struct run *run, const struct record *record, struct shown *shown)
{
	const bool apex = name_equal(record->owner, run->apex);
	uint8_t rdata[DNSKEY_RDATA];
	for (size_t i = 0; i < run->keys.count; i++) {
		const struct key *const key = &run->keys.all[i];
		if (record->type == RRTYPE_DNSKEY && apex) {
			const size_t size = dnskey_rdata(key, rdata);
			if (size == record->rdata_size && memcmp(rdata, record->rdata, size) == 0)
				shown[i].dnskey = true;
		} else if (record->type == RRTYPE_RRSIG && record->rdata_size >= 18 &&
			   key->algorithm == record->rdata[2] &&
			   bytes_get_u16(record->rdata + 16) == key_published_tag(key)) {
			const uint16_t covered = bytes_get_u16(record->rdata);
			if (covered == RRTYPE_DNSKEY)
				shown[i].signs_keys = true;
			else if (covered != RRTYPE_CDS && covered != RRTYPE_CDNSKEY)
				shown[i].signs_zone = true;
		}
	}
}

/* What the key does there and, by the keystore, does not; or the other way round. NULL: they agree. Old signatures may
 * be there as long as their key is on its way out. A ZSK may have signed the DNSKEY RRset for the signer that it was
 * adopted from. */
static const char *contradiction(const struct key *key, const struct shown *shown)
{
	if (shown->dnskey != key_is_published(key))
		return shown->dnskey ? "is in its DNSKEY RRset" : "is not in its DNSKEY RRset";
	if (key->state[KEY_KRRSIG] != KEY_NA && shown->signs_keys != key_signs_keys(key))
		return shown->signs_keys ? "signs its DNSKEY RRset" : "does not sign its DNSKEY RRset";
	if (shown->signs_zone && !key_signs_zone(key) && key->state[KEY_ZRRSIG] != KEY_UNRETENTIVE)
		return "signs its records";
	return !shown->signs_zone && key_signs_zone(key) ? "signs none of its records" : NULL;
}

/* New keys are no way out while the parent, or a cache of it, may hold a DS of the old ones. */
static bool may_have_ds(const struct run *run)
{
	for (size_t i = 0; i < run->keys.count; i++) {
		const enum key_state ds = run->keys.all[i].state[KEY_DS];
		if (ds != KEY_HIDDEN && ds != KEY_NA)
			return true;
	}
	return false;
}

/* A restored keystore whose keys are those of the file, and whose states are of another time, would publish what caches
 * that hold the file's keys or signatures find bogus. A file that shows no key of ours says nothing about them. */
static enum status check_states(const struct run *run, const struct shown *shown, struct error *err)
{
	bool any = false;
	for (size_t i = 0; i < run->keys.count; i++)
		any = any || shown[i].dnskey;
	for (size_t i = 0; i < run->keys.count && any; i++) {
		const struct key *const key = &run->keys.all[i];
		const char *const what = contradiction(key, &shown[i]);
		if (what != NULL)
			return error_set(err, STATUS_REFUSED,
			    "output %s: %s %u %s, and this keystore says otherwise: it is of another time than what is "
			    "published, as after the restoration of an old backup; replacing the file would turn the "
			    "zone bogus for caches. Restore a newer backup, or put the version back that the keystore "
			    "knows%s",
			    run->output.path, key_role_name(key->role), key_published_tag(key), what,
			    may_have_ds(run) ? "" : "; or start over with --new-keys");
	}
	return STATUS_OK;
}

/* A file that is to be replaced: its serial counts for the floor; foreign keys in it, and keys that do there what they
 * do not do by the keystore, stop us. A file that is no zone has neither. */
static enum status inspect_foreign(struct run *run, int file, struct error *err)
{
	struct zonetext text = { 0 };
	const struct zonetext_options options = {
		.name = run->output.path, .origin = run->apex, .threads = run->options->threads
	};
	enum status status = STATUS_OK;
	if (lseek(file, 0, SEEK_SET) == 0 && zonetext_read(file, &options, &text, NULL) == STATUS_OK) {
		struct shown *const shown = arena_calloc(run->mem, run->keys.count + 1, sizeof(*shown));
		run->output.has_serial = sign_input_serial(text.records, text.count, run->apex, &run->output.serial);
		for (size_t i = 0; i < text.count && status == STATUS_OK && !run->options->new_keys; i++) {
			if (is_foreign(run, &text.records[i]))
				status = refuse_foreign(run, err);
			note_shown(run, &text.records[i], shown);
		}
		if (status == STATUS_OK && !run->options->new_keys)
			status = check_states(run, shown, err);
	}
	zonetext_free(&text);
	return status;
}

/* The last version for the gate and for its signatures: from the output path, else from the archive. */
static void open_previous(struct run *run, int *file)
{
	uint8_t sha256[32];
	if (!run->has_last)
		return;
	if (run->output.is_last) {
		run->output.previous = *file;
		*file = -1;
		return;
	}
	char *kept = archive_path(run->options->state, run->zone.name, &run->last, run->mem);
	int archived = open(kept, O_RDONLY | O_CLOEXEC);
	if (archived < 0)
		return;
	if (file_sha256(archived, sha256, NULL) == STATUS_OK && memcmp(sha256, run->last.sha256, 32) == 0)
		run->output.previous = archived;
	else
		close(archived);
}

static enum status look_at_existing(struct run *run, int file, struct error *err)
{
	struct output *output = &run->output;
	if (!output->exists)
		return STATUS_OK;
	enum status status = find_version(run, err);
	if (status != STATUS_OK || output->is_ours || output->to_stdout)
		return status;
	if (!run->options->replace)
		return error_set(err, STATUS_REFUSED,
		    "output %s: zoneseal did not write this file (or it was changed since); to replace it use "
		    "--replace",
		    output->path);
	return inspect_foreign(run, file, err);
}

static enum status look(struct run *run, bool trust_stamp, struct error *err)
{
	int file = -1;
	run->output = (struct output){ .previous = -1 };
	run->output.path = choose_path(run);
	run->report->output = run->output.to_stdout ? "-" : run->output.path;
	if (run->virtual_clock && !run->output.to_stdout && run->options->output == NULL &&
	    !folder_holds(run->options->state, run->output.path, run->mem))
		return error_set(err, STATUS_REFUSED,
		    "VIRTUAL CLOCK: output %s is outside the state folder; a rehearsal writes there only with zoneseal "
		    "sign %s -o FILE, and by itself below %s",
		    run->output.path, run->zone.name, run->options->state);
	if (run->output.path == NULL)
		return STATUS_OK;
	enum status status = open_existing(run, trust_stamp, &file, err);
	if (status == STATUS_OK)
		status = look_at_existing(run, file, err);
	if (status == STATUS_OK)
		open_previous(run, &file);
	if (file >= 0)
		close(file);
	return status;
}

enum status output_look(struct run *run, struct error *err)
{
	return look(run, true, err);
}

enum status output_look_again(struct run *run, struct error *err)
{
	output_close(&run->output);
	return look(run, false, err);
}

enum status output_is_not_input(const struct output *output, const struct file_stamp *input, struct error *err)
{
	if (!output->exists || output->to_stdout || input->device != output->stamp.device ||
	    input->inode != output->stamp.inode)
		return STATUS_OK;
	return error_set(err, STATUS_REFUSED,
	    "input and output are the same file, %s: the signed zone would replace the zone that it is made from; give "
	    "another output with -o",
	    output->path);
}

enum status output_unchanged(const struct output *output, const struct publish *publish, struct error *err)
{
	struct file_stamp stamp;
	int file = openat(publish->folder, publish->target, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	bool exists = file >= 0 || errno != ENOENT;
	bool same = exists == output->exists;
	if (same && exists)
		same = file >= 0 && file_stamp_of(file, &stamp, NULL) == STATUS_OK &&
		       file_stamp_equal(&stamp, &output->stamp);
	if (file >= 0)
		close(file);
	if (same)
		return STATUS_OK;
	return error_set(err, STATUS_BUSY,
	    "output %s: another program changed it while the zone was being signed; it is left as it is, and the next "
	    "run looks at it again",
	    output->path);
}

void output_close(struct output *output)
{
	if (output->previous >= 0)
		close(output->previous);
	output->previous = -1;
}
