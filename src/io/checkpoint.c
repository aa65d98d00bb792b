/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checkpoints as text. The first line is as it is, to the byte; the checksum in it is of all that follows. So
 * what the JSON parser sees is what was written once, and whatever it does not like is damage.
 *
 *     {"keysieve-checkpoint": 1, "blake2b": "0123...",
 *     "is_final": false,
 *     ...
 */
#include "checkpoint.h"

#include <assert.h>
#include <inttypes.h>
#include <limits.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "memory_text.h"

#define VERSION  "1"
#define HEX_SIZE ((size_t)2 * crypto_generichash_BYTES)
#define HASH_HEX ((size_t)2 * FILE_HASH_SIZE)

static const char before_version[] = "{\"keysieve-checkpoint\": ";
static const char before_checksum[] = ", \"blake2b\": \"";
static const char after_checksum[] = "\",\n";

/* Of the first line, with its end. */
#define HEADER_SIZE                                                                       \
	(sizeof(before_version) - 1 + sizeof(VERSION) - 1 + sizeof(before_checksum) - 1 + \
	 HEX_SIZE + sizeof(after_checksum) - 1)

void
ks_checkpoint_done(struct checkpoint *checkpoint)
{
	for (size_t i = 0; i < checkpoint->source_count; i++) {
		struct checkpoint_source *source = &checkpoint->sources[i];

		for (size_t k = 0; k < source->part_count; k++)
			free(source->parts[k].path);
		free(source->parts);
		free(source->path);
		free(source->cursor);
	}
	free(checkpoint->sources);
	free(checkpoint->output_path);
	*checkpoint = (struct checkpoint){ 0 };
}

static void
print_checksum(const char *body, size_t len, char hex[HEX_SIZE + 1])
{
	uint8_t hash[crypto_generichash_BYTES];

	(void)crypto_generichash(hash, sizeof(hash), (const uint8_t *)body, len, NULL, 0);
	(void)sodium_bin2hex(hex, HEX_SIZE + 1, hash, sizeof(hash));
}

/* --------------------------------------------------------------------- writing ---- */

/* %XX also keeps YAML from reading more into a text than JSON does. */
static void
write_text(const char *key, const char *text, FILE *out)
{
	(void)fprintf(out, "\"%s\": \"", key);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		(void)fprintf(out, c < ' ' || c > '~' || strchr("%\"\\", c) ? "%%%02X" : "%c", c);
	}
	(void)fputs("\", ", out);
}

static void
write_number(const char *key, uint64_t number, FILE *out)
{
	(void)fprintf(out, "\"%s\": %" PRIu64 ", ", key, number);
}

static void
write_identity(const struct file_identity *identity, FILE *out)
{
	char hex[HASH_HEX + 1];

	write_number("device", identity->device, out);
	write_number("inode", identity->inode, out);
	write_number("birth", identity->birth, out);
	write_number("head", identity->head_length, out);
	(void)sodium_bin2hex(hex, sizeof(hex), identity->head_hash, FILE_HASH_SIZE);
	(void)fprintf(out, "\"hash\": \"%s\"", hex);
}

static void
write_part(const struct checkpoint_part *part, FILE *out)
{
	(void)fputs("\n  {", out);
	write_text("path", part->path, out);
	write_number("source_offset", part->source_offset, out);
	write_number("file_offset", part->file_offset, out);
	write_identity(&part->identity, out);
	(void)fputc('}', out);
}

static void
write_source(const struct checkpoint_source *source, FILE *out)
{
	assert(source->restart <= source->settled);
	(void)fputs("\n {", out);
	write_text("path", source->path, out);
	write_text("frame", ks_frame_name(source->frame), out);
	write_number("restart", source->restart, out);
	write_number("settled", source->settled, out);
	if (source->is_past)
		(void)fputs("\"is_past\": true, ", out);
	if (source->cursor)
		write_text("cursor", source->cursor, out);
	(void)fputs("\"parts\": [", out);
	for (size_t i = 0; i < source->part_count; i++) {
		(void)fputs(i ? "," : "", out);
		write_part(&source->parts[i], out);
	}
	(void)fputs("]}", out);
}

