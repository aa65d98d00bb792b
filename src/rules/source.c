/* SPDX-License-Identifier: Apache-2.0 */
/* Where the catalog's rules come from: the built-in packs, files, and text in memory. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog.h"
#include "error.h"
#include "pack.h"

#define FILE_MAX   (4U << 20) /* bytes of a rule file */
#define NAME_SHOWN 40         /* bytes of a name that is unknown */

struct source {
	const char *name; /* stands for the file in errors */
	const char *pack;
	enum rulefile_check check;
	ks_error_fn on_error;
	void *ctx;
};

/* ------------------------------------------------------------------ complaints ---- */

static int
complain(const struct source *s, struct ks_error *error, struct place place)
{
	ks_error_place(error, s->name, place.line, place.column);
	s->on_error(s->ctx, error);
	return error->status;
}

static int
complain_memory(const struct source *s)
{
	struct ks_error error;

	(void)ks_error_set(&error, KS_ERROR_MEMORY, "out of memory");
	return complain(s, &error, (struct place){ 0, 0 });
}

static bool
is_id(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return !name[len] && len <= NAME_SHOWN;
}

static bool
file_has_rule(const struct rulefile *file, const char *id)
{
	for (size_t i = 0; i < file->count; i++) {
		if (strcmp(file->rules[i].rule.id, id) == 0)
			return true;
	}
	return false;
}

/* A file can switch its own rules, and those that are there before it. */
static int
check_switches(const struct ks_catalog *c, const struct source *s, const struct rulefile *file)
{
	int r = KS_OK;

	for (size_t i = 0; i < file->switch_count; i++) {
		const char *name = file->switches[i].name;
		struct ks_error error;

		if (file_has_rule(file, name) || ks_catalog_has_name(c, name) ||
		    strcmp(s->pack, name) == 0)
			continue;
		if (is_id(name))
			(void)ks_error_set(&error, KS_ERROR_RULE, "no rule or pack '%s'", name);
		else
			(void)ks_error_set(&error, KS_ERROR_RULE, "no rule or pack of that name");
		r = complain(s, &error, file->switches[i].place);
	}
	return r;
}

/* To replace a built-in rule is fine; to replace an own one is most likely a mistake. */
static int
check_ids(const struct ks_catalog *c, const struct source *s, const struct rulefile *file)
{
	int r = KS_OK;

	for (size_t i = 0; i < file->count; i++) {
		const struct file_rule *rule = &file->rules[i];
		const struct entry *old = ks_catalog_find(c, rule->rule.id);
		struct ks_error error;

		if (!old || (old->pack == ks_user_pack) != (s->pack == ks_user_pack))
			continue;
		(void)ks_error_rule(&error, rule->rule.id, "id", "it is in %.100s:%u too",
		                    old->rule.file, old->rule.place.line);
		r = complain(s, &error, rule->place);
	}
	return r;
}

static int
first_of(int before, int r)
{
	return before == KS_OK ? r : before;
}

static void
keep_first_error(void *ctx, const struct ks_error *error)
{
	struct ks_error *first = ctx;

	if (first->status == KS_OK)
		*first = *error;
}

/* ----------------------------------------------------------------------- adding ---- */

static void
ignore_error(void *ctx, const struct ks_error *error)
{
	(void)ctx;
	(void)error;
}

/* At a glance, if triggers are looked at later; but what is wrong is told in the order of the file. */
static int
parse(const struct ks_catalog *c, const struct source *s, const char *text, size_t len,
      struct rulefile *ret_file)
{
	if (c->checks_late && s->check == RULEFILE_CHECKED) {
		int r = ks_rulefile_parse(s->name, text, len, RULEFILE_GLANCED, ignore_error, NULL,
		                          ret_file);
		if (r == KS_OK)
			return r;
		ks_rulefile_done(ret_file);
	}
	return ks_rulefile_parse(s->name, text, len, s->check, s->on_error, s->ctx, ret_file);
}

