/* SPDX-License-Identifier: MIT */
/*
 * A page of HTML that stands alone: one style sheet, no script, nothing loaded, and a Content-Security-Policy that says
 * so.
 *
 * What comes from a zone, a keystore or a verdict goes through html_text and nowhere else: it can neither become markup
 * nor hide anything (control characters are shown as escapes).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "signer/report/report.h"

/* What marks a page of the folder that `report --html` keeps: it may be removed when its zone is. */
#define HTML_OF_SITE "<meta name=\"generator\" content=\"zoneseal report --html\">"

/* Follows it where the keystore is known: of which one the page is, in hex, and then HTML_OF_KEYSTORE_END. */
#define HTML_OF_KEYSTORE "<meta name=\"zoneseal-keystore\" content=\""
#define HTML_OF_KEYSTORE_END "\">"

/* Opens the <header> of a page that says how bad it is, in a colour and, for who does not see it, in a word. */
void html_banner(FILE *out, enum report_level level);

/* Up to and with the open <main>. `keystore` NULL: no page of such a folder; "": one of a keystore that has no identity
 * yet. */
void html_begin(FILE *out, const char *title, const char *keystore);
void html_end(FILE *out);

/* Text as text. At most `most` octets of it and then an ellipsis; 0: all. */
void html_text(FILE *out, const char *text, size_t most);

/* <tag>text</tag> */
void html_element(FILE *out, const char *tag, const char *text);

/* A box with a big value under a small name. */
void html_card(FILE *out, const char *name, const char *value, const char *under);
