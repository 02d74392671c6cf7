/* SPDX-License-Identifier: MIT */
#include "signer/report/metrics.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "signer/base/arena.h"
#include "signer/base/build.h"
#include "signer/base/bytes.h"
#include "signer/report/report_roll.h"

enum { FINGERPRINT_SHOWN = 8 };

/* The value of a label between its quotes: three octets are escaped, and what else is no printable ASCII became \DDD of
 * a master file before it came here, or is left out. */
static void put_label(FILE *out, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		const unsigned char octet = (unsigned char)text[i];
		if (octet == '\\' || octet == '"')
			fputc('\\', out);
		if (octet >= ' ' && octet < 0x7f)
			fputc(octet, out);
	}
}

static void put_zone(FILE *out, const char *metric, const struct report_zone *zone)
{
	const size_t size = strlen(zone->name);
	fprintf(out, "%s{zone=\"", metric);
	put_label(out, zone->name, size > 1 && zone->name[size - 1] == '.' ? size - 1 : size);
	fputc('"', out);
}

static void put(FILE *out, const char *metric, const struct report_zone *zone, int64_t value)
{
	put_zone(out, metric, zone);
	fprintf(out, "} %" PRId64 "\n", value);
}

static int64_t moment(struct utc when)
{
	return when.seconds == UTC_NEVER.seconds ? 0 : when.seconds;
}

typedef void samples(FILE *out, const char *metric, const struct report_zone *zone);

/* Words of text for people come in either case. */
static void put_lower(FILE *out, const char *label, const char *text)
{
	fprintf(out, ",%s=\"", label);
	for (; *text != '\0'; text++)
		fputc(tolower((unsigned char)*text), out);
	fputc('"', out);
}

static void health(FILE *out, const char *metric, const struct report_zone *zone)
{
	for (enum report_health state = REPORT_OK; state <= REPORT_EXPIRED; state++) {
		put_zone(out, metric, zone);
		put_lower(out, "state", report_health_name(state));
		fprintf(out, "} %d\n", zone->health == state);
	}
}

static void level(FILE *out, const char *metric, const struct report_zone *zone)
{
	put(out, metric, zone, zone->level);
}

static void blocked(FILE *out, const char *metric, const struct report_zone *zone)
{
	put(out, metric, zone, zone->health == REPORT_BLOCKED);
}

static void published_at(FILE *out, const char *metric, const struct report_zone *zone)
{
	put(out, metric, zone, moment(zone->published_at));
}

static void serial(FILE *out, const char *metric, const struct report_zone *zone)
{
	if (zone->published)
		put(out, metric, zone, zone->serial);
}

static void records(FILE *out, const char *metric, const struct report_zone *zone)
{
	put(out, metric, zone, (int64_t)zone->records);
}

static void signatures(FILE *out, const char *metric, const struct report_zone *zone)
{
	put(out, metric, zone, (int64_t)zone->signatures);
}

static void size(FILE *out, const char *metric, const struct report_zone *zone)
{
	put(out, metric, zone, (int64_t)zone->size);
}

static void expiry(FILE *out, const char *metric, const struct report_zone *zone)
{
	put(out, metric, zone, moment(zone->valid_until));
}

static void limit(FILE *out, const char *metric, const struct report_zone *zone)
{
	put(out, metric, zone, zone->limit.seconds);
}

static void input_unread(FILE *out, const char *metric, const struct report_zone *zone)
{
	put(out, metric, zone, moment(zone->input_unread_since));
}

static void input_failing(FILE *out, const char *metric, const struct report_zone *zone)
{
	put(out, metric, zone, moment(zone->input_failing_since));
}

static void hook_failing(FILE *out, const char *metric, const struct report_zone *zone)
{
	put(out, metric, zone, moment(zone->hook_waiting_since));
}

static void run_failed(FILE *out, const char *metric, const struct report_zone *zone)
{
	put(out, metric, zone, moment(zone->last_failure));
}

static void next_event(FILE *out, const char *metric, const struct report_zone *zone)
{
	const struct {
		const char *event;
		struct utc when;
	} events[] = { { "signatures", zone->next }, { "keys", zone->roll_next } };
	for (size_t i = 0; i < COUNT(events); i++) {
		put_zone(out, metric, zone);
		fprintf(out, ",event=\"%s\"} %" PRId64 "\n", events[i].event, moment(events[i].when));
	}
}

/* Of the command that a person is to give, the one or two words that name it: ds_seen, key_doctor, run. What it is
 * given, a zone with its last dot or an option, comes later. */
static void put_action(FILE *out, const char *command)
{
	static const char program[] = "zoneseal ", letters[] = "abcdefghijklmnopqrstuvwxyz-";
	if (command == NULL || strncmp(command, program, sizeof(program) - 1) != 0) {
		fputs(command == NULL ? "none" : "other", out);
		return;
	}
	const char *const name = command + sizeof(program) - 1;
	size_t size = strspn(name, letters);
	const size_t second = name[size] == ' ' && name[size + 1] != '-' ? strspn(name + size + 1, letters) : 0;
	const char after = second > 0 ? name[size + 1 + second] : '.';
	if (after == ' ' || after == '\0')
		size += 1 + second;
	for (size_t i = 0; i < size; i++)
		fputc(islower((unsigned char)name[i]) ? name[i] : '_', out);
}

