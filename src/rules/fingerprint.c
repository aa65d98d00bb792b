/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fingerprints, made as the bytes pass. A secret is hashed in its plainest notation, so that one key has one
 * fingerprint in a URL, in JSON and in a shell: escapes are undone, line ends left out.
 *
 * Invariant: pending[0, pending_len) is the beginning of what may be an escape; it has not been hashed.
 */
#include "fingerprint.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "key.h"

#define ESCAPE_MAX 6U /* "\u002B" */
#define HASH_SHOWN 8U /* bytes */

struct making {
	crypto_generichash_state hash;
	uint8_t pending[ESCAPE_MAX];
	size_t pending_len;
};

enum escape { ESCAPE_NONE, ESCAPE_OPEN, ESCAPE_BYTE, ESCAPE_LINE_END };

/* Two hexadecimal digits at text[at]. */
static enum escape
read_digits(const uint8_t *text, size_t len, size_t at, uint8_t *ret_byte)
{
	int high = len > at ? ks_hex_value(text[at]) : 0,
	    low = len > at + 1 ? ks_hex_value(text[at + 1]) : 0;

	if (high < 0 || low < 0)
		return ESCAPE_NONE;
	*ret_byte = (uint8_t)(high << 4 | low);
	return len < at + 2 ? ESCAPE_OPEN : ESCAPE_BYTE;
}

/* What text[0, len), which begins with % or a backslash, is. */
static enum escape
read_escape(const uint8_t *text, size_t len, uint8_t *ret_byte)
{
	if (text[0] == '%')
		return read_digits(text, len, 1, ret_byte);
	if (len == 1)
		return ESCAPE_OPEN;
	if (text[1] == 'n' || text[1] == 'r')
		return ESCAPE_LINE_END;
	if (text[1] == '/') {
		*ret_byte = '/';
		return ESCAPE_BYTE;
	}
	if (text[1] != 'u' || (len > 2 && text[2] != '0') || (len > 3 && text[3] != '0'))
		return ESCAPE_NONE;
	return read_digits(text, len, 4, ret_byte);
}

static void
hash_bytes(struct making *m, const uint8_t *bytes, size_t len)
{
	(void)crypto_generichash_update(&m->hash, bytes, len);
}

/* Hash what is pending as far as it is decided. */
static void
hash_pending(struct making *m)
{
	uint8_t byte;

	while (m->pending_len > 0) {
		size_t used = 1;
		enum escape escape = ESCAPE_NONE;

		if (m->pending[0] == '%' || m->pending[0] == '\\')
			escape = read_escape(m->pending, m->pending_len, &byte);
		if (escape == ESCAPE_OPEN)
			return;
		if (escape == ESCAPE_NONE && m->pending[0] != '\n' && m->pending[0] != '\r')
			hash_bytes(m, m->pending, 1);
		if (escape == ESCAPE_BYTE)
			hash_bytes(m, &byte, 1);
		if (escape == ESCAPE_BYTE || escape == ESCAPE_LINE_END)
			used = m->pending_len; /* it was open with one byte less */
		m->pending_len -= used;
		memmove(m->pending, m->pending + used, m->pending_len);
	}
}

static void
begin(void *state, const struct ks_key *key)
{
	struct making *m = state;

	ks_key_hash_begin(key, &m->hash);
	m->pending_len = 0;
}

static void
update(void *state, const uint8_t *data, size_t len)
{
	struct making *m = state;

	while (len > 0) {
		size_t plain = 0;

		while (m->pending_len == 0 && plain < len && data[plain] != '%' &&
		       data[plain] != '\\' && data[plain] != '\n' && data[plain] != '\r')
			plain++;
		hash_bytes(m, data, plain);
		data += plain;
		len -= plain;
		if (len == 0)
			return;
		m->pending[m->pending_len++] = *data++;
		len--;
		hash_pending(m);
	}
}

static void
end(void *state, const struct ks_key *key, char *text)
{
	struct making *m = state;
	uint8_t hash[crypto_generichash_BYTES];
	size_t id_len = KS_KEY_ID_SIZE - 1;

	hash_bytes(m, m->pending, m->pending_len);
	(void)crypto_generichash_final(&m->hash, hash, sizeof(hash));
	memcpy(text, ks_key_id(key), id_len);
	text[id_len] = '-';
	(void)sodium_bin2hex(text + id_len + 1, 2 * (size_t)HASH_SHOWN + 1, hash, HASH_SHOWN);
}

struct ks_fingerprint *
ks_fingerprint_new(const struct ks_key *key)
{
	struct ks_fingerprint *fingerprint = malloc(sizeof(*fingerprint));

	if (fingerprint)
		*fingerprint = (struct ks_fingerprint){ key, sizeof(struct making), begin, update,
			                                end };
	return fingerprint;
}

void
ks_fingerprint_free(struct ks_fingerprint *fingerprint)
{
	free(fingerprint);
}

int
ks_fingerprint_text(const struct ks_fingerprint *fingerprint, const uint8_t *run, size_t len,
                    char *text)
{
	struct making *making = malloc(sizeof(*making));

	if (!making)
		return KS_ERROR_MEMORY;
	begin(making, fingerprint->key);
	update(making, run, len);
	end(making, fingerprint->key, text);
	sodium_memzero(making, sizeof(*making));
	free(making);
	return KS_OK;
}
