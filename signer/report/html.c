/* SPDX-License-Identifier: MIT */
#include "signer/report/html.h"

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

void html_begin(FILE *out, const char *title)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n", out);
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
