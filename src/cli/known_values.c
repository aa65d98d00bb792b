/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See known_values.h. A list that was written for keysieve has to be right. Directories and environments hold ports and
 * names of users besides: what is refused of them is told, and left out.
 */
#include "known_values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory_text.h"
#include "message.h"

#define TOLD_MAX 8U /* values of a source that are told of by name */

static int
out_of_memory(void)
{
	ks_message("%s", ks_status_text(KS_ERROR_MEMORY));
	return EXIT_INTERNAL;
}

static const char *
reason_of(enum ks_known_verdict verdict)
{
	switch (verdict) {
	case KS_KNOWN_SHORT:
		return "too short";
	case KS_KNOWN_LONG:
		return "too long";
	case KS_KNOWN_COMMON:
		return "too common";
	case KS_KNOWN_TAKEN:
		break;
	}
	return "";
}

/* The same source as it was, or NULL. */
static const struct known_origin *
find_former(const struct known_values *former, enum known_kind kind, const char *name)
{
	for (size_t i = 0; former && i < former->count; i++) {
		const struct known_source *source = &former->origins[i].source;

		if (source->kind == kind && strcmp(source->name, name) == 0)
			return &former->origins[i];
	}
	return NULL;
}

/* ----------------------------------------------------------------------- telling ---- */

/* What is to be said about values that are refused. */
struct saying {
	struct memory_text text;
	size_t refused;
	FILE *out; /* NULL: memory is out */
};

static void
saying_begin(struct saying *saying)
{
	*saying = (struct saying){ 0 };
	saying->out = ks_memory_text_open(&saying->text);
}

/* The name behind the directory's: that one is said already. */
static const char *
short_place(const struct known_source *source, const struct known_value *value)
{
	const char *place = ks_known_source_place(source, value);

	return source->kind == KNOWN_DIRECTORY ? strrchr(place, '/') + 1 : place;
}

/* A line of a file, each in a message of its own; else a part of the one message. */
static void
say_refused(struct saying *saying, const struct known_source *source,
            const struct known_value *value, enum ks_known_verdict verdict)
{
	if (++saying->refused > TOLD_MAX || !saying->out)
		return;
	if (source->kind == KNOWN_FILE)
		(void)fprintf(saying->out, "%s:%zu: %s\n", source->name, value->number,
		              verdict == KS_KNOWN_SHORT ? "too short: a value has 8 bytes or more"
		              : verdict == KS_KNOWN_LONG
		                      ? "too long: a value has 1 MiB or less"
		                      : "too common: it would mask what is no secret");
	else
		(void)fprintf(saying->out, "%s%s (%s)", saying->refused > 1 ? ", " : "",
		              short_place(source, value), reason_of(verdict));
}

static void
saying_end(struct saying *saying, struct known_origin *origin)
{
	bool is_written = saying->out && ks_memory_text_close(&saying->text, saying->out) == KS_OK;

	origin->said = is_written ? saying->text.text : NULL;
	origin->refused = saying->refused;
}

static void
tell_lines(const char *name, char *text, size_t refused)
{
	char *rest, *line = strtok_r(text, "\n", &rest);

	for (; line; line = strtok_r(NULL, "\n", &rest))
		ks_message("%s", line);
	if (refused > TOLD_MAX)
		ks_message("%s: %zu more values are refused", name, refused - TOLD_MAX);
}

static void
tell_names(const char *name, const char *text, size_t refused)
{
	char more[40] = "";

	if (refused > TOLD_MAX)
		(void)snprintf(more, sizeof(more), " and %zu more", refused - TOLD_MAX);
	ks_message("%s: not taken as known values: %s%s", name, text, more);
}

static void
tell_refused(const struct known_origin *origin, const struct known_origin *former)
{
	const struct known_source *source = &origin->source;
	char *text;

	if (!origin->said || origin->refused == 0 ||
	    (former && former->said && strcmp(former->said, origin->said) == 0))
		return;
	text = strdup(origin->said);
	if (text && source->kind == KNOWN_FILE)
		tell_lines(source->name, text, origin->refused);
	else if (text)
		tell_names(source->name, text, origin->refused);
	free(text);
}

static void
tell_source(const struct known_origin *origin, const struct known_origin *former)
{
	const struct known_source *source = &origin->source;
	bool was_kept = former && former->is_kept;

	if (origin->error.status != KS_OK && !was_kept)
		ks_message_error(&origin->error);
	else if (origin->is_empty && !was_kept)
		ks_message_file(source->name, source->kind == KNOWN_DIRECTORY
		                                      ? "no files with values in it"
		                                      : "no values in it");
	else if (!origin->is_kept && was_kept)
		ks_message_file(source->name, "it can be read again");
	if (source->is_shared && !(former && former->source.is_shared))
		ks_message_file(source->name,
		                "others may write to it, and so choose what is masked");
	if (origin->is_kept && !was_kept)
		ks_message_file(source->name, "its former values stay in use");
}

/* ----------------------------------------------------------------------- reading ---- */

