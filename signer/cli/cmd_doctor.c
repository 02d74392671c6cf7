/* SPDX-License-Identifier: MIT */
#include "signer/cli/cli.h"
#include "signer/engine/doctor.h"
#include "signer/engine/setup.h"

static const char *const result_names[] = { "ok", "note", "WARN", "FAIL" };

static enum status print(struct cli *cli, const struct doctor *doctor, struct error *err)
{
	struct report *list = report_list();
	for (size_t i = 0; i < doctor->count; i++) {
		const struct doctor_row *row = &doctor->rows[i];
		struct report *item = report_new(NULL);
		report_text(item, "what", row->what);
		report_text(item, "result", result_names[row->result]);
		report_text(item, "detail", row->detail);
		report_append(list, item);
		if (!cli_has(cli, OPTION_JSON))
			printf("%-4s  %-16s %s\n", result_names[row->result], row->what, row->detail);
	}
	if (!cli_has(cli, OPTION_JSON)) {
		report_free(list);
		return STATUS_OK;
	}
	struct report *report = report_new("zoneseal.doctor/1");
	report_text(report, "state", cli->state);
	report_child(report, "rows", list);
	return cli_print(cli, report, err);
}

static int verdict(const struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->count; i++)
		if (doctor->rows[i].result == DOCTOR_FAIL)
			return STATUS_NO;
	return STATUS_OK;
}

static int run_doctor(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	struct error why;
	char text[1100];
	struct doctor *doctor = arena_calloc(cli->mem, 1, sizeof(*doctor));
	doctor->mem = cli->mem;
	error_clear(&why);
	enum status opened = cli_open(cli, STORE_READ, &store, &why);
	error_format(&why, text, sizeof(text));
	doctor_add(doctor, opened == STATUS_OK ? DOCTOR_OK : DOCTOR_FAIL, "keystore",
	    opened == STATUS_OK ? cli->state : arena_strdup(cli->mem, text));
	doctor_examine(doctor, store, cli->state, cli->config, cli_value(cli, OPTION_PASSPHRASE_FILE), cli->now);
	enum status status = print(cli, doctor, err);
	store_close(store);
	return status != STATUS_OK ? (int)status : verdict(doctor);
}

static int run_key_doctor(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	struct doctor *doctor = arena_calloc(cli->mem, 1, sizeof(*doctor));
	doctor->mem = cli->mem;
	enum status status = cli_open(cli, STORE_READ, &store, err);
	if (status == STATUS_OK)
		status = doctor_examine_stores(doctor, store, cli->state, cli_value(cli, OPTION_PASSPHRASE_FILE),
		    cli->arg_count > 0 ? cli->args[0] : NULL, err);
	if (status == STATUS_OK)
		status = print(cli, doctor, err);
	store_close(store);
	return status != STATUS_OK ? (int)status : verdict(doctor);
}

const struct command command_doctor = {
	.name = "doctor",
	.run = run_doctor,
	.synopsis = "",
	.summary = "look at everything that a run depends on; changes nothing",
	.examples = "  zoneseal doctor\n",
	.options = TAKES(OPTION_PASSPHRASE_FILE),
	.min_args = 0,
	.max_args = 0,
};

const struct command command_key_doctor = {
	.name = "key doctor",
	.run = run_key_doctor,
	.synopsis = "[STORE]",
	.summary = "say what is wrong with the tokens that keys are in, and what to do; changes nothing",
	.examples = "  zoneseal key doctor\n  zoneseal key doctor hsm-a\n",
	.options = TAKES(OPTION_PASSPHRASE_FILE),
	.min_args = 0,
	.max_args = 1,
};
