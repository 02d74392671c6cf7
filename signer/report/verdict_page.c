/* SPDX-License-Identifier: MIT */
#include "signer/report/verdict_page.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "signer/report/html.h"

/* Of what a zone's owners choose, so much of each; so many places of a finding; and where findings and then checks end,
 * in octets, so that a page is below 100 kB whatever the document says: what was begun can still be 25 kB of places,
 * as an octet can become six. */
enum {
	NAME_SHOWN = 120,
	TYPE_SHOWN = 24,
	TEXT_SHOWN = 400,
	PLACES_SHOWN = 5,
	FINDINGS_END = 45 * 1000,
	CHECKS_END = 94 * 1000
};

static const char *text_of(const json_t *object, const char *name)
{
	const char *const value = json_string_value(json_object_get(object, name));
	return value == NULL ? "" : value;
}

static long long number_of(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static bool is(const json_t *object, const char *name, const char *value)
{
	return strcmp(text_of(object, name), value) == 0;
}

static const struct verify_check *meaning(const struct verdict_page *page, const char *id)
{
	for (size_t i = 0; i < page->check_count; i++)
		if (strcmp(page->checks[i].id, id) == 0)
			return &page->checks[i];
	return NULL;
}

/* 6214981 -> "6 214 981" */
static void grouped(long long value, char out[32])
{
	char plain[24];
	size_t at = 0;
	const size_t size = (size_t)snprintf(plain, sizeof(plain), "%lld", value);
	for (size_t i = 0; i < size; i++) {
		if (i > 0 && (size - i) % 3 == 0 && plain[i - 1] != '-')
			out[at++] = ' ';
		out[at++] = plain[i];
	}
	out[at] = '\0';
}

struct tally {
	long long pass, fail, warn, not_asked, nothing;
};

static struct tally tally_of(const json_t *root)
{
	struct tally tally = { 0 };
	size_t index;
	const json_t *check = NULL;
	json_array_foreach(json_object_get(root, "checks"), index, check)
	{
		tally.pass += is(check, "result", "ok");
		tally.fail += is(check, "result", "fail");
		tally.warn += is(check, "result", "warn");
		tally.not_asked += is(check, "result", "not asked");
		tally.nothing += is(check, "result", "nothing to check");
	}
	return tally;
}

/* A pass is one only if the verifier came to its end and no check of its own says otherwise. */
static bool passed(const json_t *root)
{
	return is(root, "verdict", "pass") && json_is_true(json_object_get(root, "complete")) &&
	       tally_of(root).fail == 0;
}

/* The verdict is shown as no. `error` says why, also where the document says nothing. */
static bool without(const json_t *root, const char **error)
{
	*error = text_of(root, "error");
	if (is(root, "verdict", "pass") && !passed(root))
		*error = "The document says pass, and yet is not complete or has a check that failed.";
	return !passed(root) && !is(root, "verdict", "fail");
}

static void put_paragraph(FILE *out, const char *before, const char *text, const char *after)
{
	if (text == NULL || text[0] == '\0')
		return;
	fprintf(out, "<p>%s", before);
	html_text(out, text, TEXT_SHOWN);
	fprintf(out, "%s</p>\n", after);
}

static void first_sentence(const json_t *root, char out[200])
{
	const char *error;
	if (without(root, &error))
		snprintf(out, 200, "NO VERDICT, and that means no: nothing may be published");
	else
		snprintf(out, 200,
		    passed(root) ? "PASS: serial %lld is safe to publish" : "FAIL: serial %lld must not be published",
		    number_of(root, "serial"));
}

static void put_banner(FILE *out, const json_t *root, const struct verdict_page *page)
{
	const char *error;
	const bool pass = passed(root), none = without(root, &error);
	char first[200];
	first_sentence(root, first);
	fprintf(out, "<header class=\"banner %s\">\n<h1>", pass ? "good" : "bad");
	html_text(out, text_of(root, "zone"), NAME_SHOWN);
	fputc(' ', out);
	html_text(out, first, 0);
	fputs("</h1>\n", out);
	if (none)
		put_paragraph(out, "", error, "");
	if (pass)
		put_paragraph(out, "Every check that depends on time holds until ", text_of(root, "safe_until"), ".");
	put_paragraph(out, "", page->published, "");
	fputs("</header>\n", out);
}

/* How the signatures were found to hold: with a memo, most of them were computed in an earlier run. */
static void put_signatures(FILE *out, const json_t *root)
{
	char value[32], computed[32], known[32], under[120];
	const json_t *const counts = json_object_get(root, "counts");
	grouped(number_of(root, "signatures"), value);
	grouped(number_of(counts, "computed"), computed);
	grouped(number_of(counts, "from_memo"), known);
	if (number_of(counts, "from_memo") == 0)
		snprintf(under, sizeof(under), "all computed in this run");
	else
		snprintf(
		    under, sizeof(under), "%s computed in this run, %s known from an earlier one", computed, known);
	html_card(out, "signatures hold", value, under);
}

static void put_cards(FILE *out, const json_t *root)
{
	const struct tally tally = tally_of(root);
	char value[32], under[120];
	fputs("<div class=\"cards\">\n", out);
	snprintf(value, sizeof(value), "%lld", tally.pass);
	snprintf(under, sizeof(under), "%lld failed, %lld warned, %lld not asked, %lld had nothing to check",
	    tally.fail, tally.warn, tally.not_asked, tally.nothing);
	html_card(out, "checks passed", value, under);
	put_signatures(out, root);
	grouped(number_of(root, "records"), value);
	grouped(number_of(root, "size"), under);
	strcat(under, " octets");
	html_card(out, "records", value, under);
	snprintf(value, sizeof(value), "%.1f s", json_number_value(json_object_get(root, "seconds")));
	snprintf(
	    under, sizeof(under), "%lld threads, judged for %.40s", number_of(root, "threads"), text_of(root, "time"));
	html_card(out, "time taken", value, under);
	fputs("</div>\n", out);
}

static void put_examples(FILE *out, const json_t *examples)
{
	size_t index;
	const json_t *example = NULL;
	if (json_array_size(examples) == 0)
		return;
	fputs("<div class=\"scroll\"><table><thead><tr><th scope=\"col\">owner</th><th scope=\"col\">type</th>"
	      "<th scope=\"col\" class=\"n\">line</th><th scope=\"col\">detail</th></tr></thead><tbody>\n",
	    out);
	json_array_foreach(examples, index, example)
	{
		if (index == PLACES_SHOWN)
			break;
		const long long line = number_of(example, "line");
		fputs("<tr><td class=\"o\"><code>", out);
		html_text(out, text_of(example, "owner"), NAME_SHOWN);
		fputs("</code></td><td class=\"t\">", out);
		html_text(out, text_of(example, "type"), TYPE_SHOWN);
		fputs("</td><td class=\"n\">", out);
		if (line > 0)
			fprintf(out, "%lld", line);
		fputs("</td><td>", out);
		html_text(out, text_of(example, "detail"), TEXT_SHOWN);
		fputs("</td></tr>\n", out);
	}
	fputs("</tbody></table></div>\n", out);
}

static void put_labelled(FILE *out, const char *label, const char *text)
{
	if (text == NULL || text[0] == '\0')
		return;
	fprintf(out, "<p><b>%s</b> ", label);
	html_text(out, text, TEXT_SHOWN);
	fputs("</p>\n", out);
}

static void put_finding(FILE *out, const json_t *finding, const struct verdict_page *page)
{
	char count[32];
	const struct verify_check *const check = meaning(page, text_of(finding, "id"));
	grouped(number_of(finding, "count"), count);
	fprintf(out, "<h3>%s <code>",
	    is(finding, "result", "fail")       ? "FAIL"
	    : is(finding, "result", "expected") ? "expected"
						: "warning");
	html_text(out, text_of(finding, "id"), NAME_SHOWN);
	fputs("</code>: ", out);
	html_text(out, text_of(finding, "what"), TEXT_SHOWN);
	fprintf(out, " (%s)</h3>\n", count);
	put_labelled(out, "Expected:", text_of(finding, "expected"));
	put_labelled(out, "Cause:", text_of(finding, "cause"));
	put_labelled(out, "Do:", text_of(finding, "advice"));
	put_examples(out, json_object_get(finding, "examples"));
	if (check == NULL)
		return;
	put_labelled(out, "What this check wants:", check->explain);
	put_labelled(out, "Read:", check->rfc[0] == '-' ? NULL : check->rfc);
	put_labelled(out, "The outage behind it:", check->outage);
}

/* Those that only follow from a finding of this check, in one line: the JSON has each. */
static void put_consequences(FILE *out, const json_t *findings, const char *id)
{
	size_t index;
	const json_t *one;
	long long sum = 0;
	json_array_foreach(findings, index, one)
	{
		if (is(one, "follows", id))
			sum += number_of(one, "count");
	}
	if (sum > 0)
		fprintf(out, "<p><b>With it</b> %lld answer%s of name servers fail%s.</p>\n", sum, sum == 1 ? "" : "s",
		    sum == 1 ? "s" : "");
}

static void put_findings(FILE *out, const json_t *root, const struct verdict_page *page, long end)
{
	size_t index;
	const json_t *finding = NULL;
	const char *last = "";
	const json_t *const findings = json_object_get(root, "findings");
	if (json_array_size(findings) == 0)
		return;
	fputs("<section>\n<h2>Findings, by cause</h2>\n", out);
	json_array_foreach(findings, index, finding)
	{
		if (ftell(out) > end) {
			fprintf(out, "<p>and %zu more: zoneseal verify --last shows them.</p>\n",
			    json_array_size(findings) - index);
			break;
		}
		if (text_of(finding, "follows")[0] != '\0')
			continue;
		put_finding(out, finding, page);
		if (strcmp(last, text_of(finding, "id")) != 0)
			put_consequences(out, findings, text_of(finding, "id"));
		last = text_of(finding, "id");
	}
	fputs("</section>\n", out);
}

static void put_check(FILE *out, const json_t *row, const struct verdict_page *page)
{
	char checked[32];
	const struct verify_check *const check = meaning(page, text_of(row, "id"));
	grouped(number_of(row, "checked"), checked);
	fputs("<tr><td class=\"r\">", out);
	html_text(out, is(row, "result", "fail") ? "FAIL" : text_of(row, "result"), NAME_SHOWN);
	fputs("</td><td><code>", out);
	html_text(out, text_of(row, "id"), NAME_SHOWN);
	fprintf(out, "</code></td><td class=\"n\">%s</td><td class=\"n\">%lld</td><td class=\"wide\">", checked,
	    number_of(row, "failed"));
	html_text(out, check == NULL ? "" : check->counts, NAME_SHOWN);
	fputs("</td></tr>\n", out);
}

static void put_checks(FILE *out, const json_t *root, const struct verdict_page *page)
{
	size_t index;
	const json_t *check = NULL;
	if (json_array_size(json_object_get(root, "checks")) == 0)
		return;
	fputs("<section>\n<h2>All checks</h2>\n<p class=\"dim\">\"not asked\" is never \"ok\": what the check compares "
	      "with was not "
	      "given. zoneseal explain ID says what a check means.</p>\n<div class=\"scroll\"><table><thead><tr>"
	      "<th scope=\"col\">result</th><th scope=\"col\">check</th><th scope=\"col\" class=\"n\">checked</th>"
	      "<th scope=\"col\" class=\"n\">bad</th>"
	      "<th scope=\"col\" class=\"wide\">what was counted</th></tr></thead><tbody>\n",
	    out);
	json_array_foreach(json_object_get(root, "checks"), index, check)
	{
		if (ftell(out) > CHECKS_END)
			break;
		put_check(out, check, page);
	}
	fputs("</tbody></table></div>\n", out);
	const size_t count = json_array_size(json_object_get(root, "checks"));
	if (index < count)
		fprintf(out, "<p>and %zu more.</p>\n", count - index);
	fputs("</section>\n", out);
}

static void put_foot(FILE *out, const json_t *root)
{
	fputs("<footer class=\"dim\"><p>", out);
	if (text_of(root, "sha256")[0] != '\0') {
		fputs("Verified file: SHA-256 <code>", out);
		html_text(out, text_of(root, "sha256"), NAME_SHOWN);
		fputs("</code>. ", out);
	}
	fputs("Verifier: zoneseal-verify of build <code>", out);
	html_text(out, text_of(root, "build"), NAME_SHOWN);
	fputs("</code>.</p></footer>\n", out);
}

static bool is_verdict(const json_t *root)
{
	return is(root, "schema", "zoneseal.verdict/1") &&
	       (is(root, "verdict", "pass") || is(root, "verdict", "fail") || is(root, "verdict", "none"));
}

bool verdict_part(FILE *out, const struct verdict_page *page, long end)
{
	json_t *const root = json_loads(page->json, JSON_REJECT_DUPLICATES, NULL);
	const bool good = is_verdict(root);
	if (good) {
		char first[200], records[32], signatures[32];
		const struct tally tally = tally_of(root);
		first_sentence(root, first);
		grouped(number_of(root, "signatures"), signatures);
		grouped(number_of(root, "records"), records);
		html_element(out, "p", first);
		fprintf(out,
		    "<p>%lld checks passed, %lld failed, %lld warned, %lld not asked; %s signatures hold, %s "
		    "records.</p>\n",
		    tally.pass, tally.fail, tally.warn, tally.not_asked, signatures, records);
		put_findings(out, root, page, end);
	}
	json_decref(root);
	return good;
}

bool verdict_page(FILE *out, const struct verdict_page *page)
{
	char title[200];
	json_t *const root = json_loads(page->json, JSON_REJECT_DUPLICATES, NULL);
	const bool good = is_verdict(root);
	if (good) {
		const char *error;
		const bool none = without(root, &error);
		snprintf(title, sizeof(title), "%s: %.100s", none ? "none" : text_of(root, "verdict"),
		    text_of(root, "zone"));
		html_begin(out, title, NULL);
		put_banner(out, root, page);
		if (!none)
			put_cards(out, root);
		put_findings(out, root, page, FINDINGS_END);
		put_checks(out, root, page);
		put_foot(out, root);
		html_end(out);
	}
	json_decref(root);
	return good;
}
