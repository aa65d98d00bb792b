/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keysieve rules allow: entries of an allow-list for the secrets in its input. A stream asks about each
 * run that could be allowed; here the question is the answer. Each run is printed once, as a hash.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "descriptor.h"
#include "message.h"
#include "named_input.h"
#include "rule_selection.h"
#include "rules_commands.h"
#include "sandbox.h"
#include "standard_output.h"

/* Hashes that have been printed. */
struct seen {
	char **hashes;
	size_t count;
};

struct job {
	struct rule_selection rules;
	struct seen seen;
	size_t too_long; /* findings */
	int status;
};

static bool
is_new(struct job *job, const char *hash)
{
	char **grown;

	for (size_t i = 0; i < job->seen.count; i++) {
		if (strcmp(job->seen.hashes[i], hash) == 0)
			return false;
	}
	grown = realloc(job->seen.hashes, (job->seen.count + 1) * sizeof(*grown));
	if (!grown)
		return true; /* printed twice does no harm */
	job->seen.hashes = grown;
	grown[job->seen.count] = strdup(hash);
	job->seen.count += grown[job->seen.count] != NULL;
	return true;
}

/* A ks_allow_fn. */
static int
print_entry(void *ctx, size_t rule, const uint8_t *run, size_t len)
{
	struct job *job = ctx;
	char hash[KS_HASH_TEXT_SIZE];
	struct ks_catalog_entry entry;

	if (ks_allow_hash_text(job->rules.key, run, len, hash, sizeof(hash)) != KS_OK) {
		job->status = EXIT_INTERNAL;
		return 0;
	}
	ks_catalog_get(job->rules.catalog, job->rules.index[rule], &entry);
	if (is_new(job, hash))
		(void)printf("%s  - hash: '%s'\n    comment: %s\n",
		             job->seen.count == 1 ? "allow:\n" : "", hash, entry.rule.id);
	return 0;
}

static void
count_finding(void *ctx, const struct ks_finding *finding)
{
	struct job *job = ctx;
	struct ks_catalog_entry entry;

	/* Of an infix rule's secret only the run behind the trigger counts. */
	ks_catalog_get(job->rules.catalog, job->rules.index[finding->rule], &entry);
	job->too_long += finding->length >= KS_RUN_DECIDED && !entry.rule.before;
}

static int
discard(void *ctx, const uint8_t *data, size_t len)
{
	(void)ctx;
	(void)data;
	(void)len;
	return 0;
}

static int
read_stream(struct job *job, const struct named_input *input)
{
	struct ks_stream_options options = { .on_finding = count_finding,
		                             .finding_ctx = job,
		                             .fills_only = 1,
		                             .sink = discard,
		                             .is_allowed = print_entry,
		                             .allow_ctx = job };
	struct ks_scratch *scratch = NULL;
	struct ks_stream *stream = NULL;
	static uint8_t buf[65536];
	ssize_t n = 1;
	int r = ks_scratch_new(job->rules.set, &scratch);

	if (r == KS_OK)
		r = ks_stream_new(job->rules.set, &options, &stream);
	while (r == KS_OK && n > 0) {
		n = ks_descriptor_read(input->fd, buf, sizeof(buf));
		if (n > 0)
			r = ks_stream_feed(stream, scratch, buf, (size_t)n);
	}
	if (r == KS_OK && n == 0)
		r = ks_stream_feed_end(stream, scratch);
	if (n < 0)
		ks_message_file(input->name, strerror((int)-n));
	if (r != KS_OK)
		ks_message("%s", ks_status_text(r));
	explicit_bzero(buf, sizeof(buf));
	ks_stream_free(stream);
	ks_scratch_free(scratch);
	if (n < 0)
		return EXIT_IO;
	return r == KS_OK ? job->status : EXIT_INTERNAL;
}

static int
read_file(struct job *job, const char *path)
{
	struct named_input input;
	int r = ks_named_input_open(path, &input);

	if (r != 0)
		return r;
	r = read_stream(job, &input);
	ks_named_input_close(&input);
	return r;
}

int
ks_rules_allow_command(const struct options *options)
{
	struct job job = { .status = 0 };
	int r = ks_rule_selection_init(&job.rules, options);

	if (r == 0)
		r = ks_sandbox_enter(options);

	if (r == 0 && !options->files[0])
		r = read_file(&job, "-");
	for (char **file = options->files; r == 0 && *file; file++)
		r = read_file(&job, *file);
	if (r == 0 && job.too_long > 0)
		ks_message("%zu of the secrets have 64 bytes or more and cannot be allowed",
		           job.too_long);
	for (size_t i = 0; i < job.seen.count; i++)
		free(job.seen.hashes[i]);
	free(job.seen.hashes);
	ks_rule_selection_done(&job.rules);
	return ks_standard_output_end(r);
}
