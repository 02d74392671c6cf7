/* SPDX-License-Identifier: MIT */
/* The rows of the doctor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "signer/engine/doctor.h"
#include "signer/engine/doctor_around.h"
#include "signer/engine/unit.h"

static void no_finding_is_lost_however_many_there_are(void **state)
{
	enum { MANY = 1000 };
	(void)state;
	struct doctor doctor = { .mem = arena_new(0) };
	for (int i = 0; i < MANY; i++)
		doctor_add(&doctor, i == 0 ? DOCTOR_WARN : DOCTOR_OK, "what", "fine");
	doctor_add(&doctor, DOCTOR_FAIL, "the last", "bad");
	assert_int_equal(doctor.count, MANY + 1);
	assert_int_equal(doctor.rows[0].result, DOCTOR_WARN);
	assert_int_equal(doctor.rows[MANY].result, DOCTOR_FAIL);
	assert_string_equal(doctor.rows[MANY].what, "the last");
	arena_free(doctor.mem);
}

static void a_clock_that_nobody_keeps_is_a_warning_with_what_to_do(void **state)
{
	(void)state;
	struct doctor doctor = { .mem = arena_new(0) };
	doctor_look_at_time(&doctor, true, 12300);
	doctor_look_at_time(&doctor, false, 16000000);
	assert_int_equal(doctor.rows[0].result, DOCTOR_OK);
	assert_non_null(strstr(doctor.rows[0].detail, "off by 0.012s at most"));
	assert_int_equal(doctor.rows[1].result, DOCTOR_WARN);
	assert_non_null(strstr(doctor.rows[1].detail, "timedatectl"));
	arena_free(doctor.mem);
}

/* ---- timers, in a system that is a folder ---- */

enum { NOW = 1795000000 };

struct system {
	char root[64];
	struct arena *mem;
	struct store *store;
};

static void make(const struct system *system, const char *path, bool is_folder)
{
	char *const whole = arena_printf(system->mem, "%s%s", system->root, path);
	for (char *at = whole + strlen(system->root) + 1; (at = strchr(at, '/')) != NULL; at++) {
		*at = '\0';
		(void)mkdir(whole, 0755);
		*at = '/';
	}
	if (is_folder) {
		assert_int_equal(mkdir(whole, 0755), 0);
		return;
	}
	FILE *const file = fopen(whole, "we");
	assert_non_null(file);
	fclose(file);
}

static void set_age(const struct system *system, const char *path, int64_t age)
{
	const struct timeval when[2] = { { .tv_sec = NOW - age }, { .tv_sec = NOW - age } };
	assert_int_equal(utimes(arena_printf(system->mem, "%s%s", system->root, path), when), 0);
}

/* The row about the timer of nl.test., or NULL. */
static const struct doctor_row *row_of_timer(const struct system *system, bool is_virtual)
{
	static const struct store_zone zone = {
		.name = "nl.test.", .policy_name = "x", .policy_text = "name: x\n", .output = "/dev/null"
	};
	const struct doctor_world world = { .state = system->root,
		.config = "/nonexistent",
		.root = system->root,
		.now = { NOW },
		.is_virtual = is_virtual };
	struct doctor *const doctor = arena_calloc(system->mem, 1, sizeof(*doctor));
	doctor->mem = system->mem;
	doctor_look_at_work(doctor, &world, system->store, &zone, 1);
	for (size_t i = 0; i < doctor->count; i++)
		if (strcmp(doctor->rows[i].what, "timer") == 0)
			return &doctor->rows[i];
	return NULL;
}

static int drop(const char *path, const struct stat *at, int kind, struct FTW *where)
{
	(void)at;
	(void)kind;
	(void)where;
	return remove(path);
}

