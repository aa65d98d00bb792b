/* SPDX-License-Identifier: Apache-2.0 */
/* An output that is an input too is refused before it is opened: that would empty it. */
#include "filter_output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "descriptor.h"
#include "keysieve.h"
#include "message.h"

static bool
is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

bool
ks_filter_output_is(const struct filter_output *output, int fd)
{
	struct stat in, out;

	return output->fd >= 0 && fstat(fd, &in) == 0 && fstat(output->fd, &out) == 0 &&
	       S_ISREG(in.st_mode) && is_same_file(&in, &out);
}

static bool
is_among_files(const char *path, char **files)
{
	bool reads_stdin = !files[0];
	struct stat in, out;

	if (stat(path, &out) < 0 || !S_ISREG(out.st_mode))
		return false;
	for (char **file = files; *file; file++) {
		if (strcmp(*file, "-") == 0)
			reads_stdin = true;
		else if (stat(*file, &in) == 0 && is_same_file(&in, &out))
			return true;
	}
	return reads_stdin && fstat(STDIN_FILENO, &in) == 0 && is_same_file(&in, &out);
}

static int
open_file(struct filter_output *output, const struct options *options, struct signals *signals)
{
	const char *path = options->output;

	output->name = path;
	if (is_among_files(path, options->files)) {
		ks_message_file(path, "the input file is the output file");
		return EXIT_USAGE;
	}
	output->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (output->fd >= 0)
		return 0;
	if (errno == EINTR) /* a FIFO that nobody reads */
		ks_signals_die(signals);
	ks_message_file(path, strerror(errno));
	return EXIT_IO;
}

static int
open_gzip(struct filter_output *output, unsigned threads)
{
	if (isatty(output->fd) == 1) {
		ks_message("option '--gzip': compressed data is not written to a terminal");
		return EXIT_USAGE;
	}
	output->gzip = ks_gzip_crew_new(output->fd, threads > 1 ? threads : 1);
	if (output->gzip)
		return 0;
	ks_message("%s", ks_status_text(KS_ERROR_MEMORY));
	return EXIT_INTERNAL;
}

int
ks_filter_output_open(struct filter_output *output, const struct options *options,
                      struct signals *signals, struct metrics *metrics)
{
	int r = 0;

	*output = (struct filter_output){ .fd = -1, .name = "standard output", .metrics = metrics };
	if (options->check)
		return 0;
	if (options->output)
		r = open_file(output, options, signals);
	else
		output->fd = STDOUT_FILENO;
	if (r == 0)
		ks_descriptor_enlarge_pipe(output->fd);
	return r == 0 && options->gzip ? open_gzip(output, options->threads) : r;
}

int
ks_filter_output_write(void *ctx, const uint8_t *data, size_t len)
{
	const struct filter_output *output = ctx;
	int r;

	ks_metrics_begin_write(output->metrics);
	if (output->gzip)
		r = ks_gzip_crew_write(output->gzip, data, len);
	else
		r = ks_descriptor_write(output->fd, data, len);
	ks_metrics_end_write(output->metrics, r == 0 ? len : 0);
	return r;
}

int
ks_filter_output_pause(void *ctx)
{
	const struct filter_output *output = ctx;

	return ks_gzip_crew_flush(output->gzip);
}

static int
fail(const struct filter_output *output, int error)
{
	ks_message_file(output->name, strerror(error));
	return EXIT_IO;
}

int
ks_filter_output_end(struct filter_output *output)
{
	int r = output->gzip ? ks_gzip_crew_end(output->gzip) : 0;

	return r < 0 ? fail(output, -r) : 0;
}

int
ks_filter_output_close(struct filter_output *output)
{
	int r = output->fd >= 0 ? close(output->fd) : 0;

	output->fd = -1;
	return r < 0 ? fail(output, errno) : 0;
}

void
ks_filter_output_done(struct filter_output *output)
{
	ks_gzip_crew_free(output->gzip);
	output->gzip = NULL;
}
