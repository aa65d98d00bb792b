/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where compiled rules are kept: where --cache-dir says, else
 *
 *     root        /var/cache/keysieve: what sudo leaves of a user's environment must not matter
 *     others      $XDG_CACHE_HOME/keysieve, or $HOME/.cache/keysieve, or, without a home, as root
 *
 * What was compiled tells which rules somebody has, and nothing of keys, allow-lists or logs.
 */
#include "rule_cache.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache.h"
#include "command.h"
#include "message.h"
#include "stored.h"

#define SYSTEM_DIRECTORY "/var/cache/keysieve"

static_assert(CACHE_KEY == KS_PREPARED_KEY, "a key is a key");

static bool
is_absolute(const char *path)
{
	return path && *path == '/';
}

static char *
find_directory(const struct options *o)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	char *path = NULL;

	if (o->cache_dir)
		return *o->cache_dir && strcmp(o->cache_dir, "none") != 0 ? strdup(o->cache_dir)
		                                                          : NULL;
	if (geteuid() == 0 || (!is_absolute(cache) && !is_absolute(home)))
		return strdup(SYSTEM_DIRECTORY);
	/* The specification of XDG_CACHE_HOME has it that other paths are invalid. */
	if (asprintf(&path, "%s%s/keysieve", is_absolute(cache) ? cache : home,
	             is_absolute(cache) ? "" : "/.cache") < 0)
		return NULL;
	return path;
}

/* There may be a directory of rules; what is in it is not looked at. */
static bool
has_own_rules(const struct options *o)
{
	const char *directory = o->rules_dir ? o->rules_dir : RULES_DIR;
	bool has_directory = !o->no_rules_dir && *directory && strcmp(directory, "none") != 0 &&
	                     access(directory, F_OK) == 0;

	return has_directory || o->rules.count + o->only.count + o->enable.count + o->disable.count;
}

char *
ks_rule_cache_directory(const struct options *o)
{
	const unsigned masking = COMMAND_FILTER | COMMAND_FOLLOW | COMMAND_JOURNAL |
	                         COMMAND_FINGERPRINT | COMMAND_RULES_ALLOW;
	const unsigned others = COMMAND_RULES_CHECK | COMMAND_RULES_TEST | COMMAND_RULES_EXPLAIN;

	if (o->no_cache || !(o->command->bit & (others | (has_own_rules(o) ? masking : 0))))
		return NULL;
	return find_directory(o);
}

void
ks_rule_cache_make(const struct options *o)
{
	char *directory = ks_rule_cache_directory(o);

	if (directory)
		ks_cache_make(directory);
	free(directory);
}

/* The two functions of a struct ks_prepared_store whose ctx is the path of a directory. */
static int
load(void *ctx, const uint8_t *key, uint8_t **ret_bytes, size_t *ret_len)
{
	int r = ks_cache_load(ctx, key, ret_bytes, ret_len);

	if (r == CACHE_UNTRUSTED)
		ks_message_file(ctx, "not a directory that only you can write in: compiled rules "
		                     "are not kept there");
	return r;
}

static void
save(void *ctx, const uint8_t *key, const uint8_t *bytes, size_t len)
{
	(void)ks_cache_save(ctx, key, bytes, len);
}

/* The options' store. Its ctx, a path, is the caller's to free; NULL: there is none. */
static struct ks_prepared_store
find_store(const struct options *options)
{
	return (struct ks_prepared_store){
		.load = load,
		.save = save,
		.ctx = ks_rule_cache_directory(options),
	};
}

int
ks_rule_cache_compile(const struct options *options, const struct ks_catalog *catalog,
                      struct ks_ruleset **ret_set, size_t *ret_index, struct ks_error *reterr)
{
	const struct ks_prepared_store store = find_store(options);
	int r = ks_catalog_compile_stored(catalog, store.ctx ? &store : NULL, ret_set, ret_index,
	                                  reterr);

	free(store.ctx);
	return r;
}

int
ks_rule_cache_compile_rules(const struct options *options, const struct ks_rule *rules,
                            size_t count, struct ks_ruleset **ret_set, struct ks_error *reterr)
{
	const struct ks_prepared_store store = find_store(options);
	int r = ks_stored_compile(rules, count, store.ctx ? &store : NULL, ret_set, reterr);

	free(store.ctx);
	return r;
}
