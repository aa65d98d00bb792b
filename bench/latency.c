/* SPDX-License-Identifier: Apache-2.0 */
/*
 * latency: how long a line stays in a filter. Starts a command between two pipes, writes made-up
 * JSON lines to it at a given rate, one write a line, and takes the time from before the write to
 * after the read that brought the line's end. Compare with the command `cat`.
 *
 * A line that is late because the one before it was stuck in the pipe counts from when it was due;
 * a line that is late because this process overslept counts from when it woke.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "descriptor.h"
#include "log_fields.h"
#include "log_lines.h"

#define SECOND UINT64_C(1000000000)

struct options {
	uint64_t rate;    /* lines a second */
	uint64_t count;   /* lines */
	uint64_t density; /* one line in so many has a key; 0: none */
	bool is_json;
	char **command;
};

struct probe {
	const struct options *options;
	int to, from;
	pid_t child;
	_Atomic uint64_t *sent; /* when line i was due or written */
	uint64_t *delays;       /* of line i */
	_Atomic uint64_t seen;  /* lines that have come back */
	uint64_t elapsed;       /* from the first write to the last */
};

static const char help_text[] =
	"Usage: latency [OPTIONS] COMMAND [ARGUMENT...]\n"
	"Write lines to COMMAND and measure how long they take to come out of it.\n"
	"\n"
	"  --rate N     lines a second (default: 100000)\n"
	"  --count N    lines in all (default: 200000)\n"
	"  --density N  one line in N has a key, 0: none (default: 100)\n"
	"  --json       the result as one line of JSON\n"
	"  --help       this text\n";

static int
fail(const char *what, const char *why)
{
	(void)fprintf(stderr, "latency: %s: %s\n", what, why);
	return -1;
}

static uint64_t
now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

static void
sleep_until(uint64_t ns)
{
	struct timespec t = { .tv_sec = (time_t)(ns / SECOND), .tv_nsec = (long)(ns % SECOND) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

/* The reader's thread: give each line that comes back its delay. */
static void *
probe_drain(void *ctx)
{
	struct probe *p = ctx;
	char buffer[65536];
	uint64_t seen = 0;
	ssize_t n;

	while ((n = read(p->from, buffer, sizeof(buffer))) > 0 || (n < 0 && errno == EINTR)) {
		uint64_t now = now_ns();
		const char *end = buffer;

		while (n > 0 && (end = memchr(end, '\n', (size_t)(buffer + n - end)))) {
			if (seen < p->options->count)
				p->delays[seen] = now - atomic_load(&p->sent[seen]);
			seen++;
			end++;
		}
		atomic_store(&p->seen, seen);
	}
	return NULL;
}

/* Let the command start up: wait until the first line is back, five seconds at most. */
static void
probe_settle(struct probe *p)
{
	for (int i = 0; i < 5000 && atomic_load(&p->seen) == 0; i++)
		sleep_until(now_ns() + SECOND / 1000);
}

static int
probe_write(struct probe *p)
{
	const struct options *o = p->options;
	const struct log_format *format = log_format_find("json");
	char line[EVENT_MAX];
	uint64_t start = now_ns();
	uint64_t awake = start;
	struct pen pen;

	pen_init(&pen, 1);
	for (uint64_t i = 0; i < o->count; i++) {
		uint64_t due = start + (i > 0 ? (i - 1) * SECOND / o->rate : 0);

		pen.p = line;
		(void)log_event_write(&pen, format,
		                      o->density > 0 && i % o->density == o->density - 1);
		pen_char(&pen, '\n');
		if (now_ns() < due) {
			sleep_until(due);
			awake = now_ns();
		}
		atomic_store(&p->sent[i], due > awake ? due : awake);
		int r = ks_descriptor_write(p->to, (const uint8_t *)line, (size_t)(pen.p - line));
		if (r < 0)
			return fail("the command's stdin", strerror(-r));
		if (i == 0) {
			probe_settle(p);
			start = awake = now_ns();
		}
	}
	p->elapsed = now_ns() - start;
	return 0;
}

static void
command_exec(char **command, const int in[2], const int out[2])
{
	(void)dup2(in[0], STDIN_FILENO);
	(void)dup2(out[1], STDOUT_FILENO);
	(void)close(in[0]);
	(void)close(in[1]);
	(void)close(out[0]);
	(void)close(out[1]);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)execvp(command[0], command);
	(void)fail(command[0], strerror(errno));
	_exit(127);
}

static int
probe_start(struct probe *p)
{
	int in[2];
	int out[2];

	if (pipe(in) < 0 || pipe(out) < 0)
		return fail("pipe", strerror(errno));
	p->child = fork();
	if (p->child < 0)
		return fail("fork", strerror(errno));
	if (p->child == 0)
		command_exec(p->options->command, in, out);
	(void)close(in[0]);
	(void)close(out[1]);
	p->to = in[1];
	p->from = out[0];
	return 0;
}

/* Let the lines through. Returns 0 when all of them came back and the command ended well. */
static int
probe_run(struct probe *p)
{
	pthread_t reader;
	int status = 0;
	int r;

	if (probe_start(p) < 0)
		return -1;
	if (pthread_create(&reader, NULL, probe_drain, p) != 0)
		return fail("thread", "cannot be started");
	r = probe_write(p);
	(void)close(p->to);
	(void)pthread_join(reader, NULL);
	(void)close(p->from);
	if (waitpid(p->child, &status, 0) < 0 || status != 0)
		return fail(p->options->command[0], "did not end well");
	if (r == 0 && atomic_load(&p->seen) != p->options->count)
		return fail(p->options->command[0], "lines were lost or added");
	return r;
}

static int
compare(const void *a, const void *b)
{
	const uint64_t *x = a;
	const uint64_t *y = b;

	return (*x > *y) - (*x < *y);
}

/* In microseconds. Line 0 does not count: it waited for the command's start. */
static double
probe_quantile(const struct probe *p, double share)
{
	return (double)p->delays[1 + (uint64_t)((double)(p->options->count - 2) * share)] / 1000;
}

static void
probe_report(struct probe *p)
{
	static const struct {
		const char *name;
		double share;
	} quantiles[] = {
		{ "median", 0.5 }, { "p90", 0.9 }, { "p99", 0.99 }, { "p999", 0.999 }, { "max", 1 },
	};
	double rate = (double)(p->options->count - 1) * (double)SECOND / (double)p->elapsed;
	bool is_json = p->options->is_json;

	qsort(p->delays + 1, p->options->count - 1, sizeof(*p->delays), compare);
	(void)printf(is_json ? "{\"lines\": %" PRIu64 ", \"rate\": %.0f"
	                     : "%" PRIu64 " lines, %.0f a second; microseconds:",
	             p->options->count, rate);
	for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++)
		(void)printf(is_json ? ", \"%s\": %.1f" : " %s %.1f", quantiles[i].name,
		             probe_quantile(p, quantiles[i].share));
	(void)puts(is_json ? "}" : "");
}

