/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only file that knows of libsystemd's journal. Entries are handed on field by field, so that one of any size
 * takes no memory here.
 */
#include "journal.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "printable.h"
#include "systemd_library.h"

#define SOURCE_MAX 256U /* bytes of the name of a unit, or of a container */

#define NAME_MAX_LENGTH 64U /* of a field */
#define MACHINE_ID_SIZE 32U

struct journal {
	struct systemd_library sd;
	sd_journal *journal;
	bool is_at_entry;  /* ks_journal_next() need not go there */
	bool is_follow_up; /* a term of matches came, so that "+" may follow */
};

/* ---------------------------------------------------------------------- opening ---- */

/* What the look at the files has found. */
struct survey {
	const struct systemd_library *sd;
	journal_damage_fn on_damage;
	void *ctx;
	size_t count;
};

static void
look_at_file(struct survey *survey, const char *path)
{
	const char *paths[] = { path, NULL };
	sd_journal *journal = NULL;
	int r = survey->sd->open_files(&journal, paths, 0);

	if (r < 0)
		survey->on_damage(survey->ctx, path, -r);
	else
		survey->count++;
	survey->sd->close(journal);
}

static bool
has_suffix(const char *name, const char *suffix)
{
	size_t len = strlen(name), n = strlen(suffix);

	return len > n && strcmp(name + len - n, suffix) == 0;
}

/* libsystemd looks into those directories in a directory that are called like a machine. */
static bool
is_machine_id(const char *name)
{
	size_t len = strspn(name, "0123456789abcdef");

	return len == MACHINE_ID_SIZE && (name[len] == '\0' || name[len] == '.');
}

/* Returns 0 or a negative errno. */
static int
look_into_directory(struct survey *survey, const char *path, bool with_machines)
{
	DIR *dir = opendir(path);
	int r = 0;

	if (!dir)
		return -errno;
	for (const struct dirent *e = readdir(dir); r == 0 && e; e = readdir(dir)) {
		char *name = NULL;

		if (asprintf(&name, "%s/%s", path, e->d_name) < 0)
			r = -ENOMEM;
		else if (has_suffix(e->d_name, ".journal") || has_suffix(e->d_name, ".journal~"))
			look_at_file(survey, name);
		else if (with_machines && is_machine_id(e->d_name))
			(void)look_into_directory(survey, name, false);
		free(name);
	}
	(void)closedir(dir);
	return r;
}

/* Returns 0 or a negative errno. */
static int
look_at_system(struct survey *survey)
{
	static const char *const roots[] = { "/run/log/journal", "/var/log/journal" };
	sd_id128_t machine;
	int r = survey->sd->get_machine(&machine);

	for (size_t i = 0; r == 0 && i < sizeof(roots) / sizeof(roots[0]); i++) {
		char path[64], id[SD_ID128_STRING_MAX];

		(void)snprintf(path, sizeof(path), "%s/%s", roots[i],
		               survey->sd->id_to_string(machine, id));
		r = look_into_directory(survey, path, false);
		r = r == -ENOENT ? 0 : r;
	}
	return r;
}

static int
look(struct survey *survey, const struct journal_place *place)
{
	for (size_t i = 0; i < place->file_count; i++)
		look_at_file(survey, place->files[i]);
	if (place->file_count > 0)
		return 0;
	return place->directory ? look_into_directory(survey, place->directory, true)
	                        : look_at_system(survey);
}

/* Of the files that were named those that cannot be read are left out: libsystemd would refuse all. */
static void
ignore(void *ctx, const char *path, int error)
{
	(void)ctx;
	(void)path;
	(void)error;
}

static int
open_files(const struct systemd_library *sd, const struct journal_place *place,
           sd_journal **ret_journal)
{
	const char **paths = calloc(place->file_count + 1, sizeof(*paths));
	size_t n = 0;
	int r;

	if (!paths)
		return -ENOMEM;
	for (size_t i = 0; i < place->file_count; i++) {
		struct survey survey = { .sd = sd, .on_damage = ignore };

		look_at_file(&survey, place->files[i]);
		if (survey.count > 0)
			paths[n++] = place->files[i];
	}
	r = n > 0 ? sd->open_files(ret_journal, paths, 0) : -ENOENT;
	free(paths);
	return r;
}

