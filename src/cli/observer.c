/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See observer.h. What is formatted here, and what the command is given, comes from rules, numbers, and names of
 * sources, which are masked themselves: the observer is never given a byte of the stream.
 */
#include "observer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hook.h"
#include "instant.h"
#include "ledger.h"
#include "ledger_file.h"
#include "memory_text.h"
#include "message.h"
#include "monotonic.h"
#include "seen.h"

#define INTERVAL       (60 * (uint64_t)SECOND)
#define LEDGER_MAX     (UINT64_C(1) << 30)
#define TICK           1000000U /* microseconds */
#define FINISH_SECONDS 10U

/* ------------------------------------------------------------------------ ledger ---- */

static const char *
reason_text(int error)
{
	switch (error) {
	case EAGAIN:
		return "nobody reads it";
	case EBADF:
		return "not open for writing";
	case ENXIO:
		return "nobody has it open for reading";
	case EFBIG:
		return "File too large: it has its largest size (--ledger-max-size, or a limit of "
		       "the process)";
	default:
		return strerror(error);
	}
}

/* A ledger_write_fn. */
static int
write_ledger(void *ctx, const char *line, size_t len)
{
	struct observer *o = ctx;
	int r = ks_ledger_file_write(o->file, line, len);

	if (r == 0 && ks_complaint_settle(&o->unwritten))
		ks_message("%s: it can be written again", o->options->ledger);
	return r;
}

/* What the ledger said. */
static void
check_written(struct observer *o, int r)
{
	if (r < 0 && ks_complaint_raise(&o->unwritten))
		ks_message("%s: %s; masking goes on", o->options->ledger, reason_text(-r));
}

/* Would the ledger get into the text, or the other way round? Only what is there already can tell. */
static bool
is_ledger(const struct observer *o, const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && ks_ledger_file_is(o->file, &st);
}

static bool
writes_to_stdout(const struct options *options)
{
	return !options->output && !options->check && !options->in_place;
}

static int
check_ledger(const struct observer *o)
{
	const struct options *options = o->options;
	const char *problem = NULL;

	if ((options->output && is_ledger(o, options->output)) ||
	    (writes_to_stdout(options) && ks_observer_has_file(o, STDOUT_FILENO)))
		problem = "the ledger is the output file";
	else if (!*options->files && ks_observer_has_file(o, STDIN_FILENO))
		problem = "the ledger is the input";
	for (char **file = options->files; !problem && *file; file++) {
		if (is_ledger(o, *file))
			problem = "the ledger is an input file";
	}
	if (problem)
		ks_message_file(options->ledger, problem);
	return problem ? EXIT_USAGE : 0;
}

static int
check_place(const struct options *options)
{
	int number = ks_ledger_file_number(options->ledger);

	if (number == -2)
		ks_message("--ledger: fd:N needs the number of a descriptor");
	else if (number == 0)
		ks_message("--ledger: fd:0 is the standard input");
	else if (number == 1 && writes_to_stdout(options))
		ks_message("--ledger: fd:1 is where the text goes; see --output");
	else
		return 0;
	return EXIT_USAGE;
}

static int
open_ledger(struct observer *o)
{
	const struct options *options = o->options;
	const struct ledger_options ledger = {
		.write = write_ledger,
		.write_ctx = o,
		.interval = options->ledger_interval ? options->ledger_interval : INTERVAL,
	};
	int r = check_place(options);

	if (r != 0)
		return r;
	r = ks_ledger_file_open(options->ledger, &o->file);
	if (r < 0) {
		ks_message_file(options->ledger, reason_text(-r));
		return r == -EBADF ? EXIT_USAGE : EXIT_IO;
	}
	ks_ledger_file_limit(o->file,
	                     options->ledger_max_size ? options->ledger_max_size : LEDGER_MAX);
	o->ledger = ks_ledger_new(&ledger);
	return o->ledger ? check_ledger(o) : EXIT_INTERNAL;
}

/* -------------------------------------------------------------------------- hook ---- */

static const char *
failure_text(int error)
{
	if (error == EPIPE || error == ECONNRESET || error == ECHILD)
		return "the process that runs the command is gone";
	return strerror(error);
}

/* A hook_note_fn. */
static void
tell_trouble(void *ctx, enum hook_note note, int number)
{
	struct observer *o = ctx;

	if (note == HOOK_DONE ? !ks_complaint_settle(&o->troubles)
	                      : !ks_complaint_raise(&o->troubles))
		return;
	switch (note) {
	case HOOK_DONE:
		ks_message("--on-leak: the command works again");
		break;
	case HOOK_FAILED:
		ks_message("--on-leak: %s", failure_text(number));
		break;
	case HOOK_EXITED:
		ks_message("--on-leak: the command ended with status %d", number);
		break;
	case HOOK_KILLED:
		ks_message("--on-leak: the command was ended by signal %d", number);
		break;
	case HOOK_TIMEOUT:
		ks_message("--on-leak: the command took more than %d seconds and was ended",
		           number);
		break;
	}
}