static void
write_body(const struct checkpoint *checkpoint, FILE *out)
{
	(void)fprintf(out, "\"is_final\": %s,\n", checkpoint->is_final ? "true" : "false");
	if (checkpoint->looked)
		(void)fprintf(out, "\"looked\": %" PRIu64 ",\n", checkpoint->looked);
	if (checkpoint->has_output) {
		(void)fputs("\"output\": {", out);
		write_text("path", checkpoint->output_path, out);
		write_number("length", checkpoint->output_length, out);
		write_identity(&checkpoint->output, out);
		(void)fputs("},\n", out);
	}
	(void)fputs("\"sources\": [", out);
	for (size_t i = 0; i < checkpoint->source_count; i++) {
		(void)fputs(i ? "," : "", out);
		write_source(&checkpoint->sources[i], out);
	}
	(void)fputs("]}\n", out);
}

int
ks_checkpoint_format(const struct checkpoint *checkpoint, char **ret_text, size_t *ret_len)
{
	char hex[HEX_SIZE + 1];
	struct memory_text text;
	FILE *out = ks_memory_text_open(&text);

	if (!out)
		return KS_ERROR_MEMORY;
	(void)fprintf(out, "%s%s%s%0*d%s", before_version, VERSION, before_checksum, (int)HEX_SIZE,
	              0, after_checksum);
	write_body(checkpoint, out);
	if (ks_memory_text_close(&text, out) != KS_OK)
		return KS_ERROR_MEMORY;
	print_checksum(text.text + HEADER_SIZE, text.len - HEADER_SIZE, hex);
	memcpy(text.text + HEADER_SIZE - strlen(after_checksum) - HEX_SIZE, hex, HEX_SIZE);
	*ret_text = text.text;
	*ret_len = text.len;
	return KS_OK;
}

/* --------------------------------------------------------------------- reading ---- */

/* Errors stick: what is read after one is empty. */
struct reader {
	yaml_document_t document;
	bool is_bad, is_out_of_memory;
};

/* The value of a key of a map, of a type that it must have; NULL: there is none. */
static yaml_node_t *
find(struct reader *r, yaml_node_t *map, const char *key, yaml_node_type_t type)
{
	if (!map || map->type != YAML_MAPPING_NODE)
		return NULL;
	for (yaml_node_pair_t *pair = map->data.mapping.pairs.start;
	     pair < map->data.mapping.pairs.top; pair++) {
		yaml_node_t *name = yaml_document_get_node(&r->document, pair->key);
		yaml_node_t *value = yaml_document_get_node(&r->document, pair->value);

		if (name->type == YAML_SCALAR_NODE &&
		    strcmp((const char *)name->data.scalar.value, key) == 0)
			return value->type == type ? value : NULL;
	}
	return NULL;
}

static const char *
read_scalar(struct reader *r, yaml_node_t *map, const char *key)
{
	yaml_node_t *node = find(r, map, key, YAML_SCALAR_NODE);

	r->is_bad |= !node;
	return node ? (const char *)node->data.scalar.value : "";
}

static uint64_t
read_number(struct reader *r, yaml_node_t *map, const char *key)
{
	const char *text = read_scalar(r, map, key);
	uint64_t number = 0;

	r->is_bad |= !*text;
	for (; *text && !r->is_bad; text++) {
		r->is_bad = *text < '0' || *text > '9' ||
		            __builtin_mul_overflow(number, 10U, &number) ||
		            __builtin_add_overflow(number, (uint64_t)(*text - '0'), &number);
	}
	return number;
}

