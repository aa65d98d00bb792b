/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loggen: write a log of realistic lines with fake keys in it, the same for the same options, and
 * say where the keys are. The bench's corpora and some of the tests' come from it.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "descriptor.h"
#include "log_fields.h"
#include "log_lines.h"

#define BUFFER_SIZE (1U << 20)

struct options {
	uint64_t size;
	uint64_t density; /* one line in so many has a key; 0: none */
	uint64_t seed;
	const char *truth;               /* NULL: not wanted */
	const struct log_format *format; /* NULL: mixed */
	bool one_line;
};

struct generator {
	struct pen pen;
	const struct options *options;
	FILE *truth; /* NULL: not wanted */
	const struct log_format *format;
	uint32_t format_left; /* events until the format changes */
	uint64_t lines, due;  /* lines written; the line from which on a key is due */
	uint64_t written;     /* bytes that have left the buffer */
	char *buffer;
};

static const char help_text[] =
	"Usage: loggen [OPTIONS]\n"
	"Write a made-up log to stdout, the same one for the same options.\n"
	"\n"
	"  --size BYTES    how much at most, with K, M or G (default: 1M)\n"
	"  --density N     one line in N has a key, 0: none (default: 1000)\n"
	"  --seed N        another log (default: 1)\n"
	"  --truth FILE    where the keys are, as JSON lines: offset and length of what\n"
	"                  must be masked, kind, context\n"
	"  --format NAME   mixed (default) or one of the formats below\n"
	"  --near-miss     no keys, but tokens that nearly are one (--format near-miss)\n"
	"  --long          all in one line without an end\n"
	"  --help          this text\n"
	"\n"
	"Formats:";

static int
fail(const char *what, const char *which)
{
	(void)fprintf(stderr, "loggen: %s: %s\n", what, which);
	return -1;
}

/* Empty the buffer. Returns 0 or a negative errno. */
static int
generator_flush(struct generator *g)
{
	size_t length = (size_t)(g->pen.p - g->buffer);
	int r = ks_descriptor_write(STDOUT_FILENO, (const uint8_t *)g->buffer, length);

	g->written += length;
	g->pen.p = g->buffer;
	return r;
}

/* In a log of one line other blanks stand for line ends. Counts the lines that would have been. */
static void
event_join(struct generator *g, char *event)
{
	char *end = event;

	while ((end = memchr(end, '\n', (size_t)(g->pen.p - end)))) {
		g->lines++;
		if (g->options->one_line)
			*end = ' ';
		end++;
	}
}

static void
truth_write(struct generator *g, const char *context)
{
	uint64_t offset = g->written + (uint64_t)(g->pen.key.from - g->buffer);

	(void)fprintf(g->truth,
	              "{\"offset\":%" PRIu64
	              ",\"length\":%zu,\"kind\":\"%s\",\"context\":\"%s\"}\n",
	              offset, g->pen.key.length, g->pen.key.kind, context);
}

/* Formats come in bursts, as the services do whose logs were put together. */
static void
format_draw(struct generator *g)
{
	if (g->format_left-- > 0)
		return;
	g->format_left = rng_below(&g->pen.rng, 24);
	g->format = log_format_at(rng_below(&g->pen.rng, (uint32_t)log_format_mixed()));
}

/* Is a key due? One in each density lines, at a random place among them. */
static bool
key_is_due(struct generator *g)
{
	uint64_t density = g->options->density;
	uint64_t block;

	if (density == 0 || g->lines < g->due)
		return false;
	block = g->due / density + 1;
	g->due = block * density + rng_next(&g->pen.rng) % density;
	return true;
}

/* Write one event. Returns false, and writes nothing, if it no longer fits the wanted size. */
static bool
event_add(struct generator *g)
{
	char *event = g->pen.p;
	const char *context;

	if (!g->options->format)
		format_draw(g);
	context = log_event_write(&g->pen, g->format, key_is_due(g));
	pen_char(&g->pen, '\n');
	if ((size_t)(g->pen.p - event) > EVENT_MAX)
		abort();
	if (g->written + (uint64_t)(g->pen.p - g->buffer) > g->options->size) {
		g->pen.p = event;
		return false;
	}
	event_join(g, event);
	if (context && g->truth)
		truth_write(g, context);
	return true;
}

