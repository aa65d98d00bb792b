/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names are expressions of bytes, sets, groups and bounded repeats; no others come in here.
 *
 *     name      (?i)(?:brave(?:[a-z_]{0,20})key|x-token)        two paths from the root of the tree:
 *     units     b r a v e (...) k e y                           y - e - k - (...) - e - v - a - r - b
 */
#include "name.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "name_tree.h"

#define UNITS_MAX 128U /* of a path */
#define MANY      4U   /* children that are not looked up by their byte */

/* A name on its way into the tree. */
struct path {
	struct part text;
	bool folds;
	uint32_t rule; /* NONE: only to see whether it can be added */
	enum ks_boundary boundary;
};

static int
add_node(struct names *names, struct name_node node, uint32_t *ret_node)
{
	if (!ks_names_reserve(&names->nodes, names->node_count, &names->node_max,
	                      sizeof(*names->nodes)))
		return KS_ERROR_MEMORY;
	names->nodes[names->node_count] = node;
	*ret_node = (uint32_t)names->node_count++;
	return KS_OK;
}

static bool
is_same_unit(const struct name_node *node, struct part text, bool folds)
{
	size_t len = (size_t)(text.to - text.from);

	return node->folds == folds && len == (size_t)(node->text.to - node->text.from) &&
	       memcmp(node->text.from, text.from, len) == 0;
}

/* The child of a node that stands for a unit; it is made if there is none. */
static int
find_child(struct names *names, uint32_t parent, const struct repeat *repeat, bool folds,
           uint32_t *ret_child)
{
	struct name_node node = {
		.text = repeat->text, .folds = folds, .child = NONE, .end = NONE
	};
	int r;

	for (uint32_t i = names->nodes[parent].child; i != NONE; i = names->nodes[i].next) {
		if (is_same_unit(&names->nodes[i], repeat->text, folds)) {
			*ret_child = i;
			return KS_OK;
		}
	}
	node.next = names->nodes[parent].child;
	r = ks_names_parse_unit(names, repeat, folds, &node.unit);
	if (r == KS_OK)
		r = add_node(names, node, ret_child);
	if (r == KS_OK)
		names->nodes[parent].child = *ret_child;
	return r;
}

static int
add_end(struct names *names, uint32_t node, const struct path *path)
{
	if (path->rule == NONE)
		return KS_OK;
	if (!ks_names_reserve(&names->ends, names->end_count, &names->end_max,
	                      sizeof(*names->ends)))
		return KS_ERROR_MEMORY;
	names->ends[names->end_count] = (struct name_end){ path->rule, names->nodes[node].end,
		                                           path->boundary };
	names->nodes[node].end = (uint32_t)names->end_count++;
	return KS_OK;
}

static bool
is_plain(struct part text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text.from + i >= text.to || (!isalnum((unsigned char)text.from[i]) &&
		                                 text.from[i] != '_' && text.from[i] != '-'))
			return false;
	}
	return true;
}

/* The bit of the head that text begins with; all if that is none: its last byte must not be a unit that may be missing. */
static uint64_t
head_of(struct names *names, struct part text)
{
	uint8_t *number;

	if (!is_plain(text, HEAD_WIDTH) ||
	    (text.to - text.from > (ptrdiff_t)HEAD_WIDTH && strchr("?*{", text.from[HEAD_WIDTH])))
		return UINT64_MAX;
	number = &names->heads[head_hash((const uint8_t *)text.from)];
	if (!*number)
		*number = (uint8_t)(1 + names->head_count++ % 63);
	return UINT64_C(1) << *number;
}

/* The heads of a path. It may begin with a group, each of whose alternatives has one. */
static uint64_t
heads_of(struct names *names, struct part text)
{
	struct repeat first = ks_expression_unit(text);
	struct part rest = { text.from + 3, first.element_end - 1 };
	uint64_t heads = 0;

	if (text.to - text.from < 4 || strncmp(text.from, "(?:", 3) != 0 || first.min != 1)
		return head_of(names, text);
	for (;; rest.from++) {
		const char *end = ks_expression_alternative(rest, NULL);

		heads |= head_of(names, (struct part){ rest.from, end });
		rest.from = end;
		if (end == rest.to)
			return heads;
	}
}

static int
add_path(struct names *names, const struct path *path)
{
	uint64_t heads = path->text.from < path->text.to ? heads_of(names, path->text) : UINT64_MAX;
	struct repeat units[UNITS_MAX];
	uint32_t nodes[UNITS_MAX], node = 0;
	unsigned count = 0, way = 0;
	int r = KS_OK;

	for (const char *p = path->text.from; p < path->text.to; p = units[count++].text.to) {
		if (count == UNITS_MAX)
			return NAME_UNSUITED;
		units[count] = ks_expression_unit((struct part){ p, path->text.to });
	}
	while (r == KS_OK && count > 0) {
		r = find_child(names, node, &units[--count], path->folds, &node);
		if (r == KS_OK && names->units[names->nodes[node].unit].is_wide)
			heads = UINT64_MAX;
		nodes[way++] = node;
	}
	while (way > 0)
		names->nodes[nodes[--way]].heads |= heads;
	return r == KS_OK ? add_end(names, node, path) : r;
}

/* A name that is one group has a path for each of its alternatives, so that they can share what others have. */
static int
add_paths(struct names *names, struct path path)
{
	struct part rest = path.text;
	const char *group, *end = ks_expression_alternative(rest, &group);
	int r = KS_OK;

	if (end != rest.to)
		return NAME_UNSUITED;
	if (group != rest.from || strncmp(group, "(?:", 3) != 0)
		return add_path(names, &path);
	rest = (struct part){ group + 3, rest.to - 1 };
	for (; r == KS_OK; rest.from = end + 1) {
		end = ks_expression_alternative(rest, NULL);
		path.text = (struct part){ rest.from, end };
		r = add_path(names, &path);
		if (end == rest.to)
			break;
	}
	return r;
}

