/* SPDX-License-Identifier: Apache-2.0 */
/* See progress.h. The line holds numbers only, and is never longer than a narrow terminal. */
#include "progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "standard_error.h"

#define PATIENCE 1.0 /* seconds before there is anything to see */
#define INTERVAL 0.2 /* seconds */

static double
seconds_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void
show(const char *line)
{
	ks_standard_error_write(line, strlen(line));
}

void
ks_progress_init(struct progress *p, uint64_t total, size_t files)
{
	*p = (struct progress){
		.is_wanted = isatty(STDERR_FILENO) == 1,
		.started = seconds_now(),
		.total = total,
		.files = files,
	};
}

/* "1.2 GB" */
static void
format_bytes(double bytes, char *text, size_t size)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
	size_t unit = 0;

	for (; bytes >= 999.5 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
		bytes /= 1000;
	(void)snprintf(text, size, unit > 0 && bytes < 99.95 ? "%.1f %s" : "%.0f %s", bytes,
	               units[unit]);
}

/* "1:02:03" or "2:03" */
static void
format_time(double seconds, char *text, size_t size)
{
	unsigned long whole = seconds < 1e6 ? (unsigned long)(seconds + 0.5) : 1000000;
	unsigned long hours = whole / 3600, minutes = whole / 60 % 60;

	if (hours > 0)
		(void)snprintf(text, size, "%lu:%02lu:%02lu", hours, minutes, whole % 60);
	else
		(void)snprintf(text, size, "%lu:%02lu", minutes, whole % 60);
}

static void
draw(const struct progress *p, uint64_t done, size_t file, double seconds)
{
	char line[160], of[16], speed[16], left[32];
	double rate = (double)done / seconds;

	if (done > p->total)
		done = p->total;
	format_bytes((double)p->total, of, sizeof(of));
	format_bytes(rate, speed, sizeof(speed));
	format_time(rate > 0 ? (double)(p->total - done) / rate : 1e6, left, sizeof(left));
	(void)snprintf(line, sizeof(line), "\r\033[K%3.0f %% of %s, file %zu of %zu, %s/s, %s left",
	               p->total > 0 ? 100.0 * (double)done / (double)p->total : 100.0, of, file,
	               p->files, speed, left);
	show(line);
}

void
ks_progress_update(struct progress *p, uint64_t done, size_t file)
{
	double now;

	if (!p->is_wanted)
		return;
	now = seconds_now();
	if (now - p->started < PATIENCE || now - p->shown < INTERVAL)
		return;
	draw(p, done, file, now - p->started);
	p->shown = now;
	p->is_shown = true;
}

void
ks_progress_clear(struct progress *p)
{
	if (p->is_shown)
		show("\r\033[K");
	p->is_shown = false;
}
