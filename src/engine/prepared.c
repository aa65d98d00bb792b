/* SPDX-License-Identifier: Apache-2.0 */
/*
 * To compile rules takes a good part of a second, to parse their names a millisecond, which is a tenth of a start. So all
 * that is made of them can be kept as bytes:
 *
 *     header | struct ks_ruleset | array | array | ... | database | database
 *
 * Arrays hold numbers and no addresses: they are used where they lie, and what no log asks for is never read
 * from the disk. Databases are copied, as libhs wants it. They are compiled for any processor of the
 * architecture, and belong to one version of libhs, which checks that itself, and their checksums. Whatever
 * does not fit leads back to compiling.
 */
#include "prepared.h"

#include <stdlib.h>
#include <string.h>

#include "macro.h"
#include "name_tree.h"
#include "pages.h"
#include "version.h"

/* To be raised when the same rules and macros get other databases, other tables or another order of bytes. */
#define LAYOUT "4"

#define DATABASE_ALIGN 64U

struct header {
	uint64_t hash; /* ks_prepared_hash() */
	uint64_t rule_count;
	uint64_t lengths[DATABASE_COUNT]; /* 0: there is none */
};

/* -------------------------------------------------------------------------- hash ---- */

static uint64_t
hash_bytes(uint64_t hash, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ p[i]) * UINT64_C(0x100000001b3); /* FNV-1a */
	return hash;
}

/* NULL and an empty text differ. */
static uint64_t
hash_text(uint64_t hash, const char *text)
{
	return text ? hash_bytes(hash, text, strlen(text) + 1) : hash_bytes(hash, "\1", 1);
}

static uint64_t
hash_rule(uint64_t hash, const struct ks_rule *rule)
{
	const unsigned numbers[] = { rule->min, rule->max, (unsigned)rule->kind,
		                     (unsigned)rule->boundary, rule->conditions };

	hash = hash_bytes(hash, numbers, sizeof(numbers));
	hash = hash_text(hash_text(hash, rule->trigger), rule->body);
	return hash_text(hash_text(hash, rule->before), rule->follow);
}

uint64_t
ks_prepared_hash(const struct ks_rule *rules, size_t count)
{
	const size_t sizes[] = { sizeof(struct ks_ruleset), sizeof(struct name_node),
		                 sizeof(struct name_unit), sizeof(struct name_alternative) };
	uint64_t hash = hash_text(UINT64_C(0xcbf29ce484222325), KS_VERSION " " LAYOUT);

	hash = hash_bytes(hash, sizes, sizeof(sizes));
	for (size_t i = 0; ks_macro_text(i); i++)
		hash = hash_text(hash, ks_macro_text(i));
	for (size_t i = 0; i < count; i++)
		hash = hash_rule(hash, &rules[i]);
	return hash;
}

/* ------------------------------------------------------------------------ layout ---- */

/* Of a set: where its address is, how many items it has, and how large they are. */
struct array {
	void *place;
	size_t count, size;
};

#define ARRAY_RULES 0U
#define ARRAY_COUNT 8U

static void
list_arrays(struct ks_ruleset *set, struct array arrays[ARRAY_COUNT])
{
	struct names *names = &set->names;
	const struct array all[ARRAY_COUNT] = {
		[ARRAY_RULES] = { &set->rules, set->rule_count, sizeof(*set->rules) },
		{ &set->infixes, set->infix_count, sizeof(*set->infixes) },
		{ &names->units, names->unit_count, sizeof(*names->units) },
		{ &names->alternatives, names->alternative_count, sizeof(*names->alternatives) },
		{ &names->nodes, names->node_count, sizeof(*names->nodes) },
		{ &names->ends, names->end_count, sizeof(*names->ends) },
		{ &names->filters, names->filter_count, sizeof(*names->filters) },
		{ &names->tables, names->table_count, sizeof(*names->tables) },
	};

	memcpy(arrays, all, sizeof(all));
}

static size_t
aligned(size_t len, size_t to)
{
	return (len + to - 1) & ~(to - 1);
}

/* Is there room for an array behind *at? It goes behind it. */
static bool
skip_array(const struct array *array, size_t len, size_t *at)
{
	size_t size;

	if (__builtin_mul_overflow(array->count, array->size, &size) || size > len - *at)
		return false;
	size = aligned(size, PREPARED_ALIGN);
	if (size > len - *at)
		return false;
	*at += size;
	return true;
}