static void action(FILE *out, const char *metric, const struct report_zone *zone)
{
	put_zone(out, metric, zone);
	fputs(",action=\"", out);
	put_action(out, zone->command);
	fprintf(out, "\",urgent=\"%s\"} %d\n", zone->urgent ? "yes" : "no", zone->command != NULL);
}

static void key_state(FILE *out, const char *metric, const struct report_zone *zone)
{
	for (size_t i = 0; i < zone->key_count; i++) {
		const struct report_key *const key = &zone->keys[i];
		char hex[2 * sizeof(key->key.fingerprint) + 1];
		bytes_to_hex((struct bytes){ key->key.fingerprint, sizeof(key->key.fingerprint) }, false, hex);
		put_zone(out, metric, zone);
		fprintf(out, ",key=\"%u\"", key_published_tag(&key->key));
		put_lower(out, "role", key_role_name(key->key.role));
		fprintf(out, ",fp=\"%.*s\",state=\"%s\"} 1\n", FINGERPRINT_SHOWN, hex, key->word);
	}
}

/* Of keys in stores that are looked at: whether each shows the key and signs with it. */
static void proof(FILE *out, const char *metric, const struct report_zone *zone)
{
	for (size_t i = 0; i < zone->key_count; i++)
		for (size_t k = 0; k < zone->keys[i].proof_count; k++) {
			const struct report_proof *const one = &zone->keys[i].proofs[k];
			put_zone(out, metric, zone);
			fprintf(out, ",key=\"%u\",store=\"", key_published_tag(&zone->keys[i].key));
			put_label(out, one->store, strlen(one->store));
			fprintf(out, "\"} %d\n", one->known && one->good);
		}
}

static void rolls(FILE *out, const char *metric, const struct report_zone *zone)
{
	put(out, metric, zone, (int64_t)zone->roll_count);
}

static void stopped(FILE *out, const char *metric, const struct report_zone *zone)
{
	put(out, metric, zone, zone->roll_stop != NULL);
}

static void ds_checked(FILE *out, const char *metric, const struct report_zone *zone)
{
	put(out, metric, zone, moment(zone->ds_checked));
}

static void put_server(FILE *out, const char *metric, const struct report_zone *zone, const char *server, int64_t value)
{
	put_zone(out, metric, zone);
	fputs(",server=\"", out);
	put_label(out, server, strlen(server));
	fprintf(out, "\"} %" PRId64 "\n", value);
}

static void served_serial(FILE *out, const char *metric, const struct report_zone *zone)
{
	for (size_t i = 0; i < zone->server_count; i++)
		if (zone->servers[i].has_serial)
			put_server(out, metric, zone, zone->servers[i].server, zone->servers[i].serial);
}

static void served_expiry(FILE *out, const char *metric, const struct report_zone *zone)
{
	for (size_t i = 0; i < zone->server_count; i++)
		put_server(out, metric, zone, zone->servers[i].server, moment(zone->servers[i].expires));
}

static void served_asked(FILE *out, const char *metric, const struct report_zone *zone)
{
	for (size_t i = 0; i < zone->server_count; i++)
		put_server(out, metric, zone, zone->servers[i].server, moment(zone->servers[i].asked));
}

static void served_behind(FILE *out, const char *metric, const struct report_zone *zone)
{
	for (size_t i = 0; i < zone->server_count; i++)
		put_server(out, metric, zone, zone->servers[i].server, moment(zone->servers[i].behind_since));
}

static void served_failing(FILE *out, const char *metric, const struct report_zone *zone)
{
	for (size_t i = 0; i < zone->server_count; i++)
		put_server(out, metric, zone, zone->servers[i].server, moment(zone->servers[i].failing_since));
}

