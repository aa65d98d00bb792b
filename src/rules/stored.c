/* SPDX-License-Identifier: Apache-2.0 */
/*
 * To compile the catalogue takes a second, to load it a few milliseconds. A store is asked by a key, a hash of
 * everything that what is compiled depends on:
 *
 *   - of each rule all that the engine reads but its id, in order: titles, addresses and examples are no part of it,
 *     and neither are allow-lists;
 *   - the build of keysieve, by what it made of the built-in rules: versions do not tell two states of the source;
 *   - the version of libhs, and the kind of processor that databases are compiled for.
 *
 * What comes from a store is believed only as far as ks_ruleset_load() checks it, and libhs, which is not far: a
 * store must be a trusted place. Nothing here fails because of it.
 */
#include "stored.h"

#include <hs.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "database.h"
#include "pack.h"
#include "version.h"

#define FORMAT "keysieve prepared rules 1"

/* NULL and an empty text differ. */
static void
hash_text(crypto_generichash_state *hash, const char *text)
{
	const uint8_t is_there = text != NULL;

	(void)crypto_generichash_update(hash, &is_there, 1);
	if (text)
		(void)crypto_generichash_update(hash, (const uint8_t *)text, strlen(text) + 1);
}

static void
hash_numbers(crypto_generichash_state *hash, const uint64_t *numbers, size_t count)
{
	(void)crypto_generichash_update(hash, (const uint8_t *)numbers, count * sizeof(*numbers));
}

static void
hash_rule(crypto_generichash_state *hash, const struct ks_rule *rule)
{
	const uint64_t numbers[] = { rule->min, rule->max, (uint64_t)rule->kind,
		                     (uint64_t)rule->boundary, rule->conditions };

	hash_text(hash, rule->trigger);
	hash_text(hash, rule->body);
	hash_text(hash, rule->before);
	hash_text(hash, rule->follow);
	hash_numbers(hash, numbers, sizeof(numbers) / sizeof(numbers[0]));
}

static void
make_key(const struct ks_rule *rules, size_t count, uint8_t *key)
{
	crypto_generichash_state hash;
	const uint64_t numbers[] = { ks_database_platform.tune, ks_database_platform.cpu_features,
		                     count };

	(void)crypto_generichash_init(&hash, NULL, 0, KS_PREPARED_KEY);
	hash_text(&hash, FORMAT);
	hash_text(&hash, KS_VERSION);
	(void)crypto_generichash_update(&hash, ks_pack_digest, sizeof(ks_pack_digest));
	hash_text(&hash, hs_version());
	hash_numbers(&hash, numbers, sizeof(numbers) / sizeof(numbers[0]));
	for (size_t i = 0; i < count; i++)
		hash_rule(&hash, &rules[i]);
	(void)crypto_generichash_final(&hash, key, KS_PREPARED_KEY);
}

static int
load(const struct ks_rule *rules, size_t count, const struct ks_prepared_store *store,
     const uint8_t *key, struct ks_ruleset **ret_set, struct ks_error *reterr)
{
	uint8_t *bytes = NULL;
	size_t len = 0;
	int r;

	if (store->load(store->ctx, key, &bytes, &len) != 0)
		return RULESET_UNPREPARED;
	const struct ks_prepared prepared = { bytes, len };

	r = ks_ruleset_load(rules, count, &prepared, bytes, ret_set, reterr);
	if (r != KS_OK)
		free(bytes);
	return r;
}

static void
save(const struct ks_ruleset *set, const struct ks_prepared_store *store, const uint8_t *key)
{
	uint8_t *bytes;
	size_t len;

	if (ks_ruleset_save(set, &bytes, &len) != KS_OK)
		return;
	store->save(store->ctx, key, bytes, len);
	free(bytes);
}

int
ks_stored_load(const struct ks_rule *rules, size_t count, const struct ks_prepared_store *store,
               struct ks_ruleset **ret_set, struct ks_error *reterr)
{
	uint8_t key[KS_PREPARED_KEY];
	int r = ks_ruleset_load(rules, count, &ks_pack_prepared, NULL, ret_set, reterr);

	if (r != RULESET_UNPREPARED || !store || sodium_init() < 0)
		return r;
	make_key(rules, count, key);
	return load(rules, count, store, key, ret_set, reterr);
}

int
ks_stored_make(const struct ks_rule *rules, size_t count, const struct ks_prepared_store *store,
               struct ks_ruleset **ret_set, struct ks_error *reterr)
{
	uint8_t key[KS_PREPARED_KEY];
	int r = ks_ruleset_new(rules, count, ret_set, reterr);

	if (r != KS_OK || !store || sodium_init() < 0)
		return r;
	make_key(rules, count, key);
	save(*ret_set, store, key);
	return r;
}

int
ks_stored_compile(const struct ks_rule *rules, size_t count, const struct ks_prepared_store *store,
                  struct ks_ruleset **ret_set, struct ks_error *reterr)
{
	int r = ks_stored_load(rules, count, store, ret_set, reterr);

	return r == RULESET_UNPREPARED ? ks_stored_make(rules, count, store, ret_set, reterr) : r;
}