static struct system open_system(void)
{
	struct system here = { .root = "/tmp/zoneseal-doctor-XXXXXX", .mem = arena_new(0) };
	struct error err;
	assert_non_null(mkdtemp(here.root));
	assert_int_equal(
	    store_open(arena_printf(here.mem, "%s/keystore.db", here.root), STORE_CREATE, "test", &here.store, &err),
	    STATUS_OK);
	return here;
}

static void a_timer_that_stands_still_is_found_by_what_systemd_wrote(void **state)
{
	static const char link[] = "/etc/systemd/system/timers.target.wants/zoneseal@nl.test.timer";
	static const char stamp[] = "/var/lib/systemd/timers/stamp-zoneseal@nl.test.timer";
	(void)state;
	struct system here = open_system();
	assert_null(row_of_timer(&here, false)); /* no systemd */
	make(&here, "/run/systemd/system", true);
	const struct doctor_row *row = row_of_timer(&here, false);
	assert_int_equal(row->result, DOCTOR_WARN);
	assert_non_null(strstr(row->detail, "systemctl enable --now zoneseal@nl.test.timer"));
	assert_null(row_of_timer(&here, true));
	make(&here, link, false);
	row = row_of_timer(&here, false);
	assert_int_equal(row->result, DOCTOR_WARN);
	assert_non_null(strstr(row->detail, "never went off"));
	make(&here, stamp, false);
	set_age(&here, stamp, 1200);
	assert_int_equal(row_of_timer(&here, false)->result, DOCTOR_OK);
	set_age(&here, stamp, 7200);
	row = row_of_timer(&here, false);
	assert_int_equal(row->result, DOCTOR_WARN);
	assert_non_null(strstr(row->detail, "120 minutes ago"));
	make(&here, "/etc/cron.d/zoneseal", false); /* then cron does it */
	assert_null(row_of_timer(&here, false));
	store_close(here.store);
	assert_int_equal(nftw(here.root, drop, 8, FTW_DEPTH | FTW_PHYS), 0);
	arena_free(here.mem);
}

/* ---- what the service may write to ---- */

