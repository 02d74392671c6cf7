/* SPDX-License-Identifier: MIT */
/* zoneseal-verify: the gate as a program of its own. It opens its inputs, closes the door, reads, judges, tells. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signer/base/build.h"
#include "signer/base/sandbox.h"
#include "signer/base/suggest.h"
#include "signer/base/workers.h"
#include "signer/verify/verify.h"
#include "signer/verify/vread.h"

static const char help[] =
    "zoneseal-verify: is this zone file safe to publish?\n"
    "\n"
    "  zoneseal-verify nl.test.zone                    judge a file alone\n"
    "  zoneseal-verify --trust-anchor nl.test.ds --previous published.zone nl.test.zone\n"
    "  zoneseal-verify --json --policy limits.json -   from standard input, verdict as JSON\n"
    "\n"
    "usage: zoneseal-verify [options] FILE|-\n"
    "\n"
    "  --origin NAME         the zone's name (else the owner of the SOA)\n"
    "  --trust-anchor FILE   DS or DNSKEY records that must lead to the zone's keys\n"
    "  --previous FILE       the zone as published now: serial, limits of change, caches; again for each version\n"
    "                        that caches may still hold, in any order: limits go by the newest serial\n"
    "  --replaced TIME       no server gives the --previous before it since TIME: caches have what its TTL leaves\n"
    "  --unsigned FILE       the unsigned input: nothing but DNSSEC may differ, and its ZONEMD verifies\n"
    "  --unsigned-include NAME=FILE  FILE is what $INCLUDE NAME in the input means; once for each NAME\n"
    "  --expect-keys FILE    the keys that must be in use, and no others\n"
    "  --expect-unsigned     the zone is to have no DNSSEC at all; without this, an unsigned zone is refused\n"
    "  --policy FILE         limits (JSON); with it, breaches of policy refuse too\n"
    "  --now TIME            judge at this time; again for further moments that must hold\n"
    "  --memo FILE           proofs of an earlier run: what it verified is computed again in part only\n"
    "  --memo-new FILE       where to write the proofs of this run, if the zone is safe\n"
    "  --memo-state TEXT     another TEXT than when the memo was written: all is computed\n"
    "  --no-memo WHY         there is none to be had; the verdict says WHY\n"
    "  --threads N           default: all cores\n"
    "  --json                verdict as JSON (zoneseal.verdict/1)\n"
    "  --version, --help\n"
    "\n"
    "exit: 0 safe, 1 not safe, 2 usage, 65 cannot be read as a zone, 66 input missing, 70 internal error,\n"
    "      74 read error, 77 permission. Anything but 0 means: do not publish.\n";

enum argument {
	ARGUMENT_ORIGIN = 256,
	ARGUMENT_ANCHOR,
	ARGUMENT_PREVIOUS,
	ARGUMENT_REPLACED,
	ARGUMENT_UNSIGNED,
	ARGUMENT_INCLUDE,
	ARGUMENT_EXPECT,
	ARGUMENT_UNSIGNED_ZONE,
	ARGUMENT_POLICY,
	ARGUMENT_NOW,
	ARGUMENT_THREADS,
	ARGUMENT_JSON,
	ARGUMENT_MEMO,
	ARGUMENT_MEMO_NEW,
	ARGUMENT_MEMO_STATE,
	ARGUMENT_NO_MEMO,
	ARGUMENT_VERSION,
	ARGUMENT_HELP,
};

static const struct option options_table[] = { { "origin", required_argument, NULL, ARGUMENT_ORIGIN },
	{ "trust-anchor", required_argument, NULL, ARGUMENT_ANCHOR },
	{ "previous", required_argument, NULL, ARGUMENT_PREVIOUS },
	{ "replaced", required_argument, NULL, ARGUMENT_REPLACED },
	{ "unsigned", required_argument, NULL, ARGUMENT_UNSIGNED },
	{ "unsigned-include", required_argument, NULL, ARGUMENT_INCLUDE },
	{ "expect-keys", required_argument, NULL, ARGUMENT_EXPECT },
	{ "expect-unsigned", no_argument, NULL, ARGUMENT_UNSIGNED_ZONE },
	{ "policy", required_argument, NULL, ARGUMENT_POLICY }, { "now", required_argument, NULL, ARGUMENT_NOW },
	{ "memo", required_argument, NULL, ARGUMENT_MEMO }, { "memo-new", required_argument, NULL, ARGUMENT_MEMO_NEW },
	{ "memo-state", required_argument, NULL, ARGUMENT_MEMO_STATE },
	{ "no-memo", required_argument, NULL, ARGUMENT_NO_MEMO },
	{ "threads", required_argument, NULL, ARGUMENT_THREADS }, { "json", no_argument, NULL, ARGUMENT_JSON },
	{ "version", no_argument, NULL, ARGUMENT_VERSION }, { "help", no_argument, NULL, ARGUMENT_HELP },
	{ NULL, 0, NULL, 0 } };

struct arguments {
	struct verify_options verify;
	struct vinclude includes[VERIFY_INCLUDES];
	const char *include_files[VERIFY_INCLUDES];
	bool json;
	char memo_problem[200];
	bool done; /* help or version was all that was asked */
};