static int
copy_former(struct known_origin *origin, const struct known_origin *former)
{
	return ks_known_source_copy(&origin->source, &former->source) == KS_OK ? 0
	                                                                       : out_of_memory();
}

/*
 * It cannot be read now, or has none: what it had stays. A file that was emptied to be written anew, or a directory that is
 * not mounted, must not open the way for all that it had. What can be read of a directory is used besides.
 */
static int
keep_former(struct known_origin *origin, const struct known_origin *former, unsigned reading)
{
	ks_known_source_compare(&origin->source, &former->source, reading);
	if (ks_known_source_keep(&origin->source, &former->source) != KS_OK)
		return out_of_memory();
	origin->is_kept = true;
	return 0;
}

static int
read_origin(struct known_origin *origin, enum known_kind kind, const char *name,
            const struct known_origin *former, unsigned reading)
{
	static const struct known_source none = { 0 };
	int r;

	if (former && former->source.is_pipe)
		return copy_former(origin, former);
	r = ks_known_source_read(&origin->source, kind, name, &origin->error);
	if (r == KS_ERROR_FILE && former)
		return keep_former(origin, former, reading);
	if (r != KS_OK)
		return ks_message_failure(&origin->error);
	origin->error = (struct ks_error){ 0 }; /* of an attempt before */
	origin->is_empty = origin->source.count == 0;
	if (origin->is_empty && former)
		return keep_former(origin, former, reading);
	if (origin->is_empty) {
		tell_source(origin, NULL);
		return EXIT_CONFIG;
	}
	ks_known_source_compare(&origin->source, former ? &former->source : &none, reading);
	return 0;
}

static int
read_list(struct known_values *v, enum known_kind kind, const struct text_list *names,
          const struct known_values *former)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < names->count; i++)
		r = read_origin(&v->origins[v->count++], kind, names->items[i],
		                find_former(former, kind, names->items[i]), v->reading);
	return r;
}

/* --------------------------------------------------------------------- compiling ---- */

/* Returns 0, or an exit status: memory is out. */
static int
add_value(struct known_values *v, size_t at, const struct known_value *value, struct saying *saying)
{
	struct known_origin *origin = &v->origins[at];
	enum ks_known_verdict verdict;

	if (ks_known_add(v->compiled, ks_known_source_bytes(&origin->source, value), value->len,
	                 v->number_count + 1, &verdict) != KS_OK)
		return out_of_memory();
	if (verdict != KS_KNOWN_TAKEN) {
		say_refused(saying, &origin->source, value, verdict);
		return 0;
	}
	origin->taken++;
	v->numbers[v->number_count] = value;
	v->number_origins[v->number_count++] = at;
	return 0;
}

static int
add_origin(struct known_values *v, size_t at, bool is_first)
{
	struct known_origin *origin = &v->origins[at];
	const struct known_source *source = &origin->source;
	struct saying saying = { 0 };
	int r = 0;

	if (!v->is_disturbed)
		saying_begin(&saying);
	for (size_t i = 0; r == 0 && i < source->count; i++)
		r = add_value(v, at, &source->values[i], &saying);
	if (!v->is_disturbed)
		saying_end(&saying, origin);
	if (r == 0 && is_first && saying.refused > 0 && source->kind == KNOWN_FILE)
		r = EXIT_CONFIG;
	return r;
}

static int
make_numbers(struct known_values *v)
{
	size_t count = 0;

	for (size_t i = 0; i < v->count; i++)
		count += v->origins[i].source.count;
	v->numbers = calloc(count + 1, sizeof(void *));
	v->number_origins = calloc(count + 1, sizeof(size_t));
	if (!v->numbers || !v->number_origins || ks_known_new(&v->compiled) != KS_OK)
		return out_of_memory();
	return 0;
}

/* All wrong lines are found before it fails. */
static int
compile(struct known_values *v, bool is_first)
{
	int r = make_numbers(v);

	for (size_t i = 0; (r == 0 || r == EXIT_CONFIG) && i < v->count; i++) {
		int of_this = add_origin(v, i, is_first);

		r = of_this ? of_this : r;
	}
	if (r == 0 && ks_known_compile(v->compiled) != KS_OK)
		r = out_of_memory();
	return r;
}

static bool
is_locked(const struct known_values *v)
{
	for (size_t i = 0; i < v->count; i++) {
		if (v->origins[i].source.text.is_unlocked)
			return false;
	}
	return ks_known_is_locked(v->compiled);
}

/* ------------------------------------------------------------------------ public ---- */

bool
ks_known_values_are_asked(const struct options *o)
{
	return o->known.count + o->known_dir.count + o->known_env.count > 0;
}

static int
read_all(struct known_values *v, const struct options *o, const struct known_values *former)
{
	int r;

	v->origins = calloc(o->known.count + o->known_dir.count + o->known_env.count,
	                    sizeof(*v->origins));
	if (!v->origins)
		return out_of_memory();
	r = read_list(v, KNOWN_FILE, &o->known, former);
	if (r == 0)
		r = read_list(v, KNOWN_DIRECTORY, &o->known_dir, former);
	return r == 0 ? read_list(v, KNOWN_ENVIRONMENT, &o->known_env, former) : r;
}