/* Names are kept for ever: rules of operators are made of them. */
static const struct {
	const char *name, *help;
	samples *samples;
} families[] = {
	{ "zoneseal_zone_health", "the state in which zoneseal status shows the zone is 1", health },
	{ "zoneseal_zone_level", "how bad it is: 0 ok, 1 a person must act, 2 warning, 3 critical", level },
	{ "zoneseal_publication_blocked", "1: the last new version was refused and not published", blocked },
	{ "zoneseal_last_publish_timestamp_seconds", "when the published version was published; 0: never",
	    published_at },
	{ "zoneseal_published_serial", "the serial of the published version", serial },
	{ "zoneseal_records", "records of the published version", records },
	{ "zoneseal_signatures", "RRSIG records of the published version", signatures },
	{ "zoneseal_size_bytes", "size of the published file", size },
	{ "zoneseal_rrsig_earliest_expiry_timestamp_seconds",
	    "when the first signature of the published version expires", expiry },
	{ "zoneseal_rrsig_refresh_seconds", "how long before that the policy wants signatures renewed", limit },
	{ "zoneseal_input_unread_since_timestamp_seconds",
	    "when a run last looked at an input that has changed since; 0: it has not", input_unread },
	{ "zoneseal_input_failing_since_timestamp_seconds", "since when the input cannot be used; 0: it can",
	    input_failing },
	{ "zoneseal_hook_failing_since_timestamp_seconds",
	    "since when the publish hook has not come to its end; 0: it has", hook_failing },
	{ "zoneseal_last_failed_run_timestamp_seconds", "a run that failed after the last publication; 0: none",
	    run_failed },
	{ "zoneseal_next_event_timestamp_seconds", "when signatures are due, and when a key moves; 0: not planned",
	    next_event },
	{ "zoneseal_action_required", "1: a person must act; see zoneseal status", action },
	{ "zoneseal_key_state", "what each key does", key_state },
	{ "zoneseal_key_proven", "1: the store showed the key and signed with it when it was last asked", proof },
	{ "zoneseal_rollovers", "rollovers under way", rolls },
	{ "zoneseal_key_events_stopped", "1: keys do not move: held, refused by the cache check, or a key is missing",
	    stopped },
	{ "zoneseal_ds_checked_timestamp_seconds", "when the parent's servers were last asked for the DS; 0: never",
	    ds_checked },
	{ "zoneseal_served_serial", "the serial that a name server of the zone served when it was last asked",
	    served_serial },
	{ "zoneseal_served_rrsig_earliest_expiry_timestamp_seconds",
	    "when the first signature of SOA and DNSKEY that it served expires; 0: it showed none", served_expiry },
	{ "zoneseal_served_asked_timestamp_seconds", "when it was last asked; 0: not yet", served_asked },
	{ "zoneseal_served_behind_since_timestamp_seconds",
	    "when the version was published that it did not serve yet when it was last asked; 0: it was not behind",
	    served_behind },
	{ "zoneseal_served_failing_since_timestamp_seconds", "since when no answer of it is of use; 0: they are",
	    served_failing },
};

static void put_head(FILE *out, const char *name, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

static void put_whole(FILE *out, const char *name, const char *help, int64_t value)
{
	put_head(out, name, help);
	fprintf(out, "%s %" PRId64 "\n", name, value);
}

struct metrics {
	struct family {
		FILE *out; /* NULL: no memory */
		char *text;
		size_t size;
	} family[COUNT(families)];
};

struct metrics *metrics_new(void)
{
	struct metrics *const metrics = memory_calloc(1, sizeof(*metrics));
	for (size_t i = 0; i < COUNT(families); i++)
		metrics->family[i].out = open_memstream(&metrics->family[i].text, &metrics->family[i].size);
	return metrics;
}

void metrics_add(struct metrics *metrics, const struct report_zone *zone)
{
	for (size_t i = 0; i < COUNT(families); i++)
		if (metrics->family[i].out != NULL)
			families[i].samples(metrics->family[i].out, families[i].name, zone);
}

static bool close_all(struct metrics *metrics)
{
	bool good = true;
	for (size_t i = 0; i < COUNT(families); i++)
		good &= metrics->family[i].out != NULL && fclose(metrics->family[i].out) == 0;
	return good;
}

static void drop(struct metrics *metrics)
{
	for (size_t i = 0; i < COUNT(families); i++)
		free(metrics->family[i].text);
	free(metrics);
}

void metrics_free(struct metrics *metrics)
{
	(void)close_all(metrics);
	drop(metrics);
}

bool metrics_end(struct metrics *metrics, FILE *out, const struct report_state *state, struct utc now)
{
	const bool good = close_all(metrics);
	put_head(out, "zoneseal_build_info", "the program");
	fprintf(out, "zoneseal_build_info{version=\"%s\",build=\"%s\"} 1\n", build_version(), build_id());
	put_whole(out, "zoneseal_metrics_timestamp_seconds", "when this was written", now.seconds);
	put_whole(out, "zoneseal_zones", "zones in the keystore", (int64_t)state->zone_count);
	put_whole(out, "zoneseal_virtual_clock", "1: a rehearsal, not the world", state->virtual_clock);
	put_whole(out, "zoneseal_standby", "1: fenced; another signer signs", state->standby);
	put_whole(out, "zoneseal_standby_snapshot_timestamp_seconds",
	    "of a standby: when the snapshot was made that it equals; 0: none", moment(state->snapshot));
	put_whole(out, "zoneseal_restored", "1: restored from a backup and not reconciled: nothing is signed",
	    state->restored);
	put_whole(out, "zoneseal_clock_behind", "1: the clock is behind what is recorded: nothing is signed",
	    state->clock_behind);
	put_whole(out, "zoneseal_level",
	    "how bad it is, the worst of the keystore and its zones; as zoneseal_zone_level", state->level);
	for (size_t i = 0; i < COUNT(families); i++) {
		put_head(out, families[i].name, families[i].help);
		if (good)
			(void)fwrite(metrics->family[i].text, 1, metrics->family[i].size, out);
	}
	drop(metrics);
	return good;
}
