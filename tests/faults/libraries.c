/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of libraries that fail, and those that make threads, timers and processes. */
#include <errno.h>
#include <hs.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <spawn.h>
#include <time.h>
#include <unistd.h>

#include "wrap.h"

/* ---------------------------------------------------------------------- threads and more ---- */

WRAP(int, pthread_create,
     (pthread_t * thread, const pthread_attr_t *attributes, void *(*run)(void *), void *ctx),
     (thread, attributes, run, ctx), fault_of(FAULT_THREAD, "pthread_create"), errno)
WRAP(int, posix_spawn,
     (pid_t * pid, const char *path, const posix_spawn_file_actions_t *actions,
      const posix_spawnattr_t *attributes, char *const *arguments, char *const *environment),
     (pid, path, actions, attributes, arguments, environment), fault_of(FAULT_START, "posix_spawn"),
     errno)
WRAP(int, timer_create, (clockid_t clock, struct sigevent *event, timer_t *timer),
     (clock, event, timer), fault_of(FAULT_TIMER, "timer_create"), -1)
WRAP(int, timer_settime,
     (timer_t timer, int flags, const struct itimerspec *value, struct itimerspec *ret_old),
     (timer, flags, value, ret_old), fault_of(FAULT_TIMER, "timer_settime"), -1)

/* --------------------------------------------------------------------------- Hyperscan ---- */

/* How large something is they can always tell. */
#define MATCH(name) fault_of(FAULT_MATCH, name)

WRAP(hs_error_t, hs_open_stream, (const hs_database_t *db, unsigned flags, hs_stream_t **stream),
     (db, flags, stream), MATCH("hs_open_stream"), HS_NOMEM)
WRAP(hs_error_t, hs_scan_stream,
     (hs_stream_t * stream, const char *data, unsigned len, unsigned flags, hs_scratch_t *scratch,
      match_event_handler fn, void *ctx),
     (stream, data, len, flags, scratch, fn, ctx), MATCH("hs_scan_stream"), HS_UNKNOWN_ERROR)
WRAP(hs_error_t, hs_scan,
     (const hs_database_t *db, const char *data, unsigned len, unsigned flags,
      hs_scratch_t *scratch, match_event_handler fn, void *ctx),
     (db, data, len, flags, scratch, fn, ctx), MATCH("hs_scan"), HS_UNKNOWN_ERROR)
WRAP(hs_error_t, hs_alloc_scratch, (const hs_database_t *db, hs_scratch_t **scratch), (db, scratch),
     MATCH("hs_alloc_scratch"), HS_NOMEM)
WRAP(hs_error_t, hs_deserialize_database_at, (const char *bytes, size_t len, hs_database_t *db),
     (bytes, len, db), MATCH("hs_deserialize_database_at"), HS_NOMEM)
WRAP(hs_error_t, hs_serialize_database, (const hs_database_t *db, char **bytes, size_t *len),
     (db, bytes, len), MATCH("hs_serialize_database"), HS_NOMEM)
WRAP(hs_error_t, hs_valid_platform, (void), (), MATCH("hs_valid_platform"), HS_ARCH_ERROR)
WRAP(hs_error_t, hs_set_stream_allocator, (hs_alloc_t allocate, hs_free_t release),
     (allocate, release), MATCH("hs_set_stream_allocator"), HS_INVALID)

/* The error that these return must be a real one. */

hs_error_t
hs_compile_multi(const char *const *expressions, const unsigned *flags, const unsigned *ids,
                 unsigned count, unsigned mode, const hs_platform_info_t *platform,
                 hs_database_t **db, hs_compile_error_t **error)
{
	static __typeof__(&hs_compile_multi) next;

	NEXT("hs_compile_multi", next);
	if (fault_is_error(MATCH("hs_compile_multi")))
		count = 0;
	return next(expressions, flags, ids, count, mode, platform, db, error);
}

hs_error_t
hs_expression_info(const char *expression, unsigned flags, hs_expr_info_t **info,
                   hs_compile_error_t **error)
{
	static __typeof__(&hs_expression_info) next;

	NEXT("hs_expression_info", next);
	if (fault_is_error(MATCH("hs_expression_info")))
		expression = "(";
	return next(expression, flags, info, error);
}

/* --------------------------------------------------------------------------- libsodium ---- */

/* Its hashes fail for wrong arguments only, and theirs are constants. */
WRAP(int, sodium_init, (void), (), fault_of(FAULT_HASH, "sodium_init"), -1)

/* -------------------------------------------------------------------------- libsystemd ---- */

#if __has_include(<systemd/sd-journal.h>)
#include <systemd/sd-journal.h>

#define JOURNAL(name, parameters, arguments) \
	WRAP(int, name, parameters, arguments, fault_of(FAULT_JOURNAL, #name), -errno)

JOURNAL(sd_journal_open, (sd_journal * *j, int flags), (j, flags))
JOURNAL(sd_journal_open_directory, (sd_journal * *j, const char *path, int flags), (j, path, flags))
JOURNAL(sd_journal_open_files, (sd_journal * *j, const char **paths, int flags), (j, paths, flags))
JOURNAL(sd_journal_next, (sd_journal * j), (j))
JOURNAL(sd_journal_previous_skip, (sd_journal * j, uint64_t n), (j, n))
JOURNAL(sd_journal_seek_head, (sd_journal * j), (j))
JOURNAL(sd_journal_seek_tail, (sd_journal * j), (j))
JOURNAL(sd_journal_seek_cursor, (sd_journal * j, const char *cursor), (j, cursor))
JOURNAL(sd_journal_test_cursor, (sd_journal * j, const char *cursor), (j, cursor))
JOURNAL(sd_journal_get_cursor, (sd_journal * j, char **cursor), (j, cursor))
JOURNAL(sd_journal_get_realtime_usec, (sd_journal * j, uint64_t *ret), (j, ret))
JOURNAL(sd_journal_get_monotonic_usec, (sd_journal * j, uint64_t *ret, sd_id128_t *boot),
        (j, ret, boot))
JOURNAL(sd_journal_get_data, (sd_journal * j, const char *field, const void **data, size_t *len),
        (j, field, data, len))
JOURNAL(sd_journal_enumerate_available_data, (sd_journal * j, const void **data, size_t *len),
        (j, data, len))
JOURNAL(sd_journal_set_data_threshold, (sd_journal * j, size_t size), (j, size))
JOURNAL(sd_journal_add_match, (sd_journal * j, const void *data, size_t len), (j, data, len))
JOURNAL(sd_journal_get_fd, (sd_journal * j), (j))
JOURNAL(sd_journal_get_events, (sd_journal * j), (j))
JOURNAL(sd_journal_process, (sd_journal * j), (j))
#endif
