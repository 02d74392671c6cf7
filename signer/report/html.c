/* SPDX-License-Identifier: MIT */
#include "signer/report/html.h"
#include "signer/report/report_level.h"

#include <openssl/evp.h>
#include <string.h>

/* Contrast is at least 4.5 to 1 in both schemes (WCAG 1.4.3); a colour never says anything alone. */
static const char style[] =
    ":root{color-scheme:light dark;--page:#fff;--ink:#1b1f24;--dim:#4c545c;--line:#c6ccd2;--box:#f3f5f7;"
    "--good:#0b5d2a;--warn:#7a4b00;--bad:#9c0f1f;--on:#fff}"
    "@media(prefers-color-scheme:dark){:root{--page:#14171a;--ink:#e6e9ec;--dim:#a9b2bb;--line:#3c444c;"
    "--box:#1e2328;--good:#0f6b33;--warn:#7d5200;--bad:#a51f2d}}"
    "*{box-sizing:border-box}"
    "body{margin:0;background:var(--page);color:var(--ink);font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}"
    "main{max-width:70rem;margin:0 auto;padding:1rem}"
    ".banner{color:var(--on);padding:1rem 1.25rem;border-radius:.5rem;overflow-wrap:anywhere}"
    ".banner h1{margin:0;font-size:1.4rem}.banner p{margin:.4rem 0 0}"
    ".good{background:var(--good)}.warn{background:var(--warn)}.bad{background:var(--bad)}"
    ".cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(13rem,1fr));gap:.75rem;margin:1rem 0;padding:0}"
    ".card{background:var(--box);border:1px solid var(--line);border-radius:.5rem;padding:.6rem .9rem;"
    "overflow-wrap:anywhere}"
    ".card b{display:block;font-size:1.3rem}.card span{color:var(--dim);font-size:.85rem}"
    "section{margin:1.5rem 0}h2{font-size:1.15rem;border-bottom:1px solid var(--line);padding-bottom:.25rem}"
    "h3{font-size:1rem;margin:1.2rem 0 .3rem;overflow-wrap:anywhere}"
    "code{font-family:ui-monospace,monospace;overflow-wrap:anywhere}"
    "table{border-collapse:collapse;width:100%;font-size:.9rem}"
    "th,td{text-align:left;vertical-align:top;padding:.25rem .6rem .25rem 0;border-bottom:1px solid var(--line);"
    "overflow-wrap:anywhere}"
    "th{color:var(--dim);font-weight:600;white-space:nowrap}.n{text-align:right;white-space:nowrap}.t{white-space:"
    "nowrap}"
    ".o{min-width:7rem}.r{min-width:4.5rem}@media(min-width:40rem){.o{min-width:14rem}}"
    ".scroll{overflow-x:auto}.dim{color:var(--dim)}"
    "a{color:inherit}a:focus-visible,summary:focus-visible{outline:3px solid var(--warn);outline-offset:2px}"
    /* Pictures: fills are light under dark words and dark under light ones, and each kind has another pattern. */
    ":root{--ka:#bfe3c9;--kr:#c3dff2;--kw:#fdeebf;--kl:#b98a17;--ko:#e6d9ee;--kp:#8a6a9e;--kq:#f7c4c8}"
    "@media(prefers-color-scheme:dark){:root{--ka:#1d4a2e;--kr:#1c4460;--kw:#4a3a10;--kl:#b08a2a;--ko:#40304d;"
    "--kp:#8f76a0;--kq:#6b1c26}}"
    "svg.pic{display:block;width:100%;min-width:46rem;height:auto}svg text{fill:var(--ink);font:12px "
    "system-ui,sans-serif}"
    "svg text.s{fill:var(--dim);font-size:11px}svg text.w{font-size:11px}.grid{stroke:var(--line);stroke-width:1}"
    ".b{stroke:var(--ink);stroke-width:.6}.b.p{stroke-dasharray:4 3;fill-opacity:.5}"
    ".kprepared{fill:var(--box)}.kwaiting{fill:url(#h)}.kready{fill:var(--kr)}.kactive{fill:var(--ka)}"
    ".kretiring{fill:url(#r)}.kperson{fill:var(--kq)}.hw{fill:var(--kw)}.hl{stroke:var(--kl);stroke-width:1.5}"
    ".rw{fill:var(--ko)}.rl{stroke:var(--kp);stroke-width:1.5}.now{stroke:var(--bad);stroke-width:2}"
    "svg text.nowt{fill:var(--ink);font-weight:700;font-size:11px}.who{fill:var(--bad)}svg "
    "text.whot{fill:#fff;font-weight:700}"
    ".box{fill:var(--box);stroke:var(--line)}.wire{stroke:var(--dim);stroke-width:1.5}.wire.d{stroke-dasharray:5 4}"
    ".do{background:var(--page);color:var(--ink);border-radius:.25rem;padding:.15rem .4rem;display:inline-block}"
    ".sg{fill:var(--kr);stroke:var(--ink);stroke-width:.6}.se{fill:url(#h);stroke:var(--ink);stroke-width:.6}"
    ".year td{vertical-align:top}"
    ".log{min-width:44rem}.v{min-width:6.5rem;overflow-wrap:break-word}ol.steps{list-style:none;padding:0}ol.steps "
    "li{padding:.1rem 0}"
    "@media(max-width:40rem){td.wide,th.wide{display:none}}"
    "@media print{:root{--page:#fff;--ink:#000;--dim:#333;--box:#fff;--line:#999}main{max-width:none;padding:0}"
    ".banner{color:#000;background:none;border:2px solid #000}section,tr{break-inside:avoid}}";