static int
measure(const struct options *o)
{
	struct probe p = { .options = o };
	int r = -1;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)prctl(PR_SET_TIMERSLACK, 1UL); /* the sleeps are of 10 us */
	p.sent = calloc(o->count, sizeof(*p.sent));
	p.delays = calloc(o->count, sizeof(*p.delays));
	if (!p.sent || !p.delays) {
		(void)fail("memory", strerror(ENOMEM));
		goto out;
	}
	r = probe_run(&p);
	if (r == 0)
		probe_report(&p);
out:
	free(p.sent);
	free(p.delays);
	return r;
}

static int
number_read(const char *text, uint64_t least, uint64_t *ret_number)
{
	char *end;
	uint64_t n = strtoull(text, &end, 10);

	if (end == text || *end != '\0' || *text == '-' || n < least)
		return fail("not a fitting number", text);
	*ret_number = n;
	return 0;
}

/* Returns 0, 1 if there is nothing more to do, or -1. */
static int
option_read(int key, const char *value, struct options *o)
{
	switch (key) {
	case 'r':
		return number_read(value, 1, &o->rate);
	case 'c':
		return number_read(value, 2, &o->count);
	case 'd':
		return number_read(value, 0, &o->density);
	case 'j':
		o->is_json = true;
		return 0;
	case 'h':
		(void)fputs(help_text, stdout);
		return 1;
	default:
		return -1;
	}
}

int
main(int argc, char **argv)
{
	static const struct option table[] = {
		{ "rate", required_argument, NULL, 'r' },
		{ "count", required_argument, NULL, 'c' },
		{ "density", required_argument, NULL, 'd' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct options options = { .rate = 100000, .count = 200000, .density = 100 };
	int r = 0;
	int key;

	while (r == 0 && (key = getopt_long(argc, argv, "+", table, NULL)) != -1)
		r = option_read(key, optarg, &options);
	if (r == 0 && optind == argc)
		r = fail("a command is missing", "see --help");
	if (r != 0)
		return r < 0 ? 2 : 0;
	options.command = argv + optind;
	return measure(&options) < 0 ? 74 : 0;
}