/* What tells this process how to work is not for the command; nor may it speak to the service manager for it. */
static bool
is_passed_on(const char *variable)
{
	static const char *const ours[] = { "KEYSIEVE_", "NOTIFY_SOCKET=", "WATCHDOG_" };

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		if (strncmp(variable, ours[i], strlen(ours[i])) == 0)
			return false;
	}
	return true;
}

static char **
make_environment(void)
{
	size_t count = 0, n = 0;
	char **passed;

	while (environ[count])
		count++;
	passed = calloc(count + 1, sizeof(*passed));
	for (size_t i = 0; passed && i < count; i++) {
		if (is_passed_on(environ[i]))
			passed[n++] = environ[i];
	}
	return passed;
}

/* A ledger_fingerprint_fn. */
static void
add_known(void *ctx, const char *fingerprint)
{
	ks_seen_add(ctx, fingerprint);
}

static int
make_hook(struct observer *o)
{
	struct hook_options hook = { .command = o->options->on_leak,
		                     .note = tell_trouble,
		                     .note_ctx = o };
	int r;

	o->environment = make_environment();
	o->seen = ks_seen_new();
	if (!o->environment || !o->seen)
		return EXIT_INTERNAL;
	hook.environment = o->environment;
	r = ks_hook_new(&hook, &o->hook);
	if (r == -ENOMEM)
		return EXIT_INTERNAL;
	if (r < 0) {
		ks_message("--on-leak: %s", strerror(-r));
		return EXIT_IO;
	}
	if (o->file)
		ks_ledger_file_each(o->file, add_known, o->seen);
	return 0;
}

/* Returns false if there is no room for it, or no memory. */
static bool
push_hook(struct observer *o, const struct sighting *sighting, uint64_t now)
{
	struct memory_text text;
	FILE *out = ks_hook_has_room(o->hook) ? ks_memory_text_open(&text) : NULL;
	bool is_pushed;

	if (!out)
		return false;
	ks_sighting_write(sighting, out);
	if (ks_memory_text_close(&text, out) != KS_OK)
		return false;
	is_pushed = ks_hook_push(o->hook, text.text, text.len, now);
	free(text.text);
	return is_pushed;
}

/* A key is new as long as the command could not be run for it. */
static void
run_hook(struct observer *o, const struct sighting *sighting, uint64_t now)
{
	if (ks_seen_has(o->seen, sighting->identity))
		return;
	if (push_hook(o, sighting, now))
		ks_seen_add(o->seen, sighting->identity);
	else if (ks_complaint_raise(&o->dropped))
		ks_message("--on-leak: %s; the command is not run for all",
		           ks_hook_has_room(o->hook) ? "out of memory"
		                                     : "too many new keys at once");
}

/* -------------------------------------------------------------------- life cycle ---- */

bool
ks_observer_is_on(const struct observer *o)
{
	return o->ledger || o->hook;
}

/* A hash without a key could be tried out by everybody who reads the ledger. */
static int
make_key(struct observer *o)
{
	if (ks_key_new_random(&o->key) != KS_OK)
		return EXIT_INTERNAL;
	o->fingerprint = ks_fingerprint_new(o->key);
	return o->fingerprint ? 0 : EXIT_INTERNAL;
}

static bool
is_to_show(struct complaint *c)
{
	bool is_new = c->count > c->shown;

	c->shown = c->count;
	return is_new;
}

static void
print_unwritten(struct observer *o)
{
	if (is_to_show(&o->unwritten))
		ks_message("%s: %llu lines could not be written", o->options->ledger,
		           (unsigned long long)o->unwritten.count);
}

static void
print_dropped(struct observer *o)
{
	if (is_to_show(&o->dropped))
		ks_message("--on-leak: the command was not run %llu times",
		           (unsigned long long)o->dropped.count);
}

void
ks_observer_print(struct observer *o)
{
	print_unwritten(o);
	if (is_to_show(&o->troubles))
		ks_message("--on-leak: the command failed %llu times",
		           (unsigned long long)o->troubles.count);
	print_dropped(o);
}

void
ks_observer_done(struct observer *o)
{
	if (o->ledger)
		check_written(o, ks_ledger_flush(o->ledger));
	if (o->hook)
		o->dropped.count += ks_hook_finish(o->hook, FINISH_SECONDS);
	if (o->unwritten.count > 1)
		print_unwritten(o);
	print_dropped(o);
	ks_ledger_free(o->ledger);
	ks_ledger_file_close(o->file);
	ks_hook_free(o->hook);
	ks_seen_free(o->seen);
	ks_source_names_done(&o->names);
	free(o->environment);
	ks_fingerprint_free(o->fingerprint);
	ks_key_free(o->key);
	*o = (struct observer){ 0 };
}

