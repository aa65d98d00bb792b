/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: checkpoints. Any bytes, also with a checksum that fits, are read or refused in constant words; what
 * was read and is written is read as the same. And a checkpoint that is made of the input's numbers and names
 * is read as it was written.
 */
#include <sodium.h>

#include "checkpoint.h"
#include "target.h"

#define BODY_MAX 4096U
#define ITEMS    3U

/* The words of an error do not depend on the text. */
static int
parse(const char *text, size_t len, struct checkpoint *checkpoint)
{
	struct ks_error error = { 0 };
	int r = ks_checkpoint_parse(text, len, checkpoint, &error);

	if (r == KS_OK)
		return r;
	require(r == KS_ERROR_SYNTAX, "an error that cannot be");
	require(strcmp(error.text, "no checkpoint of keysieve; remove it to begin anew") == 0 ||
	                strstr(error.text, "a checkpoint of another version of keysieve, ") ==
	                        error.text ||
	                strstr(error.text, "damaged checkpoint (") == error.text,
	        "an error in other words");
	require(is_plain_text(error.text), "control bytes in an error");
	return r;
}

static char *
format(const struct checkpoint *checkpoint, size_t *ret_len)
{
	char *text = NULL;

	require(ks_checkpoint_format(checkpoint, &text, ret_len) == KS_OK, "no memory");
	return text;
}

/* Writing, reading and writing again gives the same text. */
static void
go_round(const struct checkpoint *checkpoint)
{
	struct checkpoint again = { 0 };
	size_t len, again_len;
	char *text = format(checkpoint, &len), *again_text;

	require(parse(text, len, &again) == KS_OK, "what was written cannot be read");
	again_text = format(&again, &again_len);
	require(len == again_len && memcmp(text, again_text, len) == 0, "it is not the same");
	for (size_t i = 0; i < len; i++)
		require(text[i] == '\n' || (text[i] >= ' ' && text[i] <= '~'), "no plain text");
	ks_checkpoint_done(&again);
	free(again_text);
	free(text);
}

static void
read_bytes(const uint8_t *data, size_t len)
{
	struct checkpoint checkpoint = { 0 };

	if (parse((const char *)data, len, &checkpoint) != KS_OK)
		return;
	go_round(&checkpoint);
	ks_checkpoint_done(&checkpoint);
}

/* The input as what follows a first line that is right. */
static void
read_body(const uint8_t *data, size_t len)
{
	static const char head[] = "{\"keysieve-checkpoint\": 1, \"blake2b\": \"";
	char text[256 + BODY_MAX], hex[2 * crypto_generichash_BYTES + 1];
	uint8_t hash[crypto_generichash_BYTES];
	int n;

	(void)crypto_generichash(hash, sizeof(hash), data, len, NULL, 0);
	(void)sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	n = snprintf(text, sizeof(text), "%s%s\",\n", head, hex);
	memcpy(text + n, data, len);
	read_bytes((const uint8_t *)text, (size_t)n + len);
}

/* ------------------------------------------------------------- one that is made ---- */

static char *
make_text(struct choices *c)
{
	char text[64];

	return strdup(choose_text(c, text, sizeof(text)));
}

static void
make_identity(struct choices *c, struct file_identity *identity)
{
	identity->device = choose_number(c);
	identity->inode = choose_number(c);
	identity->birth = choose_number(c);
	identity->head_length = choose(c) % (FILE_HEAD_MAX + 1);
	for (size_t i = 0; i < FILE_HASH_SIZE; i++)
		identity->head_hash[i] = (uint8_t)choose(c);
}

static void
make_source(struct choices *c, struct checkpoint_source *source)
{
	source->path = make_text(c);
	source->frame = (enum ks_frame)(choose(c) % 5);
	source->restart = choose_number(c);
	if (__builtin_add_overflow(source->restart, choose_number(c), &source->settled))
		source->settled = source->restart;
	source->is_past = choose(c) % 2;
	source->cursor = choose(c) % 2 ? make_text(c) : NULL;
	source->part_count = choose(c) % ITEMS;
	source->parts = calloc(ITEMS, sizeof(*source->parts));
	for (size_t i = 0; i < source->part_count; i++) {
		source->parts[i].path = make_text(c);
		source->parts[i].source_offset = choose_number(c);
		source->parts[i].file_offset = choose_number(c);
		make_identity(c, &source->parts[i].identity);
	}
}

static void
make_one(struct choices c)
{
	struct checkpoint checkpoint = { .is_final = choose(&c) % 2,
		                         .looked = choose_number(&c),
		                         .has_output = choose(&c) % 2 };

	if (checkpoint.has_output) {
		checkpoint.output_path = make_text(&c);
		checkpoint.output_length = choose_number(&c) & INT64_MAX;
		make_identity(&c, &checkpoint.output);
	}
	checkpoint.source_count = choose(&c) % ITEMS;
	checkpoint.sources = calloc(ITEMS, sizeof(*checkpoint.sources));
	for (size_t i = 0; i < checkpoint.source_count; i++)
		make_source(&c, &checkpoint.sources[i]);
	go_round(&checkpoint);
	ks_checkpoint_done(&checkpoint);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct choices c = { data, len };
	unsigned way = choose(&c) % 3;

	if (c.len > BODY_MAX)
		return 0;
	if (way == 0)
		read_bytes(c.data, c.len);
	else if (way == 1)
		read_body(c.data, c.len);
	else
		make_one(c);
	return 0;
}
