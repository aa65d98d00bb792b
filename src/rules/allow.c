/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries of an allow-list from YAML. The values themselves are never in a file: a hash stands for one.
 */
#include "allow.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

void
ks_allow_entry_done(struct allow_entry *entry)
{
	free(entry->expression);
	free(entry->rule);
	free(entry->file);
}

/* Exactly size bytes, as hexadecimal digits. */
static bool
read_hex(const char *text, uint8_t *bytes, size_t size)
{
	size_t len = 0;
	const char *end = text;

	return strlen(text) == 2 * size &&
	       sodium_hex2bin(bytes, size, text, strlen(text), NULL, &len, &end) == 0 &&
	       len == size && !*end;
}

/* "blake2b:HASH" or "blake2b-keyed:KEY:HASH" */
static bool
read_hash(const char *text, struct allow_entry *entry)
{
	static const char plain[] = "blake2b:", keyed[] = "blake2b-keyed:";
	size_t id_len = KS_KEY_ID_SIZE - 1;

	if (strncmp(text, plain, strlen(plain)) == 0) {
		entry->kind = ALLOW_HASH;
		return read_hex(text + strlen(plain), entry->hash, sizeof(entry->hash));
	}
	if (strncmp(text, keyed, strlen(keyed)) != 0)
		return false;
	text += strlen(keyed);
	if (strlen(text) <= id_len || text[id_len] != ':')
		return false;
	entry->kind = ALLOW_KEYED_HASH;
	memcpy(entry->key_id, text, id_len);
	return read_hex(text + id_len + 1, entry->hash, sizeof(entry->hash));
}

static int
complain(struct parser *p, const yaml_node_t *node, const char *what, const char *which)
{
	return ks_parser_complain_syntax(p, &node->start_mark, what, which);
}

static int
keep(struct parser *p, const char *text, char **ret_copy)
{
	*ret_copy = strdup(text);
	return *ret_copy ? KS_OK : ks_parser_out_of_memory(p);
}

static int
read_pair(struct parser *p, yaml_node_t *key, yaml_node_t *value, struct allow_entry *entry,
          unsigned *kinds)
{
	const char *name = ks_node_scalar(key), *text = ks_node_scalar(value);

	if (!*text)
		return complain(p, value, "a text is wanted here", "");
	if (strcmp(name, "hash") == 0) {
		++*kinds;
		return read_hash(text, entry)
		               ? KS_OK
		               : complain(p, value,
		                          "a hash is blake2b: and 64 hexadecimal digits, or "
		                          "blake2b-keyed:, a key's id, : and 64 of them",
		                          "");
	}
	if (strcmp(name, "run") == 0 && !entry->expression) {
		++*kinds;
		entry->kind = ALLOW_EXPRESSION;
		return keep(p, text, &entry->expression);
	}
	if (strcmp(name, "rule") == 0 && !entry->rule)
		return keep(p, text, &entry->rule);
	if (strcmp(name, "comment") == 0)
		return KS_OK;
	return complain(p, key, "an entry of allow has hash or run, rule and comment, once; not",
	                name);
}

int
ks_allow_entry_read(struct parser *p, yaml_node_t *node, struct allow_entry *ret_entry)
{
	struct allow_entry entry = { .kind = ALLOW_HASH, .place = ks_place_of(&node->start_mark) };
	yaml_node_pair_t *pair;
	unsigned kinds = 0;
	int r = KS_OK;

	if (node->type != YAML_MAPPING_NODE)
		return complain(p, node, "an entry of allow is a mapping: hash or run, and rule",
		                "");
	pair = node->data.mapping.pairs.start;
	for (; r == KS_OK && pair < node->data.mapping.pairs.top; pair++)
		r = read_pair(p, yaml_document_get_node(&p->document, pair->key),
		              yaml_document_get_node(&p->document, pair->value), &entry, &kinds);
	if (r == KS_OK && kinds != 1)
		r = complain(p, node, "an entry of allow has one of hash and run", "");
	if (r == KS_OK)
		r = keep(p, p->name, &entry.file);
	if (r == KS_OK)
		*ret_entry = entry;
	else
		ks_allow_entry_done(&entry);
	return r;
}