static int
open_place(const struct systemd_library *sd, const struct journal_place *place,
           sd_journal **ret_journal)
{
	if (place->file_count > 0)
		return open_files(sd, place, ret_journal);
	if (place->directory)
		return sd->open_directory(ret_journal, place->directory, 0);
	return sd->open(ret_journal, SD_JOURNAL_LOCAL_ONLY);
}

int
ks_journal_open(const struct journal_place *place, journal_damage_fn on_damage, void *ctx,
                struct journal **ret_journal, size_t *ret_count)
{
	struct journal *j = calloc(1, sizeof(*j));
	struct survey survey = { .sd = &j->sd, .on_damage = on_damage, .ctx = ctx };
	int r = j ? ks_systemd_library_load(&j->sd) : -ENOMEM;

	if (r == 0)
		r = look(&survey, place);
	if (r == 0)
		r = open_place(&j->sd, place, &j->journal);
	if (r >= 0)
		r = j->sd.set_data_threshold(j->journal, 0);
	if (r < 0) {
		ks_journal_close(j);
		return r;
	}
	*ret_journal = j;
	*ret_count = survey.count;
	return 0;
}

void
ks_journal_close(struct journal *j)
{
	if (!j)
		return;
	if (j->journal)
		j->sd.close(j->journal);
	free(j);
}

int
ks_journal_match(struct journal *j, const char *match)
{
	int r;

	if (strcmp(match, "+") == 0) {
		if (!j->is_follow_up)
			return -EINVAL;
		j->is_follow_up = false;
		return j->sd.add_disjunction(j->journal);
	}
	r = j->sd.add_match(j->journal, match, 0);
	j->is_follow_up = r >= 0;
	return r < 0 ? r : 0;
}

/* ----------------------------------------------------------------------- moving ---- */

int
ks_journal_seek_first(struct journal *j)
{
	j->is_at_entry = false;
	return j->sd.seek_head(j->journal);
}

int
ks_journal_seek_last(struct journal *j, unsigned count, unsigned *ret_found)
{
	int r = j->sd.seek_tail(j->journal);

	if (r >= 0)
		r = j->sd.previous_skip(j->journal, count);
	if (r >= 0)
		*ret_found = (unsigned)r;
	/* Behind the tail of an empty journal libsystemd would never find an entry. */
	if (r == 0)
		return ks_journal_seek_first(j);
	j->is_at_entry = r > 0;
	return r < 0 ? r : 0;
}

int
ks_journal_seek_cursor(struct journal *j, const char *cursor)
{
	int r = j->sd.seek_cursor(j->journal, cursor);

	j->is_at_entry = false;
	if (r >= 0)
		r = j->sd.next(j->journal);
	if (r < 0)
		return r;
	if (r == 0)
		return JOURNAL_GONE;
	j->is_at_entry = true;
	r = j->sd.test_cursor(j->journal, cursor);
	if (r < 0)
		return r;
	return r > 0 ? 0 : JOURNAL_GONE;
}

int
ks_journal_next(struct journal *j)
{
	if (j->is_at_entry) {
		j->is_at_entry = false;
		return 1;
	}
	return j->sd.next(j->journal);
}

int
ks_journal_cursor(struct journal *j, char **ret_cursor)
{
	int r = j->sd.get_cursor(j->journal, ret_cursor);

	return r < 0 ? r : 0;
}

int
ks_journal_source(struct journal *j, char **ret_source)
{
	static const char *const fields[] = { "CONTAINER_NAME", "_SYSTEMD_USER_UNIT",
		                              "_SYSTEMD_UNIT" };

	*ret_source = NULL;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const size_t skip = strlen(fields[i]) + 1;
		const void *field;
		size_t len;

		if (j->sd.get_data(j->journal, fields[i], &field, &len) < 0 || len <= skip)
			continue;
		len = len - skip < SOURCE_MAX ? len - skip : SOURCE_MAX;
		*ret_source = strndup((const char *)field + skip, len);
		return *ret_source ? 0 : -ENOMEM;
	}
	return 0;
}

int
ks_journal_is_at(struct journal *j, const char *cursor)
{
	return j->sd.test_cursor(j->journal, cursor);
}

/* ------------------------------------------------------------------------- text ---- */

