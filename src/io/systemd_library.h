/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libsystemd, loaded when it is asked for and not before: it brings six more libraries along, and most starts need
 * none of them.
 */
#pragma once

#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>

struct systemd_library {
	__typeof__(sd_watchdog_enabled) *watchdog_enabled;

	__typeof__(sd_id128_get_machine) *get_machine;
	__typeof__(sd_id128_to_string) *id_to_string;

	__typeof__(sd_journal_open) *open;
	__typeof__(sd_journal_open_directory) *open_directory;
	__typeof__(sd_journal_open_files) *open_files;
	__typeof__(sd_journal_close) *close;
	__typeof__(sd_journal_set_data_threshold) *set_data_threshold;
	__typeof__(sd_journal_add_match) *add_match;
	__typeof__(sd_journal_add_disjunction) *add_disjunction;

	__typeof__(sd_journal_seek_head) *seek_head;
	__typeof__(sd_journal_seek_tail) *seek_tail;
	__typeof__(sd_journal_seek_cursor) *seek_cursor;
	__typeof__(sd_journal_test_cursor) *test_cursor;
	__typeof__(sd_journal_next) *next;
	__typeof__(sd_journal_previous_skip) *previous_skip;

	__typeof__(sd_journal_get_cursor) *get_cursor;
	__typeof__(sd_journal_get_realtime_usec) *get_realtime_usec;
	__typeof__(sd_journal_get_monotonic_usec) *get_monotonic_usec;
	__typeof__(sd_journal_get_data) *get_data;
	__typeof__(sd_journal_restart_data) *restart_data;
	__typeof__(sd_journal_enumerate_available_data) *enumerate_available_data;

	__typeof__(sd_journal_get_fd) *get_fd;
	__typeof__(sd_journal_get_events) *get_events;
	__typeof__(sd_journal_get_timeout) *get_timeout;
	__typeof__(sd_journal_process) *process;
};

/* It stays loaded; a second time takes no look at the disk. Returns 0, or -ENOSYS: it is not installed, or too old. */
int ks_systemd_library_load(struct systemd_library *ret_library);