static int
generator_run(struct generator *g)
{
	int r = 0;

	if (g->options->density > 0)
		g->due = rng_next(&g->pen.rng) % g->options->density;
	while (r == 0 && event_add(g))
		if ((size_t)(g->pen.p - g->buffer) > BUFFER_SIZE - EVENT_MAX)
			r = generator_flush(g);
	return r < 0 ? r : generator_flush(g);
}

static int
generate(const struct options *options)
{
	struct generator g = { .options = options, .format = options->format };
	int r = -1;

	g.buffer = malloc(BUFFER_SIZE);
	if (!g.buffer)
		return fail("buffer", strerror(errno));
	pen_init(&g.pen, options->seed);
	g.pen.p = g.buffer;
	if (options->truth && !(g.truth = fopen(options->truth, "we"))) {
		(void)fail(options->truth, strerror(errno));
		goto out;
	}
	r = generator_run(&g);
	if (r < 0)
		(void)fail("stdout", strerror(-r));
	if (g.truth && fclose(g.truth) != 0)
		r = fail(options->truth, strerror(errno));
out:
	free(g.buffer);
	return r;
}

/* Read a number with an optional K, M or G. Returns 0 or -1. */
static int
number_read(const char *text, uint64_t *ret_number)
{
	static const char suffixes[] = "KMG";
	const char *suffix;
	char *end;
	uint64_t factor = 1;
	uint64_t n;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno != 0 || end == text || *text == '-')
		return fail("not a number", text);
	if (*end != '\0' && (suffix = strchr(suffixes, *end))) {
		factor = UINT64_C(1) << (10 * (unsigned)(suffix - suffixes + 1));
		end++;
	}
	if (*end != '\0' || __builtin_mul_overflow(n, factor, ret_number))
		return fail("not a number", text);
	return 0;
}

static int
format_read(const char *name, struct options *o)
{
	o->format = log_format_find(name);
	if (!o->format && strcmp(name, "mixed") != 0)
		return fail("no such format", name);
	return 0;
}

static void
help_print(void)
{
	(void)printf("%s", help_text);
	for (size_t i = 0; log_format_at(i); i++)
		(void)printf("%s%s", i % 8 == 0 ? "\n  " : " ", log_format_name(log_format_at(i)));
	(void)printf("\n");
}

/* Returns 0, 1 if there is nothing more to do, or -1. */
static int
option_read(int key, const char *value, struct options *o)
{
	switch (key) {
	case 's':
		return number_read(value, &o->size);
	case 'd':
		return number_read(value, &o->density);
	case 'e':
		return number_read(value, &o->seed);
	case 't':
		o->truth = value;
		return 0;
	case 'f':
		return format_read(value, o);
	case 'n':
		return format_read("near-miss", o);
	case 'l':
		o->one_line = true;
		return 0;
	case 'h':
		help_print();
		return 1;
	default:
		return -1;
	}
}

static int
options_read(int argc, char **argv, struct options *o)
{
	static const struct option table[] = {
		{ "size", required_argument, NULL, 's' },
		{ "density", required_argument, NULL, 'd' },
		{ "seed", required_argument, NULL, 'e' },
		{ "truth", required_argument, NULL, 't' },
		{ "format", required_argument, NULL, 'f' },
		{ "near-miss", no_argument, NULL, 'n' },
		{ "long", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int r = 0;
	int key;

	while (r == 0 && (key = getopt_long(argc, argv, "", table, NULL)) != -1)
		r = option_read(key, optarg, o);
	if (r == 0 && optind < argc)
		return fail("no arguments wanted", argv[optind]);
	return r;
}

int
main(int argc, char **argv)
{
	struct options options = { .size = 1U << 20, .density = 1000, .seed = 1 };
	int r = options_read(argc, argv, &options);

	if (r != 0)
		return r < 0 ? 2 : 0;
	return generate(&options) < 0 ? 74 : 0;
}
