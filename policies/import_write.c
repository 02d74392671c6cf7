/* SPDX-License-Identifier: MIT */
/* An imported policy as YAML: the fields that the import decided, each difference as a comment above its field. */
#include <stdio.h>
#include <string.h>

#include "policies/import_map.h"
#include "policies/page.h"
#include "policies/policy_field.h"

enum { WIDTH = 118 };

/* Comment lines, broken between words. */
static void add_comment(struct page *page, size_t depth, const char *text)
{
	size_t column = WIDTH;
	for (const char *at = text; *at != '\0';) {
		const size_t size = strcspn(at, " ");
		if (column + 1 + size > WIDTH) {
			page_add(page, at == text ? "" : "\n");
			page_indent(page, depth);
			page_add(page, at == text ? "#" : "#  ");
			column = 2 * depth + (at == text ? 1 : 3);
		}
		page_add(page, " ");
		page_add(page, arena_strndup(page->mem, at, size));
		column += 1 + size;
		at += size + strspn(at + size, " ");
	}
	page_add(page, "\n");
}

/* "line 12: signatures-refresh 5d: why". */
static char *sentence(const struct import_difference *difference, const char *title, struct arena *mem)
{
	const char *const place =
	    difference->line == 0 ? "" : arena_printf(mem, ", line %llu", (unsigned long long)difference->line);
	if (difference->kind == IMPORT_OURS)
		return arena_printf(mem, "zoneseal's default: %s", difference->why);
	if (difference->kind == IMPORT_DEFAULT)
		return arena_printf(mem, "%s's default: %s %s%s%s", title, difference->option, difference->theirs,
		    difference->why == NULL ? "" : ": ", difference->why == NULL ? "" : difference->why);
	return arena_printf(mem, "%s %s%s: %s", difference->option, difference->theirs, place, difference->why);
}

/* Differences that belong to no field. */
static void add_rest(
    struct page *page, const struct import_map *map, const char *title, enum import_kind kind, const char *headline)
{
	bool any = false;
	for (size_t i = 0; i < map->count; i++) {
		const struct import_difference *const difference = &map->list[i];
		if (difference->kind != kind || difference->field != NULL)
			continue;
		if (!any)
			page_add(page, arena_printf(page->mem, "#\n# %s\n", headline));
		any = true;
		add_comment(page, 0, arena_printf(page->mem, "- %s", sentence(difference, title, page->mem)));
	}
}

static size_t depth_of(const char *path)
{
	size_t depth = 0;
	for (const char *at = path; *at != '\0'; at++)
		depth += *at == '.';
	return depth;
}

static const char *last_word(const char *path)
{
	const char *const dot = strrchr(path, '.');
	return dot == NULL ? path : dot + 1;
}

/* The lines "keys:" and "  ksk:" that a path opens after the one before it. */
static void open_groups(struct page *page, const char *before, const char *path)
{
	for (const char *dot = strchr(path, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
		const size_t size = (size_t)(dot - path);
		if (strncmp(before, path, size + 1) == 0)
			continue;
		const char *const group = arena_strndup(page->mem, path, size);
		if (depth_of(group) == 0)
			page_add(page, "\n");
		page_indent(page, depth_of(group));
		page_add(page, last_word(group));
		page_add(page, ":\n");
	}
}

static void add_field(struct page *page, const struct import_map *map, const char *title, const struct field *field)
{
	const size_t depth = depth_of(field->path);
	for (size_t i = 0; i < map->count; i++)
		if (map->list[i].field != NULL && strcmp(map->list[i].field, field->path) == 0)
			add_comment(page, depth, sentence(&map->list[i], title, page->mem));
	page_indent(page, depth);
	page_add(page,
	    arena_printf(page->mem, "%s: %s\n", last_word(field->path), field_print(field, &map->policy, page->mem)));
}

const char *import_write(const struct import_map *map, const char *title, struct arena *mem)
{
	size_t count;
	const struct field *const table = field_table(&count);
	struct page page = { .mem = mem };
	const char *before = "";
	char name[400];
	char file[400];
	error_escape(map->entry->name, strlen(map->entry->name), name, sizeof(name));
	error_escape(map->source->file, strlen(map->source->file), file, sizeof(file));
	add_comment(&page, 0,
	    arena_printf(mem, "Imported from %s's policy \"%s\", %s, line %llu.", title, name, file,
		(unsigned long long)map->entry->line));
	page_add(&page,
	    "# A comment says where a value is not the file's, or does not mean quite the same. What is not "
	    "written here has\n"
	    "# zoneseal's default: zoneseal policy show FILE prints all of it.\n");
	add_rest(&page, map, title, IMPORT_UNKNOWN, "Not understood, and so not imported:");
	add_rest(&page, map, title, IMPORT_DROPPED, "Without a counterpart:");
	for (size_t i = 0; i < count; i++) {
		if (!map->written[i])
			continue;
		open_groups(&page, before, table[i].path);
		before = table[i].path;
		add_field(&page, map, title, &table[i]);
	}
	return page.text;
}