int
ks_known_values_read(const struct options *options, const struct known_values *former,
                     struct known_values **ret_values)
{
	struct known_values *v = calloc(1, sizeof(*v));
	int r;

	if (!v)
		return out_of_memory();
	v->reading = former ? former->reading + 1 : 1;
	v->was_unlocked = former && former->was_unlocked;
	r = read_all(v, options, former);
	if (r == 0)
		*ret_values = v;
	else
		ks_known_values_free(v);
	return r;
}

int
ks_known_values_compile(struct known_values *v)
{
	bool is_first = v->reading == 1;
	int r = compile(v, is_first);

	if (r == 0)
		v->was_unlocked |= !is_locked(v);
	else if (r == EXIT_CONFIG) /* for values that are refused */
		ks_known_values_tell(v, NULL);
	return r;
}

int
ks_known_values_new(const struct options *options, struct known_values **ret_values)
{
	struct known_values *v;
	int r = ks_known_values_read(options, NULL, &v);

	if (r != 0)
		return r;
	r = ks_known_values_compile(v);
	if (r == 0)
		*ret_values = v;
	else
		ks_known_values_free(v);
	return r;
}

void
ks_known_values_tell(const struct known_values *v, const struct known_values *former)
{
	for (size_t i = 0; i < v->count; i++) {
		const struct known_origin *origin = &v->origins[i];
		const struct known_origin *before = find_former(former, origin->source.kind,
		                                                origin->source.name);

		tell_source(origin, before);
		tell_refused(origin, before);
	}
	if (v->was_unlocked && !(former && former->was_unlocked))
		ks_message("known values: the limit of locked memory is too low for them "
		           "(ulimit -l); they may be swapped out");
}

/* As if that had been all that there is to say. */
static int
say_as_before(struct known_origin *origin, const struct known_origin *former)
{
	char *said = former->said ? strdup(former->said) : NULL;

	if (former->said && !said)
		return out_of_memory();
	free(origin->said);
	origin->said = said;
	origin->refused = former->refused;
	origin->error = former->error;
	origin->is_empty = former->is_empty;
	origin->is_kept = former->is_kept;
	return 0;
}

/* Variables do not change. */
static int
keep_besides(struct known_origin *origin, const struct known_origin *former)
{
	bool can_change = origin->source.kind != KNOWN_ENVIRONMENT && !origin->source.is_pipe;

	if (can_change && !origin->is_kept &&
	    ks_known_source_keep(&origin->source, &former->source) != KS_OK)
		return out_of_memory();
	return say_as_before(origin, former);
}

/* What the options name is the same each time. */
int
ks_known_values_keep(struct known_values *v, const struct known_values *former)
{
	int r = 0;

	v->is_disturbed = true;
	for (size_t i = 0; r == 0 && i < v->count; i++)
		r = keep_besides(&v->origins[i], &former->origins[i]);
	return r;
}

/* They were compared when they were read. */
static bool
has_changed(const struct known_source *source, const struct known_source *former, unsigned reading)
{
	size_t i = 0;

	while (i < source->count && source->values[i].changed != reading)
		i++;
	return i < source->count || source->count != former->count ||
	       source->is_shared != former->is_shared;
}

static bool
is_same(const struct known_origin *origin, const struct known_origin *former, unsigned reading)
{
	return origin->is_kept == former->is_kept && origin->is_empty == former->is_empty &&
	       strcmp(origin->error.text, former->error.text) == 0 &&
	       !has_changed(&origin->source, &former->source, reading);
}

bool
ks_known_values_are_same(const struct known_values *v, const struct known_values *former)
{
	bool are_same = v->is_disturbed || !former->is_disturbed;

	for (size_t i = 0; are_same && i < v->count; i++)
		are_same = is_same(&v->origins[i], &former->origins[i], v->reading);
	return are_same;
}

void
ks_known_values_free(struct known_values *v)
{
	if (!v)
		return;
	ks_known_free(v->compiled);
	for (size_t i = 0; i < v->count; i++) {
		ks_known_source_done(&v->origins[i].source);
		free(v->origins[i].said);
	}
	free(v->origins);
	free(v->numbers);
	free(v->number_origins);
	free(v);
}

void
ks_known_values_place(const struct known_values *v, size_t number, struct known_place *ret_place)
{
	const struct known_value *value = v->numbers[number - 1];
	const struct known_origin *origin = &v->origins[v->number_origins[number - 1]];

	*ret_place = (struct known_place){
		.source = ks_known_source_place(&origin->source, value),
		.number = value->number,
		.changed = value->changed,
	};
}

bool
ks_known_values_are_fresh(const struct known_values *v)
{
	for (size_t i = 0; i < v->count; i++) {
		if (v->origins[i].is_kept)
			return false;
	}
	return true;
}