/* What prepared bytes are made of. */
struct view {
	struct header header;
	struct ks_ruleset set; /* its pointers mean nothing */
	struct array arrays[ARRAY_COUNT];
	size_t arrays_at, databases_at;
};

static bool
read_front(const struct ks_prepared *prepared, struct view *view)
{
	size_t set_at = aligned(sizeof(view->header), PREPARED_ALIGN);
	size_t at = aligned(set_at + sizeof(view->set), PREPARED_ALIGN);

	if (!prepared || prepared->len < at)
		return false;
	memcpy(&view->header, prepared->bytes, sizeof(view->header));
	memcpy(&view->set, prepared->bytes + set_at, sizeof(view->set));
	list_arrays(&view->set, view->arrays);
	view->arrays_at = at;
	for (unsigned i = 0; i < ARRAY_COUNT; i++) {
		if (!skip_array(&view->arrays[i], prepared->len, &at))
			return false;
	}
	view->databases_at = at;
	return true;
}

static bool
read_view(const struct ks_prepared *prepared, struct view *view)
{
	size_t rest;

	if (!read_front(prepared, view))
		return false;
	rest = prepared->len - view->databases_at;
	for (unsigned d = 0; d < DATABASE_COUNT; d++) {
		if (view->header.lengths[d] > rest)
			return false;
		rest -= view->header.lengths[d];
	}
	return rest == 0;
}

bool
ks_prepared_fits(const struct ks_prepared *prepared, uint64_t hash, size_t count)
{
	struct view view;

	return read_view(prepared, &view) && view.header.hash == hash &&
	       view.header.rule_count == count && view.set.rule_count == count;
}

size_t
ks_prepared_lasting(const struct ks_prepared *prepared)
{
	struct view view;

	return read_view(prepared, &view) ? view.databases_at : prepared->len;
}

/* ----------------------------------------------------------------------- loading ---- */

/* Of databases. */
struct place {
	uint8_t *memory;
	size_t sizes[DATABASE_COUNT];
};

/* Room for the databases, one behind the other. Returns KS_OK, KS_ERROR_MEMORY or KS_ERROR_INTERNAL. */
static int
reserve_databases(const struct view *view, const uint8_t *at, struct place *ret_place)
{
	size_t len = 0;

	for (unsigned d = 0; d < DATABASE_COUNT; at += view->header.lengths[d++]) {
		if (view->header.lengths[d] == 0)
			continue;
		if (hs_serialized_database_size((const char *)at, view->header.lengths[d],
		                                &ret_place->sizes[d]) != HS_SUCCESS)
			return KS_ERROR_INTERNAL;
		len += aligned(ret_place->sizes[d], DATABASE_ALIGN);
	}
	ret_place->memory = aligned_alloc(DATABASE_ALIGN, len + DATABASE_ALIGN);
	if (!ret_place->memory)
		return KS_ERROR_MEMORY;
	ks_pages_populate(ret_place->memory, len);
	return KS_OK;
}

static int
load_databases(const struct view *view, const uint8_t *at, struct place *place,
               hs_database_t **ret_databases)
{
	int r = reserve_databases(view, at, place);
	uint8_t *to = place->memory;

	if (r != KS_OK)
		return r;
	for (unsigned d = 0; d < DATABASE_COUNT; at += view->header.lengths[d++]) {
		hs_error_t e;

		if (view->header.lengths[d] == 0)
			continue;
		ret_databases[d] = (hs_database_t *)to;
		e = hs_deserialize_database_at((const char *)at, view->header.lengths[d],
		                               ret_databases[d]);
		if (e != HS_SUCCESS)
			return e == HS_NOMEM ? KS_ERROR_MEMORY : KS_ERROR_INTERNAL;
		to += aligned(place->sizes[d], DATABASE_ALIGN);
	}
	return KS_OK;
}

/* The arrays are used where they lie, but that of the rules: how they mask is not prepared. */
static int
take_arrays(struct ks_ruleset *set, const uint8_t *at)
{
	size_t size = set->rule_count * sizeof(*set->rules);
	struct array arrays[ARRAY_COUNT];
	void *rules = malloc(size);

	if (!rules)
		return KS_ERROR_MEMORY;
	memcpy(rules, at, size);
	list_arrays(set, arrays);
	for (unsigned i = 0; i < ARRAY_COUNT; i++) {
		memcpy(arrays[i].place, &at, sizeof(at));
		at += aligned(arrays[i].count * arrays[i].size, PREPARED_ALIGN);
	}
	set->rules = rules;
	return KS_OK;
}

