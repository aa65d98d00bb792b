/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: gzip data, cut anywhere, against what zlib makes of it in one go. The input is the archive itself, or
 * the text of members that are packed here and then damaged: a checksum that fits is not found by chance. The
 * same through the thread that inflates for the filter.
 */
#include <errno.h>
#include <zlib.h>

#include "archive.h"
#include "gunzip.h"
#include "target.h"

#define TEXT_MAX    ((size_t)1 << 20)
#define ARCHIVE_MAX ((size_t)1 << 14)

struct verdict {
	uint8_t *text;
	size_t len;
	enum archive_state state;
};

static const uint8_t *
skip_zeros(const uint8_t *at, const uint8_t *end)
{
	while (at < end && *at == 0)
		at++;
	return at;
}

/* One member, by zlib in one go. Returns what is behind it, or NULL: it is not whole. */
static const uint8_t *
inflate_member(const uint8_t *at, const uint8_t *end, struct verdict *v)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)at, .avail_in = (uInt)(end - at) };
	size_t room = TEXT_MAX - v->len;
	int r;

	require(inflateInit2(&z, 15 + 16) == Z_OK, "no memory");
	z.next_out = v->text + v->len;
	z.avail_out = (uInt)room;
	r = inflate(&z, Z_FINISH);
	v->len += room - z.avail_out;
	at = z.next_in;
	(void)inflateEnd(&z);
	require(z.avail_out > 0, "the text is longer than it can be");
	if (r == Z_STREAM_END)
		return at;
	v->state = r == Z_BUF_ERROR ? ARCHIVE_TRUNCATED : ARCHIVE_DAMAGED;
	return NULL;
}

static void
inflate_at_once(const uint8_t *data, size_t len, struct verdict *v)
{
	const uint8_t *at = data, *end = data + len;

	v->len = 0;
	v->state = ARCHIVE_BETWEEN;
	while (at && (at == data || at < end)) {
		at = inflate_member(at, end, v);
		at = at ? skip_zeros(at, end) : NULL;
	}
}

/* By keysieve, in pieces. */
static void
inflate_in_pieces(const uint8_t *data, size_t len, size_t in, size_t out, struct verdict *v)
{
	struct archive a;
	ssize_t n = 0;

	v->len = 0;
	require(ks_archive_init(&a) == 0, "no memory");
	for (size_t at = 0; n >= 0 && at < len; at += in) {
		ks_archive_feed(&a, data + at, in < len - at ? in : len - at);
		while ((n = ks_archive_inflate(&a, v->text + v->len, out)) > 0) {
			v->len += (size_t)n;
			require(v->len + out <= TEXT_MAX, "the text is longer than it can be");
		}
	}
	require(a.text == v->len && a.taken <= len, "wrong counts");
	if (n >= 0)
		n = ks_archive_end(&a);
	require((n < 0) == (a.state != ARCHIVE_BETWEEN), "a result that is not the state's");
	require(n == 0 || n == -EBADMSG, "a result that cannot be");
	require(n == 0 || a.problem <= len, "a place behind the end");
	v->state = a.state;
	ks_archive_done(&a);
}

/* By keysieve's thread. */
static void
inflate_by_thread(const uint8_t *data, size_t len, struct verdict *v)
{
	size_t front = len < GZIP_MAGIC_SIZE ? len : GZIP_MAGIC_SIZE;
	int fd = file_of(data, len);
	struct gunzip *g;
	ssize_t n = 1;

	require(lseek(fd, (off_t)front, SEEK_SET) == (off_t)front, "no file");
	g = ks_gunzip_new(fd, data, front);
	require(g, "no thread");
	v->len = 0;
	while (n > 0) {
		require(ks_gunzip_is_ready(g), "a file is always ready");
		n = ks_gunzip_read(g, v->text + v->len, TEXT_MAX - v->len);
		v->len += n > 0 ? (size_t)n : 0;
	}
	require(n == 0 || n == -EBADMSG, "a result that cannot be");
	v->state = n == 0 ? ARCHIVE_BETWEEN : ARCHIVE_DAMAGED;
	ks_gunzip_free(g);
	(void)close(fd);
}

/* A member of text[0, len) behind archive[0, at). Returns its end. */
static size_t
pack(const uint8_t *text, size_t len, uint8_t *archive, size_t at, int level)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)text, .avail_in = (uInt)len };

	require(deflateInit2(&z, level, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) == Z_OK,
	        "no memory");
	z.next_out = archive + at;
	z.avail_out = (uInt)(ARCHIVE_MAX - at);
	require(deflate(&z, Z_FINISH) == Z_STREAM_END, "no room");
	at = ARCHIVE_MAX - z.avail_out;
	(void)deflateEnd(&z);
	return at;
}

/* Two members with padding, damaged as chosen. Returns the archive's length. */
static size_t
pack_and_damage(struct choices *c, uint8_t *archive)
{
	unsigned first = choose(c), padding = choose(c) % 8, damage = choose(c), place = choose(c);
	size_t split, len;

	split = c->len > 0 ? first % (c->len + 1) : 0;
	len = pack(c->data, split, archive, 0, (int)(first % 10));
	memset(archive + len, 0, padding);
	len = pack(c->data + split, c->len - split, archive, len + padding, 6);
	place = place % (unsigned)len;
	if (damage % 4 == 1)
		archive[place] ^= (uint8_t)(damage | 1);
	else if (damage % 4 == 2)
		len = place;
	else if (damage % 4 == 3)
		archive[len++] = (uint8_t)damage;
	return len;
}

static bool
is_bad(const struct verdict *v)
{
	return v->state != ARCHIVE_BETWEEN;
}

static void
compare(const struct verdict *got, const struct verdict *want)
{
	require(got->len == want->len, "more or less text than zlib gives");
	require(memcmp(got->text, want->text, want->len) == 0, "other text than zlib gives");
	require(is_bad(got) == is_bad(want), "another verdict than zlib's");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t archive[ARCHIVE_MAX + 8], texts[2][TEXT_MAX];
	struct verdict want = { .text = texts[0] }, got = { .text = texts[1] };
	struct choices c = { data, len };
	unsigned way = choose(&c), in = choose(&c) + 1, out = choose(&c) * 16 + 1;

	if (c.len > 1024)
		return 0;
	if (way & 1) {
		len = pack_and_damage(&c, archive);
		data = archive;
	} else {
		len = c.len;
		data = c.data;
	}
	if (len == 0)
		return 0;
	inflate_at_once(data, len, &want);
	inflate_in_pieces(data, len, in, out, &got);
	compare(&got, &want);
	require((got.state == ARCHIVE_TRUNCATED) == (want.state == ARCHIVE_TRUNCATED),
	        "damage for a truncation, or the other way");
	if (way & 2 && way & 4) {
		inflate_by_thread(data, len, &got);
		compare(&got, &want);
	}
	return 0;
}
