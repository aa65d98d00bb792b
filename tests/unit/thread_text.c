/* SPDX-License-Identifier: Apache-2.0 */
#include "thread_text.h"

#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "runtimes.h"

#define WRITE_MAX 400U

/* -------------------------------------------------------------------- as it is ---- */

static size_t
count_pieces(const struct world *w)
{
	size_t n = 0;

	while (n < PIECE_MAX && w->pieces[n])
		n++;
	return n;
}

static size_t
append(uint8_t *text, size_t len, size_t max, const char *piece)
{
	size_t n = strlen(piece);

	if (len + n > max)
		return max;
	memcpy(text + len, piece, n);
	return len + n;
}

/* Pieces, with ends of lines or words between some of them, and now and then very long runs. */
void
thread_text(const struct world *w, uint64_t *random, uint8_t *text, size_t max)
{
	size_t count = count_pieces(w), len = 0;

	memset(text, '.', max);
	while (len < max) {
		uint64_t r = random_next(random);

		len = append(text, len, max, w->pieces[r % count]);
		if (r >> 40 & 1)
			len = append(text, len, max, r >> 41 & 1 ? "\n" : " ");
		for (size_t n = r >> 44 & 4095 ? 0 : 20000; n > 0; n--)
			len = append(text, len, max, r >> 42 & 1 ? "a7Z" : "1234567 \n");
	}
}

/* ------------------------------------------------------------------- in frames ---- */

/* Of so many writes one is to the standard error. */
static const unsigned densities[] = { 1000000, 2, 30, 400 };

static const enum runtime runtimes[] = { RUNTIME_CONTAINERD, RUNTIME_DOCKER };

#define DENSITY_COUNT (sizeof(densities) / sizeof(densities[0]))

_Static_assert(DENSITY_COUNT * sizeof(runtimes) / sizeof(runtimes[0]) == THREAD_FRAMES_COUNT,
               "each with each");

/* Write whole lines, up to where one ends behind WRITE_MAX bytes. Returns their bytes. */
static size_t
write_lines(struct model *m, unsigned stream, const uint8_t *text, size_t len)
{
	const uint8_t *end = len > WRITE_MAX ? memchr(text + WRITE_MAX, '\n', len - WRITE_MAX)
	                                     : NULL;
	size_t n = end ? (size_t)(end - text) + 1 : len;

	model_write(m, stream, text, n);
	return n;
}

enum ks_frame
thread_frames(const struct world *w, size_t n, uint64_t *random, uint8_t *text)
{
	enum runtime runtime = runtimes[n / DENSITY_COUNT];
	unsigned density = densities[n % DENSITY_COUNT];
	struct model m;

	model_init(&m, runtime, 1000 + random_next(random) % 8000, random_next(random));
	while (m.frames.len < TEXT_MAX) {
		thread_text(w, random, text, TEXT_MAX);
		for (size_t at = 0; at < TEXT_MAX && m.frames.len < TEXT_MAX;)
			at += write_lines(&m, random_next(random) % density == 0, text + at,
			                  TEXT_MAX - at);
	}
	memcpy(text, m.frames.at, TEXT_MAX);
	model_done(&m);
	return runtime_frame(runtime);
}

enum ks_frame
thread_frames_apart(const char *const *lines, size_t count, uint64_t *random, uint8_t *text)
{
	static const char other[] = "something else that is long enough to be a line of a log\n";
	enum runtime runtime =
		runtimes[random_next(random) % (sizeof(runtimes) / sizeof(runtimes[0]))];
	struct model m;

	model_init(&m, runtime, runtime_piece(runtime), random_next(random));
	for (size_t i = 0; m.frames.len < TEXT_MAX; i++) {
		const char *line = lines[i % count];

		model_write(&m, PAYLOAD_STDERR, (const uint8_t *)line, strlen(line));
		for (size_t n = random_next(random) % 300; n > 0; n--)
			model_write(&m, PAYLOAD_STDOUT, (const uint8_t *)other, strlen(other));
	}
	memcpy(text, m.frames.at, TEXT_MAX);
	model_done(&m);
	return runtime_frame(runtime);
}