/* The policy lets this style sheet through by its digest, and nothing else at all (CSP Level 3). */
static void put_policy(FILE *out)
{
	uint8_t digest[EVP_MAX_MD_SIZE] = { 0 };
	unsigned char text[4 * EVP_MAX_MD_SIZE / 3 + 4];
	(void)EVP_Q_digest(NULL, "SHA256", NULL, style, sizeof(style) - 1, digest, NULL);
	(void)EVP_EncodeBlock(text, digest, 32);
	fprintf(out,
	    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-%s'; "
	    "base-uri 'none'; form-action 'none'\">\n",
	    (const char *)text);
}

void html_begin(FILE *out, const char *title, const char *keystore)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n", out);
	if (keystore != NULL)
		fputs(HTML_OF_SITE "\n", out);
	if (keystore != NULL && keystore[0] != '\0')
		fprintf(out, HTML_OF_KEYSTORE "%s" HTML_OF_KEYSTORE_END "\n", keystore);
	put_policy(out);
	fputs("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"referrer\" content=\"no-referrer\">\n<title>",
	    out);
	html_text(out, title, 0);
	fprintf(out, "</title>\n<style>%s</style>\n</head>\n<body>\n<main>\n", style);
}

void html_end(FILE *out)
{
	fputs("</main>\n</body>\n</html>\n", out);
}

static void put_octet(FILE *out, unsigned char octet)
{
	switch (octet) {
	case '&':
		fputs("&amp;", out);
		return;
	case '<':
		fputs("&lt;", out);
		return;
	case '>':
		fputs("&gt;", out);
		return;
	case '"':
		fputs("&quot;", out);
		return;
	case '\'':
		fputs("&#39;", out);
		return;
	default:
		break;
	}
	/* Octets of UTF-8 too: text that runs backward or hides among other letters is shown for what it is. */
	if (octet < ' ' || octet > '~')
		fprintf(out, "\\%03u", octet);
	else
		fputc(octet, out);
}

void html_text(FILE *out, const char *text, size_t most)
{
	const size_t size = strlen(text);
	const size_t shown = most == 0 || size <= most ? size : most;
	for (size_t i = 0; i < shown; i++)
		put_octet(out, (unsigned char)text[i]);
	if (shown < size)
		fputs("&hellip;", out);
}

void html_element(FILE *out, const char *tag, const char *text)
{
	fprintf(out, "<%s>", tag);
	html_text(out, text, 0);
	fprintf(out, "</%s>", tag);
}

void html_card(FILE *out, const char *name, const char *value, const char *under)
{
	fputs("<div class=\"card\"><span>", out);
	html_text(out, name, 0);
	fputs("</span><b>", out);
	html_text(out, value, 0);
	fputs("</b><span>", out);
	html_text(out, under, 0);
	fputs("</span></div>\n", out);
}

void html_banner(FILE *out, enum report_level level)
{
	static const char *const colours[] = { "good", "warn", "warn", "bad" };
	fprintf(out, "<header class=\"banner %s\" data-level=\"%s\">\n", colours[level], report_level_name(level));
}