static int
put_head(struct journal *j, journal_text_fn on_text, void *ctx)
{
	char id[SD_ID128_STRING_MAX], *cursor = NULL, *head = NULL;
	uint64_t realtime, monotonic;
	sd_id128_t boot;
	int len, r = j->sd.get_realtime_usec(j->journal, &realtime);

	if (r >= 0)
		r = j->sd.get_monotonic_usec(j->journal, &monotonic, &boot);
	if (r >= 0)
		r = j->sd.get_cursor(j->journal, &cursor);
	if (r < 0)
		return r;
	len = asprintf(&head,
	               "__CURSOR=%s\n__REALTIME_TIMESTAMP=%" PRIu64
	               "\n__MONOTONIC_TIMESTAMP=%" PRIu64 "\n_BOOT_ID=%s\n",
	               cursor, realtime, monotonic, j->sd.id_to_string(boot, id));
	r = len < 0 ? -ENOMEM : on_text(ctx, (const uint8_t *)head, (size_t)len);
	free(len < 0 ? NULL : head);
	free(cursor);
	return r;
}

/* The length of the name that a field begins with; 0: it is none that could stand in the text. */
static size_t
name_length(const uint8_t *field, size_t len)
{
	size_t n = 0;

	while (n < len && n <= NAME_MAX_LENGTH &&
	       ((field[n] >= 'A' && field[n] <= 'Z') || field[n] == '_' ||
	        (n > 0 && field[n] >= '0' && field[n] <= '9')))
		n++;
	return n < len && n <= NAME_MAX_LENGTH && field[n] == '=' ? n : 0;
}

/* A field whose value is no printable line: name, line feed, length, value. */
static int
put_binary(const uint8_t *field, size_t name, size_t len, journal_text_fn on_text, void *ctx)
{
	uint8_t head[NAME_MAX_LENGTH + 1 + 8];
	uint64_t rest = len - name - 1;
	size_t n = name;
	int r;

	memcpy(head, field, name);
	head[n++] = '\n';
	for (unsigned i = 0; i < 8; i++)
		head[n++] = (uint8_t)(rest >> (8 * i));
	r = on_text(ctx, head, n);
	return r == 0 ? on_text(ctx, field + name + 1, (size_t)rest) : r;
}

static int
put_field(const uint8_t *field, size_t len, journal_text_fn on_text, void *ctx)
{
	static const char boot[] = "_BOOT_ID="; /* in the head */
	size_t name = name_length(field, len);
	int r;

	if (name == 0 || (len >= sizeof(boot) - 1 && memcmp(field, boot, sizeof(boot) - 1) == 0))
		return 0;
	if (ks_text_is_printable(field + name + 1, len - name - 1, false))
		r = on_text(ctx, field, len);
	else
		r = put_binary(field, name, len, on_text, ctx);
	return r == 0 ? on_text(ctx, (const uint8_t *)"\n", 1) : r;
}

int
ks_journal_text(struct journal *j, journal_text_fn on_text, void *ctx)
{
	int damage, stopped, r = put_head(j, on_text, ctx);

	if (r != 0)
		return r;
	j->sd.restart_data(j->journal);
	for (;;) {
		const void *field;
		size_t len;

		damage = j->sd.enumerate_available_data(j->journal, &field, &len);
		if (damage <= 0)
			break;
		r = put_field(field, len, on_text, ctx);
		if (r != 0)
			return r;
	}
	stopped = on_text(ctx, (const uint8_t *)"\n", 1);
	return stopped != 0 ? stopped : damage;
}

/* ---------------------------------------------------------------------- waiting ---- */

/* When libsystemd wants to be called even if nothing has happened, in milliseconds. */
static int
timeout_of(struct journal *j, int *ret_timeout)
{
	uint64_t usec, now;
	struct timespec ts;
	int r = j->sd.get_timeout(j->journal, &usec);

	if (r < 0)
		return r;
	if (usec == UINT64_MAX) {
		*ret_timeout = -1;
		return 0;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	now = (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
	*ret_timeout = usec > now ? (int)((usec - now) / 1000 + 1) : 0;
	return 0;
}

int
ks_journal_poll(struct journal *j, struct pollfd *ret_poll, int *ret_timeout)
{
	int fd = j->sd.get_fd(j->journal), events;

	if (fd < 0)
		return fd;
	events = j->sd.get_events(j->journal);
	if (events < 0)
		return events;
	*ret_poll = (struct pollfd){ .fd = fd, .events = (short)events };
	return timeout_of(j, ret_timeout);
}

int
ks_journal_process(struct journal *j)
{
	int r = j->sd.process(j->journal);

	return r < 0 ? r : 0;
}
