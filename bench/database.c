/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns are compiled as keysieve compiles its triggers (HS_FLAG_DOTALL, streaming, the pattern's
 * number as its id), so that both ways give databases that can be compared. With KEYSIEVE_RULES
 * defined the default rules are at hand; without, only files.
 */
#include "database.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATTERN_MAX 1024U

#ifdef KEYSIEVE_RULES
#include "keysieve.h"
#include "ruleset.h"

static hs_database_t *
rules_database(void)
{
	struct ks_catalog *catalog = ks_catalog_new();
	struct ks_ruleset *set = NULL;
	struct ks_error error = { 0 };

	if (!catalog || ks_catalog_add_builtin(catalog, &error) < 0 ||
	    ks_catalog_compile(catalog, &set, NULL, &error) < 0)
		(void)fprintf(stderr, "scanloop: default rules: %s\n", error.text);
	ks_catalog_free(catalog);
	return set ? set->databases[DATABASE_TRIGGERS]
	           : NULL; /* the set is left for the database's sake */
}
#else
static hs_database_t *
rules_database(void)
{
	(void)fprintf(stderr,
	              "scanloop: built without keysieve's rules: --patterns FILE is needed\n");
	return NULL;
}
#endif

struct patterns {
	char *text[PATTERN_MAX]; /* owned */
	unsigned flags[PATTERN_MAX];
	unsigned ids[PATTERN_MAX];
	unsigned count;
};

static void
patterns_free(struct patterns *p)
{
	for (unsigned i = 0; i < p->count; i++)
		free(p->text[i]);
	free(p);
}

static void
patterns_read(struct patterns *p, FILE *file)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t length;

	while (p->count < PATTERN_MAX && (length = getline(&line, &room, file)) > 0) {
		if (line[length - 1] == '\n')
			line[--length] = '\0';
		if (length == 0)
			continue;
		p->text[p->count] = line;
		p->flags[p->count] = HS_FLAG_DOTALL;
		p->ids[p->count] = p->count;
		p->count++;
		line = NULL;
		room = 0;
	}
	free(line);
}

static hs_database_t *
patterns_compile(const struct patterns *p)
{
	hs_database_t *database = NULL;
	hs_compile_error_t *wrong = NULL;

	if (hs_compile_multi((const char *const *)p->text, p->flags, p->ids, p->count,
	                     HS_MODE_STREAM, NULL, &database, &wrong) == HS_SUCCESS)
		return database;
	(void)fprintf(stderr, "scanloop: pattern %d: %s\n", wrong ? wrong->expression + 1 : 0,
	              wrong ? wrong->message : "cannot be compiled");
	(void)hs_free_compile_error(wrong);
	return NULL;
}

hs_database_t *
load_database(const char *path)
{
	hs_database_t *database = NULL;
	struct patterns *p;
	FILE *file;

	if (!path)
		return rules_database();
	p = calloc(1, sizeof(*p));
	file = fopen(path, "re");
	if (p && file) {
		patterns_read(p, file);
		database = patterns_compile(p);
	} else {
		(void)fprintf(stderr, "scanloop: %s: %s\n", path, strerror(errno));
	}
	if (file)
		(void)fclose(file);
	if (p)
		patterns_free(p);
	return database;
}