static int
add_text(struct ks_catalog *c, const struct source *s, const char *text, size_t len)
{
	bool is_examined = s->check == RULEFILE_EXAMINED;
	struct rulefile file;
	int r = parse(c, s, text, len, &file);

	if (r == KS_OK || is_examined)
		r = first_of(r, check_switches(c, s, &file));
	if (is_examined)
		r = first_of(r, check_ids(c, s, &file));
	if (r != KS_OK && !is_examined)
		ks_rulefile_done(&file);
	else if (ks_catalog_add(c, &file, s->pack) != KS_OK)
		r = first_of(r, complain_memory(s));
	return r;
}

static int
file_error(const struct source *s, int sys)
{
	struct ks_error error;

	(void)ks_error_set(&error, KS_ERROR_FILE, "%s", strerror(sys));
	error.sys = sys;
	return complain(s, &error, (struct place){ 0, 0 });
}

static int
add_file(struct ks_catalog *c, const struct source *s)
{
	FILE *f = fopen(s->name, "re");
	char *text = NULL;
	size_t len;
	int r;

	if (!f)
		return file_error(s, errno);
	text = malloc(FILE_MAX + 1);
	if (!text) {
		r = complain_memory(s);
		goto out;
	}
	len = fread(text, 1, FILE_MAX + 1, f);
	if (ferror(f))
		r = file_error(s, errno);
	else if (len > FILE_MAX)
		r = file_error(s, EFBIG);
	else
		r = add_text(c, s, text, len);
out:
	free(text);
	(void)fclose(f);
	return r;
}

static int
add_packs(struct ks_catalog *c, enum rulefile_check check, ks_error_fn on_error, void *ctx)
{
	int r = KS_OK;

	for (size_t i = 0; i < ks_pack_file_count; i++) {
		const struct pack_file *file = &ks_pack_files[i];
		struct source s = { file->file, file->pack, check, on_error, ctx };

		r = first_of(r, add_text(c, &s, file->text, file->len));
	}
	return r;
}

/* ----------------------------------------------------------------------- public ---- */

static int
end_with(int r, const struct ks_error *first, struct ks_error *reterr)
{
	if (r != KS_OK && reterr)
		*reterr = *first;
	return r;
}

int
ks_catalog_add_builtin(struct ks_catalog *c, struct ks_error *reterr)
{
	struct ks_error first = { .status = KS_OK };

	if (ks_pack_rule_count > 0) {
		int r = ks_catalog_add_prepared(c, ks_pack_rules, ks_pack_rule_count);
		return r == KS_OK ? r : ks_error_set(reterr, r, "out of memory");
	}
	/* The test suite has checked each of these rules. */
	return end_with(add_packs(c, RULEFILE_TRUSTED, keep_first_error, &first), &first, reterr);
}

int
ks_catalog_add_text(struct ks_catalog *c, const char *name, const char *text, size_t len,
                    struct ks_error *reterr)
{
	struct ks_error first = { .status = KS_OK };
	struct source s = { name, ks_user_pack, RULEFILE_CHECKED, keep_first_error, &first };

	return end_with(add_text(c, &s, text, len), &first, reterr);
}

int
ks_catalog_add_file(struct ks_catalog *c, const char *path, struct ks_error *reterr)
{
	struct ks_error first = { .status = KS_OK };
	struct source s = { path, ks_user_pack, RULEFILE_CHECKED, keep_first_error, &first };

	return end_with(add_file(c, &s), &first, reterr);
}

int
ks_catalog_check_file(struct ks_catalog *c, const char *path, ks_error_fn on_error, void *ctx)
{
	struct source s = { path, ks_user_pack, RULEFILE_EXAMINED, on_error, ctx };

	return add_file(c, &s);
}

int
ks_catalog_check_builtin(struct ks_catalog *c, ks_error_fn on_error, void *ctx)
{
	return add_packs(c, RULEFILE_CHECKED, on_error, ctx);
}