static void put(const struct system *system, const char *path, const char *text)
{
	make(system, path, false);
	FILE *const file = fopen(arena_printf(system->mem, "%s%s", system->root, path), "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* Whether the doctor warns that the service of nl.test. cannot publish into the folder "a %b" of the system. */
static bool warns_of_unit(const struct system *system)
{
	const struct store_zone zone = { .name = "nl.test.",
		.policy_name = "x",
		.policy_text = "name: x\n",
		.output = arena_printf(system->mem, "%s/a %%b/zone", system->root) };
	const struct doctor_world world = {
		.state = "/nonexistent", .config = "/nonexistent", .root = system->root, .now = { NOW }
	};
	struct doctor doctor = { .mem = system->mem };
	doctor_look_at_work(&doctor, &world, system->store, &zone, 1);
	bool warns = false;
	for (size_t i = 0; i < doctor.count; i++)
		if (strcmp(doctor.rows[i].what, "unit") == 0 && doctor.rows[i].result == DOCTOR_WARN) {
			assert_non_null(strstr(doctor.rows[i].detail, "zoneseal zone show nl.test. --print-unit"));
			warns = true;
		}
	return warns;
}

static void a_service_that_may_not_write_where_the_zone_is_published_is_found(void **state)
{
	static const char drop_in[] = "/etc/systemd/system/zoneseal@nl.test.service.d/any.conf";
	(void)state;
	struct system here = open_system();
	struct error err;
	make(&here, "/run/systemd/system", true);
	make(&here, "/a %b", true);
	assert_false(warns_of_unit(&here)); /* nothing starts it */
	make(&here, "/etc/systemd/system/timers.target.wants/zoneseal@nl.test.timer", false);
	assert_true(warns_of_unit(&here));
	/* What stands before and after the system's folder, and whether that is another folder. */
	const struct {
		const char *before, *after;
		bool warns;
	} lines[] = { { "\"", "/a %%b\"", false }, { "-", "", false }, { "\"+", "/\" /srv/x", false },
		{ "/srv/x \"", "/a %%b/\"", false }, { "", "/a", true }, { "\"", "/a %%b/zone\"", true },
		{ "\"", "/a %%b\"\nReadWritePaths=", true }, { "/ ", "", false } };
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		put(&here, drop_in,
		    arena_printf(
			here.mem, "[Service]\nReadWritePaths=%s%s%s\n", lines[i].before, here.root, lines[i].after));
		assert_int_equal(warns_of_unit(&here), lines[i].warns);
	}
	char *printed;
	put(&here, drop_in, "");
	assert_true(warns_of_unit(&here));
	assert_int_equal(
	    unit_drop_in("nl.test.", arena_printf(here.mem, "%s/a %%b/zone", here.root), here.mem, &printed, &err),
	    STATUS_OK);
	put(&here, "/etc/systemd/system/zoneseal@.service.d/all.conf", printed);
	assert_false(warns_of_unit(&here));
	store_close(here.store);
	assert_int_equal(nftw(here.root, drop, 8, FTW_DEPTH | FTW_PHYS), 0);
	arena_free(here.mem);
}

/* ---- copies from before an upgrade or a restore ---- */

static struct doctor copies_of(const struct system *system, bool is_virtual)
{
	const struct doctor_world world = {
		.state = system->root, .root = "", .now = { NOW }, .is_virtual = is_virtual
	};
	struct doctor doctor = { .mem = system->mem };
	doctor_look_at_copies(&doctor, &world);
	assert_true(doctor.count <= 1);
	return doctor;
}

static void old_copies_of_the_keystore_are_named_with_what_removes_them(void **state)
{
	enum { DAY = 86400 };
	(void)state;
	struct system here = { .root = "/tmp/zoneseal-doctor-XXXXXX", .mem = arena_new(0) };
	assert_non_null(mkdtemp(here.root));
	make(&here, "/keystore.db", false);
	make(&here, "/keystore.db.before-5;reboot", false); /* nobody's copy, and nothing to paste */
	make(&here, "/keystore.db.before-6", true);
	set_age(&here, "/keystore.db", 400 * DAY);
	set_age(&here, "/keystore.db.before-5;reboot", 400 * DAY);
	set_age(&here, "/keystore.db.before-6", 400 * DAY);
	assert_int_equal(copies_of(&here, false).count, 0);
	make(&here, "/keystore.db.before-5", false);
	make(&here, "/keystore.db.before-restore-1", false);
	set_age(&here, "/keystore.db.before-5", 30 * DAY);
	set_age(&here, "/keystore.db.before-restore-1", 0);
	assert_int_equal(copies_of(&here, false).rows[0].result, DOCTOR_OK);
	set_age(&here, "/keystore.db.before-5", 30 * DAY + 1);
	assert_int_equal(copies_of(&here, true).rows[0].result, DOCTOR_OK);
	const struct doctor found = copies_of(&here, false);
	assert_int_equal(found.rows[0].result, DOCTOR_WARN);
	assert_string_equal(found.rows[0].what, "old copies");
	assert_non_null(strstr(found.rows[0].detail, "1 of 2 copies"));
	const char *const command = arena_printf(here.mem, ", run: rm %s/keystore.db.before-5", here.root);
	assert_string_equal(strstr(found.rows[0].detail, ", run:"), command);
	assert_int_equal(nftw(here.root, drop, 8, FTW_DEPTH | FTW_PHYS), 0);
	arena_free(here.mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_finding_is_lost_however_many_there_are),
		cmocka_unit_test(a_clock_that_nobody_keeps_is_a_warning_with_what_to_do),
		cmocka_unit_test(a_timer_that_stands_still_is_found_by_what_systemd_wrote),
		cmocka_unit_test(a_service_that_may_not_write_where_the_zone_is_published_is_found),
		cmocka_unit_test(old_copies_of_the_keystore_are_named_with_what_removes_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
