/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "signer/base/workers.h"
#include "signer/cli/cli.h"
#include "signer/engine/bench.h"

enum { SESSIONS_MOST = 256, SECONDS_MOST = 3600 };

static enum status number(
    const struct cli *cli, enum option_id option, unsigned otherwise, unsigned most, unsigned *out, struct error *err)
{
	const char *const text = cli_value(cli, option);
	char *end;
	*out = otherwise;
	if (text == NULL)
		return STATUS_OK;
	const unsigned long value = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || value < 1 || value > most)
		return error_set(err, STATUS_USAGE, "--%s: a number from 1 to %u", cli_options[option].name, most);
	*out = (unsigned)value;
	return STATUS_OK;
}

static void print_row(const struct token_rate *rate)
{
	char name[40];
	if (rate->bits > 0)
		snprintf(name, sizeof(name), "%s %u", rate->algorithm, rate->bits);
	else
		snprintf(name, sizeof(name), "%s", rate->algorithm);
	if (rate->known)
		printf("%-20s %12.0f %12.0f %12.0f\n", name, rate->bare, rate->verified, rate->checked);
	else
		printf("%-20s %12s %12s %12s\n", name, "-", "-", "-");
}

static enum status print(
    struct cli *cli, unsigned sessions, const struct token_rate rates[], size_t count, struct error *err)
{
	if (!cli_has(cli, OPTION_JSON)) {
		printf("%-20s %12s %12s %12s   (signatures a second, sessions: %u)\n", "ALGORITHM", "BY THE TOKEN",
		    "VERIFIED", "CHECKS ALONE", sessions);
		for (size_t i = 0; i < count; i++)
			print_row(&rates[i]);
		return STATUS_OK;
	}
	struct report *report = report_new("zoneseal.bench/1"), *list = report_list();
	report_text(report, "store", cli->args[0]);
	report_number(report, "sessions", sessions);
	for (size_t i = 0; i < count; i++) {
		struct report *row = report_new(NULL);
		report_text(row, "algorithm", rates[i].algorithm);
		report_number(row, "bits", rates[i].bits);
		report_bool(row, "known", rates[i].known);
		report_real(row, "by_the_token", rates[i].bare);
		report_real(row, "verified", rates[i].verified);
		report_real(row, "checks_alone", rates[i].checked);
		report_append(list, row);
	}
	report_child(report, "rates", list);
	return cli_print(cli, report, err);
}

static int run_bench(struct cli *cli, struct error *err)
{
	struct token_rate rates[TOKEN_RATES];
	size_t count = 0;
	unsigned sessions = 0, seconds = 0;
	enum status status = number(cli, OPTION_SESSIONS, workers_default(), SESSIONS_MOST, &sessions, err);
	if (status == STATUS_OK)
		status = number(cli, OPTION_SECONDS, 2, SECONDS_MOST, &seconds, err);
	if (status == STATUS_OK)
		status = bench_store(cli->state, cli->args[0], sessions, seconds, cli->mem, rates, &count, err);
	return (int)(status == STATUS_OK ? print(cli, sessions, rates, count, err) : status);
}

const struct command command_key_bench = {
	.name = "key bench",
	.run = run_bench,
	.synopsis = "STORE",
	.summary = "how many signatures a second a store of keys/stores.conf makes; leaves nothing on the token",
	.examples = "  zoneseal key bench hsm-a\n  zoneseal key bench hsm-a --sessions 8 --seconds 10 --json\n",
	.options = TAKES(OPTION_SESSIONS) | TAKES(OPTION_SECONDS),
	.min_args = 1,
	.max_args = 1,
};
