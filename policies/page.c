/* SPDX-License-Identifier: MIT */
#include "policies/page.h"

#include <string.h>

void page_add(struct page *page, const char *text)
{
	const size_t size = strlen(text);
	if (page->used + size >= page->room) {
		page->room = 2 * (page->room + size) + 1024;
		char *const larger = (char *)arena_octets(page->mem, page->room);
		if (page->used > 0)
			memcpy(larger, page->text, page->used);
		page->text = larger;
	}
	memcpy(page->text + page->used, text, size + 1);
	page->used += size;
}

void page_indent(struct page *page, size_t depth)
{
	for (size_t i = 0; i < depth; i++)
		page_add(page, "  ");
}
