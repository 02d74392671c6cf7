/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "signer/report/report.h"

enum { INDENT = 2 };

/* Columns of a word; what colours it takes none. */
static unsigned columns_of(const char *word, size_t size)
{
	unsigned columns = 0;
	for (size_t i = 0; i < size; i++) {
		if (word[i] == '\033') {
			while (i < size && word[i] != 'm')
				i++;
			continue;
		}
		columns++;
	}
	return columns;
}

/* A command is for pasting: whoever copies it wants no line feed in it. */
static bool is_command(const char *line, size_t size)
{
	static const char *const heads[] = { "Do now:", "  YOU " };
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		if (size > strlen(heads[i]) && strncmp(line, heads[i], strlen(heads[i])) == 0)
			return true;
	return false;
}

static void wrap_line(FILE *out, const char *line, size_t size, unsigned width)
{
	const size_t given = strspn(line, " ");
	unsigned indent = given < size && given < width / 2 ? (unsigned)given : 0;
	unsigned at = indent;
	unsigned gap = 0;
	fprintf(out, "%*s", (int)indent, "");
	for (const char *word = line + given; word < line + size;) {
		const size_t left = (size_t)(line + size - word);
		const char *const space = memchr(word, ' ', left);
		const size_t length = space == NULL ? left : (size_t)(space - word);
		const unsigned columns = columns_of(word, length);
		if (gap > 0 && at + gap + columns > width) {
			fprintf(out, "\n%*s", (int)(indent + INDENT), "");
			at = indent + INDENT;
			gap = 0;
		}
		fprintf(out, "%*s%.*s", (int)gap, "", (int)length, word);
		at += gap + columns;
		word += length;
		/* Columns of a table stand two apart, words one. */
		const size_t spaces = strspn(word, " ");
		gap = spaces > 1 ? 2 : 1;
		word += spaces;
	}
}

void report_wrap(FILE *out, const char *text, unsigned width)
{
	for (const char *line = text; *line != '\0';) {
		const size_t size = strcspn(line, "\n");
		if (columns_of(line, size) <= width || is_command(line, size))
			fwrite(line, 1, size, out);
		else
			wrap_line(out, line, size, width);
		fputc('\n', out);
		line += size + (line[size] == '\n' ? 1 : 0);
	}
}