static enum status read_threads(const char *text, unsigned *out, struct error *err)
{
	char *end;
	errno = 0;
	const long value = strtol(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || value < 1 || value > 256)
		return error_set(err, STATUS_USAGE, "--threads: a number from 1 to 256");
	*out = (unsigned)value;
	return STATUS_OK;
}

static enum status read_time(const char *text, struct verify_options *out, struct error *err)
{
	if (out->time_count == VERIFY_TIMES)
		return error_set(err, STATUS_USAGE, "--now: at most %d times", VERIFY_TIMES);
	return utc_parse(text, &out->times[out->time_count++], err);
}

static enum status read_previous(struct verify_options *out, struct error *err)
{
	if (out->previous_count == VERIFY_PREVIOUS)
		return error_set(err, STATUS_USAGE, "--previous: at most %d files", VERIFY_PREVIOUS);
	out->previous[out->previous_count++].file.name = optarg;
	return STATUS_OK;
}

static enum status read_replaced(const char *text, struct verify_options *out, struct error *err)
{
	if (out->previous_count == 0 || out->previous[out->previous_count - 1].was_replaced)
		return error_set(err, STATUS_USAGE, "--replaced: follows the --previous that it is about, once");
	struct verify_previous *const last = &out->previous[out->previous_count - 1];
	last->was_replaced = true;
	return utc_parse(text, &last->replaced, err);
}

/* NAME=FILE; a NAME may have "=" in it, a FILE may not. */
static enum status read_include(char *text, struct arguments *out, struct error *err)
{
	char *const equals = strrchr(text, '=');
	if (equals == NULL || equals == text || equals[1] == '\0')
		return error_set(err, STATUS_USAGE, "--unsigned-include: NAME=FILE");
	if (out->verify.include_count == VERIFY_INCLUDES)
		return error_set(err, STATUS_USAGE, "--unsigned-include: at most %d files", VERIFY_INCLUDES);
	*equals = '\0';
	out->includes[out->verify.include_count].name = text;
	out->include_files[out->verify.include_count++] = equals + 1;
	return STATUS_OK;
}

static enum status unknown_option(char **argv, int option, struct error *err)
{
	enum { OPTIONS = COUNT(options_table) - 1 };
	const char *names[OPTIONS];
	char shown[64];
	const char *const given = argv[optind - 1];
	error_escape(given, strlen(given), shown, sizeof(shown));
	if (option == ':')
		return error_set(err, STATUS_USAGE, "%s: its value is missing; see --help", shown);
	for (size_t i = 0; i < OPTIONS; i++)
		names[i] = options_table[i].name;
	char word[64];
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(given, "="), given);
	const char *const nearest = suggest_nearest(word + strspn(word, "-"), names, OPTIONS);
	if (nearest != NULL)
		return error_set(err, STATUS_USAGE, "%s: unknown option; did you mean --%s?", shown, nearest);
	return error_set(err, STATUS_USAGE, "%s: unknown option; see --help", shown);
}

/* The second of two would stand for both, and the first would be taken for judged. */
static enum status take_file(int option, struct verify_input *input, struct error *err)
{
	for (size_t i = 0; input->name != NULL && i < COUNT(options_table) - 1; i++)
		if (options_table[i].val == option)
			return error_set(
			    err, STATUS_USAGE, "--%s: given twice, one file is compared with", options_table[i].name);
	input->name = optarg;
	return STATUS_OK;
}