/* The two digits of %XX. Returns 0 if they are none, or of a NUL. */
static char
read_escape(const char *text)
{
	uint8_t byte = 0;
	size_t len;

	(void)sodium_hex2bin(&byte, 1, text, strnlen(text, 2), NULL, &len, NULL);
	return (char)byte;
}

/* The caller's to free. */
static char *
read_text(struct reader *r, yaml_node_t *map, const char *key)
{
	const char *from = read_scalar(r, map, key);
	char *text = strdup(from), *to = text;

	r->is_out_of_memory |= !text;
	for (; text && *from; to++) {
		bool is_escape = *from == '%';

		*to = *from;
		if (is_escape)
			*to = read_escape(from + 1);
		r->is_bad |= !*to;
		if (!*to)
			break;
		from += is_escape ? 3 : 1;
	}
	if (to)
		*to = '\0';
	return text;
}

static void
read_identity(struct reader *r, yaml_node_t *map, struct file_identity *identity)
{
	const char *hex = read_scalar(r, map, "hash");
	uint64_t head = read_number(r, map, "head");
	size_t len = 0;

	identity->device = read_number(r, map, "device");
	identity->inode = read_number(r, map, "inode");
	identity->birth = read_number(r, map, "birth");
	identity->head_length = (uint32_t)head;
	r->is_bad |= head > FILE_HEAD_MAX || strlen(hex) != HASH_HEX ||
	             sodium_hex2bin(identity->head_hash, FILE_HASH_SIZE, hex, strlen(hex), NULL,
	                            &len, NULL) != 0 ||
	             len != FILE_HASH_SIZE;
}

/* Zeroed room for what a list holds. Returns NULL and a count of 0 if it is empty or bad. */
static void *
make_items(struct reader *r, yaml_node_t *list, size_t item_size, size_t *ret_count)
{
	void *items = NULL;

	*ret_count = 0;
	r->is_bad |= !list;
	if (list && list->data.sequence.items.top > list->data.sequence.items.start) {
		size_t count = (size_t)(list->data.sequence.items.top -
		                        list->data.sequence.items.start);
		items = calloc(count, item_size);
		r->is_out_of_memory |= !items;
		*ret_count = items ? count : 0;
	}
	return items;
}

static yaml_node_t *
item_of(struct reader *r, yaml_node_t *list, size_t index)
{
	return yaml_document_get_node(&r->document, list->data.sequence.items.start[index]);
}

static void
read_part(struct reader *r, yaml_node_t *map, struct checkpoint_part *part)
{
	part->path = read_text(r, map, "path");
	part->source_offset = read_number(r, map, "source_offset");
	part->file_offset = read_number(r, map, "file_offset");
	read_identity(r, map, &part->identity);
}

static void
read_source(struct reader *r, yaml_node_t *map, struct checkpoint_source *source)
{
	yaml_node_t *parts = find(r, map, "parts", YAML_SEQUENCE_NODE);

	source->path = read_text(r, map, "path");
	r->is_bad |= ks_frame_parse(read_scalar(r, map, "frame"), &source->frame) != KS_OK;
	source->restart = read_number(r, map, "restart");
	source->settled = read_number(r, map, "settled");
	r->is_bad |= source->restart > source->settled;
	source->is_past = find(r, map, "is_past", YAML_SCALAR_NODE) != NULL;
	if (find(r, map, "cursor", YAML_SCALAR_NODE))
		source->cursor = read_text(r, map, "cursor");
	source->parts = make_items(r, parts, sizeof(*source->parts), &source->part_count);
	for (size_t i = 0; i < source->part_count; i++)
		read_part(r, item_of(r, parts, i), &source->parts[i]);
}

static void
read_output(struct reader *r, yaml_node_t *map, struct checkpoint *checkpoint)
{
	checkpoint->has_output = true;
	checkpoint->output_path = read_text(r, map, "path");
	checkpoint->output_length = read_number(r, map, "length");
	r->is_bad |= checkpoint->output_length > INT64_MAX;
	read_identity(r, map, &checkpoint->output);
}

