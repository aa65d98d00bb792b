/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys for hashes, and their files: one line, "keysieve-key-1:" and 64 hexadecimal digits. A key's id is a
 * hash of it, so that the two cannot be mixed up.
 */
#include "key.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "error.h"

#define KEY_SIZE crypto_generichash_KEYBYTES
#define HEX_SIZE ((size_t)2 * KEY_SIZE)

static const char magic[] = "keysieve-key-1:";

#define LINE_SIZE (sizeof(magic) - 1 + HEX_SIZE + 1) /* with its line end */

struct ks_key {
	uint8_t bytes[KEY_SIZE];
	char id[KS_KEY_ID_SIZE];
};

static void
set_id(struct ks_key *key)
{
	static const uint8_t context[] = "keysieve key id";
	uint8_t hash[crypto_generichash_BYTES];

	(void)crypto_generichash(hash, sizeof(hash), context, sizeof(context), key->bytes,
	                         KEY_SIZE);
	(void)sodium_bin2hex(key->id, sizeof(key->id), hash, sizeof(key->id) / 2);
}

static int
file_error(struct ks_error *reterr, const char *path, int sys, const char *text)
{
	(void)ks_error_set(reterr, KS_ERROR_FILE, "%s", text);
	if (reterr)
		reterr->sys = sys;
	ks_error_place(reterr, path, 0, 0);
	return KS_ERROR_FILE;
}

static bool
parse(const char *line, size_t len, struct ks_key *key)
{
	size_t skip = sizeof(magic) - 1, n = 0;

	return len == LINE_SIZE && memcmp(line, magic, skip) == 0 && line[len - 1] == '\n' &&
	       sodium_hex2bin(key->bytes, KEY_SIZE, line + skip, HEX_SIZE, NULL, &n, NULL) == 0 &&
	       n == KEY_SIZE;
}

/* Read the first size bytes of a file into text; *ret_len are there. Returns 0 or an errno. */
static int
read_start(const char *path, char *text, size_t size, size_t *ret_len)
{
	FILE *file = fopen(path, "re");
	int sys = 0;

	if (!file)
		return errno;
	setbuf(file, NULL); /* no copy of the key is left in it */
	*ret_len = fread(text, 1, size, file);
	if (ferror(file))
		sys = errno;
	(void)fclose(file);
	return sys;
}

int
ks_key_read_file(const char *path, struct ks_key **ret_key, struct ks_error *reterr)
{
	char line[LINE_SIZE + 1];
	struct ks_key *key;
	size_t len = 0;
	int sys, r = KS_OK;

	if (sodium_init() < 0)
		return ks_error_set(reterr, KS_ERROR_INTERNAL, "libsodium cannot be used");
	key = calloc(1, sizeof(*key));
	if (!key)
		return ks_error_set(reterr, KS_ERROR_MEMORY, "out of memory");
	sys = read_start(path, line, sizeof(line), &len);
	if (sys)
		r = file_error(reterr, path, sys, strerror(sys));
	else if (!parse(line, len, key))
		r = file_error(reterr, path, 0, "no key file: see keysieve key new");
	sodium_memzero(line, sizeof(line));
	if (r == KS_OK) {
		set_id(key);
		*ret_key = key;
	} else {
		ks_key_free(key);
	}
	return r;
}

int
ks_key_new_random(struct ks_key **ret_key)
{
	struct ks_key *key;

	if (sodium_init() < 0)
		return KS_ERROR_INTERNAL;
	key = calloc(1, sizeof(*key));
	if (!key)
		return KS_ERROR_MEMORY;
	crypto_generichash_keygen(key->bytes);
	set_id(key);
	*ret_key = key;
	return KS_OK;
}

/* Write text to fd and close it, whatever happens. Returns 0 or an errno. */
static int
write_and_close(int fd, const char *text, size_t len)
{
	FILE *file = fdopen(fd, "w");
	int sys = 0;

	if (!file) {
		sys = errno;
		(void)close(fd);
		return sys;
	}
	setbuf(file, NULL); /* no copy of the key is left in it */
	if (fwrite(text, 1, len, file) != len || fflush(file) != 0 || fsync(fd) != 0)
		sys = errno;
	if (fclose(file) != 0 && !sys)
		sys = errno;
	return sys;
}

int
ks_key_create_file(const char *path, struct ks_error *reterr)
{
	uint8_t bytes[KEY_SIZE];
	char line[LINE_SIZE + 1];
	int fd, sys;

	if (sodium_init() < 0)
		return ks_error_set(reterr, KS_ERROR_INTERNAL, "libsodium cannot be used");
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return file_error(reterr, path, errno, strerror(errno));
	crypto_generichash_keygen(bytes);
	memcpy(line, magic, sizeof(magic) - 1);
	(void)sodium_bin2hex(line + sizeof(magic) - 1, HEX_SIZE + 1, bytes, sizeof(bytes));
	line[LINE_SIZE - 1] = '\n';
	sys = write_and_close(fd, line, LINE_SIZE);
	sodium_memzero(bytes, sizeof(bytes));
	sodium_memzero(line, sizeof(line));
	if (!sys)
		return KS_OK;
	(void)unlink(path);
	return file_error(reterr, path, sys, strerror(sys));
}

void
ks_key_free(struct ks_key *key)
{
	if (!key)
		return;
	sodium_memzero(key, sizeof(*key));
	free(key);
}

const char *
ks_key_id(const struct ks_key *key)
{
	return key->id;
}

int
ks_allow_hash_text(const struct ks_key *key, const uint8_t *run, size_t len, char *text,
                   size_t size)
{
	char hex[(size_t)2 * KS_HASH_SIZE + 1];
	uint8_t hash[KS_HASH_SIZE];

	if (sodium_init() < 0)
		return KS_ERROR_INTERNAL;
	ks_run_hash(key, run, len, hash);
	(void)sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	(void)snprintf(text, size, "%s%s%s%s",
	               key ? "blake2b-keyed:" : "blake2b:", key ? key->id : "", key ? ":" : "",
	               hex);
	return KS_OK;
}

void
ks_run_hash(const struct ks_key *key, const uint8_t *run, size_t len, uint8_t hash[KS_HASH_SIZE])
{
	(void)crypto_generichash(hash, KS_HASH_SIZE, run, len, key ? key->bytes : NULL,
	                         key ? KEY_SIZE : 0);
}

void
ks_key_hash_begin(const struct ks_key *key, crypto_generichash_state *hash)
{
	(void)crypto_generichash_init(hash, key->bytes, KEY_SIZE, crypto_generichash_BYTES);
}