static enum status read_option(int option, struct arguments *out, char **argv, struct error *err)
{
	switch (option) {
	case ARGUMENT_ORIGIN:
		out->verify.origin = optarg;
		return STATUS_OK;
	case ARGUMENT_ANCHOR:
		return take_file(option, &out->verify.trust_anchor, err);
	case ARGUMENT_PREVIOUS:
		return read_previous(&out->verify, err);
	case ARGUMENT_REPLACED:
		return read_replaced(optarg, &out->verify, err);
	case ARGUMENT_UNSIGNED:
		return take_file(option, &out->verify.unsigned_zone, err);
	case ARGUMENT_INCLUDE:
		return read_include(optarg, out, err);
	case ARGUMENT_EXPECT:
		return take_file(option, &out->verify.expect_keys, err);
	case ARGUMENT_UNSIGNED_ZONE:
		out->verify.expect_unsigned = true;
		return STATUS_OK;
	case ARGUMENT_POLICY:
		return take_file(option, &out->verify.policy, err);
	case ARGUMENT_NOW:
		return read_time(optarg, &out->verify, err);
	case ARGUMENT_THREADS:
		return read_threads(optarg, &out->verify.threads, err);
	case ARGUMENT_MEMO:
		return take_file(option, &out->verify.memo, err);
	case ARGUMENT_MEMO_NEW:
		return take_file(option, &out->verify.memo_new, err);
	case ARGUMENT_MEMO_STATE:
		out->verify.memo_state = optarg;
		return STATUS_OK;
	case ARGUMENT_NO_MEMO:
		error_escape(optarg, strlen(optarg), out->memo_problem, sizeof(out->memo_problem));
		out->verify.memo_problem = out->memo_problem;
		return STATUS_OK;
	case ARGUMENT_JSON:
		out->json = true;
		return STATUS_OK;
	case ARGUMENT_VERSION:
		printf("zoneseal-verify %s, build %s\n", build_version(), build_id());
		out->done = true;
		return STATUS_OK;
	case ARGUMENT_HELP:
	case 'h':
		fputs(help, stdout);
		out->done = true;
		return STATUS_OK;
	default:
		return unknown_option(argv, option, err);
	}
}

static enum status read_arguments(int argc, char **argv, struct arguments *out, struct error *err)
{
	*out = (struct arguments){ .verify = { .threads = workers_default() } };
	opterr = 0;
	for (;;) {
		const int option = getopt_long(argc, argv, ":h", options_table, NULL);
		if (option == -1)
			break;
		const enum status status = read_option(option, out, argv, err);
		if (status != STATUS_OK || out->done)
			return status;
	}
	if (argc - optind != 1)
		return error_set(err, STATUS_USAGE, "one zone file is judged at a time (or - for standard input)");
	out->verify.zone.name = argv[optind];
	if (out->verify.time_count == 0)
		out->verify.times[out->verify.time_count++] = utc_now();
	return STATUS_OK;
}