static void
read_root(struct reader *r, struct checkpoint *checkpoint)
{
	yaml_node_t *root = yaml_document_get_root_node(&r->document);
	yaml_node_t *output = find(r, root, "output", YAML_MAPPING_NODE);
	yaml_node_t *sources = find(r, root, "sources", YAML_SEQUENCE_NODE);

	checkpoint->is_final = strcmp(read_scalar(r, root, "is_final"), "true") == 0;
	if (find(r, root, "looked", YAML_SCALAR_NODE))
		checkpoint->looked = read_number(r, root, "looked");
	if (output)
		read_output(r, output, checkpoint);
	checkpoint->sources = make_items(r, sources, sizeof(*checkpoint->sources),
	                                 &checkpoint->source_count);
	for (size_t i = 0; i < checkpoint->source_count; i++)
		read_source(r, item_of(r, sources, i), &checkpoint->sources[i]);
}

static int
complain(struct ks_error *reterr, int status, const char *text)
{
	*reterr = (struct ks_error){ .status = status };
	(void)snprintf(reterr->text, sizeof(reterr->text), "%s", text);
	return status;
}

static int
read_document(const char *text, size_t len, struct checkpoint *ret, struct ks_error *reterr)
{
	struct reader reader = { 0 };
	struct checkpoint checkpoint = { 0 };
	yaml_parser_t parser;

	if (!yaml_parser_initialize(&parser))
		return complain(reterr, KS_ERROR_MEMORY, ks_status_text(KS_ERROR_MEMORY));
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	if (yaml_parser_load(&parser, &reader.document)) {
		read_root(&reader, &checkpoint);
		yaml_document_delete(&reader.document);
	} else {
		/* no error: there was none for a node's tag */
		reader.is_out_of_memory = parser.error == YAML_MEMORY_ERROR ||
		                          parser.error == YAML_NO_ERROR;
		reader.is_bad = true;
	}
	yaml_parser_delete(&parser);
	if (!reader.is_bad && !reader.is_out_of_memory) {
		*ret = checkpoint;
		return KS_OK;
	}
	ks_checkpoint_done(&checkpoint);
	if (reader.is_out_of_memory)
		return complain(reterr, KS_ERROR_MEMORY, ks_status_text(KS_ERROR_MEMORY));
	return complain(reterr, KS_ERROR_SYNTAX,
	                "damaged checkpoint (it makes no sense); remove it to begin anew");
}

/* If text goes on with constant, go behind it. */
static bool
skip(const char **text, size_t *len, const char *constant)
{
	size_t n = strlen(constant);

	if (*len < n || memcmp(*text, constant, n) != 0)
		return false;
	*text += n;
	*len -= n;
	return true;
}

int
ks_checkpoint_parse(const char *text, size_t len, struct checkpoint *ret_checkpoint,
                    struct ks_error *reterr)
{
	const char *rest = text;
	size_t rest_len = len;
	char hex[HEX_SIZE + 1];

	if (!skip(&rest, &rest_len, before_version))
		return complain(reterr, KS_ERROR_SYNTAX,
		                "no checkpoint of keysieve; remove it to begin anew");
	if (!skip(&rest, &rest_len, VERSION) || !skip(&rest, &rest_len, before_checksum))
		return complain(reterr, KS_ERROR_SYNTAX,
		                "a checkpoint of another version of keysieve, "
		                "which this one cannot read; remove it to begin anew");
	if (len >= HEADER_SIZE) {
		print_checksum(text + HEADER_SIZE, len - HEADER_SIZE, hex);
		if (skip(&rest, &rest_len, hex) && skip(&rest, &rest_len, after_checksum))
			return read_document(text, len, ret_checkpoint, reterr);
	}
	return complain(reterr, KS_ERROR_SYNTAX,
	                "damaged checkpoint (wrong checksum); remove it to begin anew");
}