int
ks_prepared_load(struct ks_ruleset *set, const struct ks_prepared *prepared)
{
	struct place place = { .memory = NULL };
	struct view view;
	int r;

	if (!read_view(prepared, &view))
		return KS_ERROR_INTERNAL;
	r = load_databases(&view, prepared->bytes + view.databases_at, &place, view.set.databases);
	if (r == KS_OK)
		r = take_arrays(&view.set, prepared->bytes + view.arrays_at);
	if (r != KS_OK) {
		free(place.memory);
		return r;
	}
	*set = view.set;
	set->is_lent = true;
	set->database_memory = place.memory;
	return KS_OK;
}

/* ------------------------------------------------------------------------ saving ---- */

/* What is between two things is zero. */
static uint8_t *
put(uint8_t *at, const void *bytes, size_t len)
{
	size_t size = aligned(len, PREPARED_ALIGN);

	if (len > 0)
		memcpy(at, bytes, len);
	memset(at + len, 0, size - len);
	return at + size;
}

/* A set without its addresses, which are others each time. */
static void
copy_plain(const struct ks_ruleset *set, struct ks_ruleset *ret_image)
{
	struct array arrays[ARRAY_COUNT];
	const void *none = NULL;

	memcpy(ret_image, set, sizeof(*set));
	list_arrays(ret_image, arrays);
	for (unsigned i = 0; i < ARRAY_COUNT; i++)
		memcpy(arrays[i].place, &none, sizeof(none));
	memset(ret_image->databases, 0, sizeof(ret_image->databases));
	ret_image->ids = NULL;
	ret_image->memory = ret_image->database_memory = NULL;
	ret_image->is_lent = false;
}

/* What stands before the databases. *ret_len counts them too. NULL: memory is out. */
static uint8_t *
save_front(const struct ks_ruleset *set, const struct header *header, size_t *ret_front,
           size_t *ret_len)
{
	struct array arrays[ARRAY_COUNT];
	struct ks_ruleset image, *from = (struct ks_ruleset *)set;
	size_t len = aligned(sizeof(*header), PREPARED_ALIGN) +
	             aligned(sizeof(image), PREPARED_ALIGN);
	uint8_t *bytes, *at;

	list_arrays(from, arrays);
	for (unsigned i = 0; i < ARRAY_COUNT; i++)
		len += aligned(arrays[i].count * arrays[i].size, PREPARED_ALIGN);
	*ret_front = len;
	for (unsigned d = 0; d < DATABASE_COUNT; d++)
		len += header->lengths[d];
	bytes = malloc(len);
	if (!bytes)
		return NULL;
	copy_plain(set, &image);
	at = put(put(bytes, header, sizeof(*header)), &image, sizeof(image));
	for (unsigned i = 0; i < ARRAY_COUNT; i++) {
		const void *array;

		memcpy(&array, arrays[i].place, sizeof(array));
		at = put(at, array, arrays[i].count * arrays[i].size);
	}
	*ret_len = len;
	return bytes;
}

int
ks_ruleset_save(const struct ks_ruleset *set, uint8_t **ret_bytes, size_t *ret_len)
{
	struct header header = { .hash = set->hash, .rule_count = set->rule_count };
	char *databases[DATABASE_COUNT] = { NULL };
	int r = KS_ERROR_INTERNAL;
	uint8_t *bytes, *at;
	size_t front;

	for (unsigned d = 0; d < DATABASE_COUNT; d++) {
		size_t n = 0;

		if (set->databases[d] &&
		    hs_serialize_database(set->databases[d], &databases[d], &n) != HS_SUCCESS)
			goto out;
		header.lengths[d] = n;
	}
	bytes = save_front(set, &header, &front, ret_len);
	if (!bytes) {
		r = KS_ERROR_MEMORY;
		goto out;
	}
	at = bytes + front;
	for (unsigned d = 0; d < DATABASE_COUNT; d++)
		at = databases[d] ? mempcpy(at, databases[d], header.lengths[d]) : at;
	*ret_bytes = bytes;
	r = KS_OK;
out:
	for (unsigned d = 0; d < DATABASE_COUNT; d++)
		free(databases[d]);
	return r;
}