int
ks_observer_init(struct observer *o, const struct options *options)
{
	int r = 0;

	*o = (struct observer){ .options = options };
	if (options->ledger)
		r = open_ledger(o);
	if (r == 0 && options->on_leak)
		r = make_hook(o);
	if (r == 0 && ks_observer_is_on(o) && !options->key_file)
		r = make_key(o);
	if (r == EXIT_INTERNAL)
		ks_message("%s", ks_status_text(KS_ERROR_MEMORY));
	if (r != 0)
		ks_observer_done(o);
	return r;
}

/* --------------------------------------------------------------------------- use ---- */

void
ks_observer_set(const struct observer *o, struct ks_stream_options *stream)
{
	if (!ks_observer_is_on(o))
		return;
	stream->counts_lines = 1;
	if (!stream->fingerprint)
		stream->fingerprint = o->fingerprint;
}

/* A known value in the finding; or, which alone is told of it then, nothing else. Returns false if memory is out. */
static bool
set_known(struct sighting *sighting, const struct rule_selection *rules,
          const struct ks_finding *finding, char **ret_identity)
{
	struct known_place place;

	*ret_identity = NULL;
	if (finding->known == 0)
		return true;
	ks_known_values_place(rules->known, finding->known, &place);
	sighting->known_source = place.source;
	sighting->known_number = place.number;
	if (finding->rule < ks_ruleset_count(rules->set))
		return true;
	if (asprintf(ret_identity, "%s\n%zu\n%u", place.source, place.number, place.changed) < 0) {
		*ret_identity = NULL;
		return false;
	}
	sighting->identity = *ret_identity;
	sighting->rule = KS_KNOWN_ID;
	sighting->title = "Known secret";
	return true;
}

static void
set_rule(struct sighting *sighting, const struct rule_selection *rules,
         const struct ks_finding *finding)
{
	struct ks_catalog_entry entry;

	if (finding->rule >= ks_ruleset_count(rules->set))
		return;
	ks_catalog_get(rules->catalog, rules->index[finding->rule], &entry);
	sighting->rule = entry.rule.id;
	sighting->title = entry.rule.title ? entry.rule.title : entry.rule.id;
	sighting->provider = entry.rule.provider;
	sighting->revoke = entry.rule.revoke;
	sighting->fingerprint = sighting->identity = finding->fingerprint;
	sighting->length = finding->length;
}

void
ks_observer_note(struct observer *o, const struct rule_selection *rules, struct statistics *stats,
                 const char *source, const struct ks_finding *finding)
{
	uint64_t now;
	struct sighting sighting;
	char *identity;

	ks_statistics_count(stats, finding);
	if (!ks_observer_is_on(o))
		return;
	now = ks_monotonic_milliseconds();
	sighting = (struct sighting){
		.source = ks_source_names_show(&o->names, rules->set,
		                               rules->known ? rules->known->compiled : NULL,
		                               source),
		.offset = finding->offset,
		.line = finding->line,
		.length = SIGHTING_NO_LENGTH,
		.time = ks_instant_now(),
	};
	set_rule(&sighting, rules, finding);
	if (!set_known(&sighting, rules, finding, &identity))
		check_written(o, -ENOMEM);
	if (!sighting.identity)
		return;
	if (o->ledger)
		check_written(o, ks_ledger_note(o->ledger, &sighting, now));
	if (o->hook)
		run_hook(o, &sighting, now);
	free(identity);
}

uint64_t
ks_observer_interval(const struct observer *o, uint64_t other)
{
	if (!ks_observer_is_on(o))
		return other;
	return other > 0 && other < TICK ? other : TICK;
}

void
ks_observer_tick(struct observer *o)
{
	uint64_t now = ks_observer_is_on(o) ? ks_monotonic_milliseconds() : 0;

	if (o->ledger)
		check_written(o, ks_ledger_tick(o->ledger, now));
	if (o->hook)
		ks_hook_tick(o->hook, now);
}

void
ks_observer_reopen(struct observer *o)
{
	int r;

	if (!o->ledger)
		return;
	check_written(o, ks_ledger_flush(o->ledger));
	r = ks_ledger_file_number(o->options->ledger) < 0 ? ks_ledger_file_reopen(o->file) : 0;
	if (r < 0)
		ks_message_file(o->options->ledger, reason_text(-r));
}

bool
ks_observer_has_file(const struct observer *o, int fd)
{
	struct stat st;

	return o->file && fstat(fd, &st) == 0 && ks_ledger_file_is(o->file, &st);
}