/* The nodes' texts are parts of it. NULL: memory is out. */
static const char *
keep_text(struct names *names, const char *name)
{
	char *copy;

	if (!ks_names_reserve(&names->texts, names->text_count, &names->text_max,
	                      sizeof(*names->texts)))
		return NULL;
	copy = strdup(name);
	if (copy)
		names->texts[names->text_count++] = copy;
	return copy;
}

static void
free_texts(struct names *names)
{
	for (size_t i = 0; i < names->text_count; i++)
		free(names->texts[i]);
	free(names->texts);
	names->texts = NULL;
	names->text_count = names->text_max = 0;
}

int
ks_names_add(struct names *names, const char *name, uint32_t rule, enum ks_boundary boundary)
{
	const char *text = keep_text(names, name);
	struct path path = { { text, text }, false, NONE, boundary };
	uint32_t root;
	int r = KS_OK;

	if (!text)
		return KS_ERROR_MEMORY;
	path.text.to += strlen(text);

	if (strncmp(text, "(?i)", 4) == 0) {
		path.folds = true;
		path.text.from += 4;
	}
	if (names->node_count == 0)
		r = add_node(names,
		             (struct name_node){
				     .unit = NONE, .child = NONE, .next = NONE, .end = NONE },
		             &root);
	if (r == KS_OK)
		r = add_paths(names, path);
	path.rule = rule;
	return r == KS_OK ? add_paths(names, path) : r;
}

/* Is the unit one byte, or one letter, once? *ret_byte is it, the small letter. */
static bool
is_one_byte(const struct name_unit *unit, uint8_t *ret_byte)
{
	unsigned count = 0;

	if (unit->group != NONE || unit->min != 1 || unit->max != 1)
		return false;
	for (unsigned b = 0; b < 256; b++) {
		if (byteset_has(&unit->ends, (uint8_t)b)) {
			count++;
			*ret_byte = (uint8_t)b;
		}
	}
	return count == 1 || (count == 2 && islower(*ret_byte) &&
	                      byteset_has(&unit->ends, (uint8_t)toupper(*ret_byte)));
}

static void
move_to_table(struct names *names, uint32_t parent, uint16_t table[256])
{
	uint32_t *link = &names->nodes[parent].child;

	while (*link != NONE) {
		struct name_node *child = &names->nodes[*link];
		const struct name_unit *unit = &names->units[child->unit];
		uint32_t number = *link;
		uint8_t b = 0;

		if (!is_one_byte(unit, &b) || number > UINT16_MAX || table[b] ||
		    (byteset_has(&unit->ends, (uint8_t)toupper(b)) && table[(uint8_t)toupper(b)])) {
			link = &child->next;
			continue;
		}
		*link = child->next;
		child->next = NONE;
		table[b] = (uint16_t)number; /* the root, 0, is nobody's child */
		if (byteset_has(&unit->ends, (uint8_t)toupper(b)))
			table[(uint8_t)toupper(b)] = (uint16_t)number;
	}
}

static int
make_table(struct names *names, uint32_t node)
{
	if (names->table_count == UINT16_MAX)
		return KS_OK;
	if (!ks_names_reserve(&names->tables, names->table_count, &names->table_max,
	                      sizeof(*names->tables)))
		return KS_ERROR_MEMORY;
	memset(names->tables[names->table_count], 0, sizeof(*names->tables));
	move_to_table(names, node, names->tables[names->table_count]);
	names->nodes[node].table = (uint16_t)++names->table_count;
	return KS_OK;
}

static int
filter_children(struct names *names, uint32_t node)
{
	unsigned bit = 0;

	if (ks_names_add_filter(names, &names->nodes[node].filter) != KS_OK)
		return KS_ERROR_MEMORY;
	for (uint32_t i = names->nodes[node].child; i != NONE; i = names->nodes[i].next) {
		const struct name_unit *unit = &names->units[names->nodes[i].unit];

		names->nodes[i].bit = (uint8_t)(bit++ % 64);
		ks_names_fill_filter(&names->filters[names->nodes[node].filter],
		                     names->nodes[i].bit, &unit->ends, unit->may_be_empty);
	}
	return KS_OK;
}

/* Of names with heads all sets are narrow; groups are made of sets. */
static void
gather_bytes(struct names *names)
{
	for (size_t i = 0; i < names->unit_count; i++) {
		if (names->units[i].group == NONE && !names->units[i].is_wide)
			byteset_add_all(&names->bytes, &names->units[i].ends);
	}
}

int
ks_names_finish(struct names *names)
{
	int r = KS_OK;

	gather_bytes(names);
	for (uint32_t i = 0; r == KS_OK && i < names->node_count; i++) {
		unsigned children = 0;

		names->nodes[i].text = (struct part){ NULL, NULL };
		for (uint32_t c = names->nodes[i].child; c != NONE; c = names->nodes[c].next)
			children++;
		if (children > MANY)
			r = make_table(names, i);
		if (r == KS_OK)
			r = filter_children(names, i);
	}
	free_texts(names);
	return r;
}

void
ks_names_free(struct names *names)
{
	free_texts(names);
	free(names->units);
	free(names->alternatives);
	free(names->nodes);
	free(names->ends);
	free(names->filters);
	free(names->tables);
	*names = (struct names){ .unit_count = 0 };
}