static enum status open_input(struct verify_input *input, struct error *err)
{
	struct stat state;
	if (input->name == NULL)
		return STATUS_OK;
	if (strcmp(input->name, "-") == 0) {
		input->name = "standard input";
		input->descriptor = STDIN_FILENO;
	} else {
		input->descriptor = open(input->name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	}
	if (input->descriptor < 0 || fstat(input->descriptor, &state) != 0)
		return error_set_errno(err, "%s", input->name);
	if (S_ISDIR(state.st_mode))
		return error_set(err, STATUS_IO, "%s: is a folder", input->name);
	/* A descriptor that was handed over may stand at its end; a pipe cannot be moved and need not be. */
	if (S_ISREG(state.st_mode) && lseek(input->descriptor, 0, SEEK_SET) != 0)
		return error_set_errno(err, "%s: seek", input->name);
	return STATUS_OK;
}

/* A memo that cannot be had costs time and no verdict. The new one is emptied when it is written. */
static enum status open_memos(struct arguments *arguments, struct error *err)
{
	struct verify_options *const options = &arguments->verify;
	struct verify_input *const old = &options->memo;
	struct verify_input *const new = &options->memo_new;
	struct stat of_old, of_new;
	if (old->name != NULL && options->memo_problem != NULL)
		return error_set(err, STATUS_USAGE, "--memo and --no-memo exclude each other");
	if (old->name != NULL) {
		old->descriptor = open(old->name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		if (old->descriptor < 0) {
			snprintf(arguments->memo_problem, sizeof(arguments->memo_problem), "%s",
			    errno == ENOENT ? "there is none yet" : strerror(errno));
			options->memo_problem = arguments->memo_problem;
			old->name = NULL;
		}
	}
	if (new->name == NULL)
		return STATUS_OK;
	new->descriptor = open(new->name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	if (new->descriptor < 0) {
		fprintf(stderr, "zoneseal-verify: no new memo can be written: %s\n", strerror(errno));
		new->name = NULL;
		return STATUS_OK;
	}
	if (old->name != NULL && fstat(old->descriptor, &of_old) == 0 && fstat(new->descriptor, &of_new) == 0 &&
	    of_old.st_dev == of_new.st_dev && of_old.st_ino == of_new.st_ino)
		return error_set(
		    err, STATUS_USAGE, "--memo and --memo-new are one file; write a new one and rename it");
	return STATUS_OK;
}

static enum status open_inputs(struct arguments *arguments, struct error *err)
{
	struct verify_options *const options = &arguments->verify;
	struct verify_input *const inputs[] = { &options->zone, &options->trust_anchor, &options->unsigned_zone,
		&options->expect_keys, &options->policy };
	for (size_t i = 0; i < COUNT(inputs); i++) {
		const enum status status = open_input(inputs[i], err);
		if (status != STATUS_OK)
			return status;
	}
	for (unsigned i = 0; i < options->previous_count; i++) {
		const enum status status = open_input(&options->previous[i].file, err);
		if (status != STATUS_OK)
			return status;
	}
	const enum status memo = open_memos(arguments, err);
	if (memo != STATUS_OK)
		return memo;
	options->includes = arguments->includes;
	for (size_t i = 0; i < options->include_count; i++) {
		struct verify_input file = { .name = arguments->include_files[i] };
		const enum status status = open_input(&file, err);
		if (status != STATUS_OK)
			return status;
		arguments->includes[i].descriptor = file.descriptor;
	}
	return STATUS_OK;
}

/* All of the answer must be out before the exit code says yes. */
static enum status tell(char *text, struct error *err)
{
	if (text == NULL)
		return error_set(err, STATUS_INTERNAL, "the verdict could not be written down");
	const bool good = fputs(text, stdout) >= 0 && fputc('\n', stdout) != EOF && fflush(stdout) == 0;
	free(text);
	return good ? STATUS_OK : error_set_errno(err, "standard output");
}

static enum status judge(struct arguments *arguments, struct error *err)
{
	struct verify_verdict *verdict = NULL;
	struct sandbox sandbox;
	verify_prepare();
	enum status status = sandbox_enter(&sandbox, err);
	if (status == STATUS_OK) {
		arguments->verify.door = (struct verify_door){ sandbox.landlock_abi, sandbox.seccomp };
		status = verify_self_test(err);
	}
	if (status == STATUS_OK)
		status = verify_run(&arguments->verify, &verdict, err);
	if (status != STATUS_OK)
		return status;
	status = tell(arguments->json ? verify_json(verdict) : verify_text(verdict), err);
	if (status == STATUS_OK && !verify_passed(verdict))
		status = STATUS_NO;
	verify_free(verdict);
	return status;
}

int main(int argc, char **argv)
{
	struct arguments arguments;
	struct error err;
	error_clear(&err);
	/* What is large goes back to the system when it is freed. By default the allocator stops to do so with the
	 * first large piece that was, and the zone's arrays leave holes as they grow. */
	mallopt(M_MMAP_THRESHOLD, 256 * 1024);
	/* A memo beyond RLIMIT_FSIZE is a failed write, not the end. */
	signal(SIGXFSZ, SIG_IGN);
	enum status status = read_arguments(argc, argv, &arguments, &err);
	if (status == STATUS_OK && arguments.done)
		return 0;
	if (status == STATUS_OK)
		status = open_inputs(&arguments, &err);
	if (status == STATUS_OK)
		status = judge(&arguments, &err);
	if (status == STATUS_OK || status == STATUS_NO)
		return (int)status;
	char text[1200];
	error_format(&err, text, sizeof(text));
	fprintf(stderr, "zoneseal-verify: no verdict, so do not publish: %s\n", text);
	struct error ignored;
	if (arguments.json && status != STATUS_USAGE && tell(verify_json_error(&err), &ignored) != STATUS_OK)
		fputs("zoneseal-verify: standard output cannot be written\n", stderr);
	return (int)status;
}
