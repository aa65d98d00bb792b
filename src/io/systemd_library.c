/* SPDX-License-Identifier: Apache-2.0 */
/* By the name with the version of its interface, which is what the headers are of. */
#include "systemd_library.h"

#include <stddef.h>

#include "shared_library.h"

int
ks_systemd_library_load(struct systemd_library *ret_library)
{
	struct systemd_library l = { 0 };
	const struct shared_function wanted[] = {
		{ "sd_watchdog_enabled", &l.watchdog_enabled },
		{ "sd_id128_get_machine", &l.get_machine },
		{ "sd_id128_to_string", &l.id_to_string },
		{ "sd_journal_open", &l.open },
		{ "sd_journal_open_directory", &l.open_directory },
		{ "sd_journal_open_files", &l.open_files },
		{ "sd_journal_close", &l.close },
		{ "sd_journal_set_data_threshold", &l.set_data_threshold },
		{ "sd_journal_add_match", &l.add_match },
		{ "sd_journal_add_disjunction", &l.add_disjunction },
		{ "sd_journal_seek_head", &l.seek_head },
		{ "sd_journal_seek_tail", &l.seek_tail },
		{ "sd_journal_seek_cursor", &l.seek_cursor },
		{ "sd_journal_test_cursor", &l.test_cursor },
		{ "sd_journal_next", &l.next },
		{ "sd_journal_previous_skip", &l.previous_skip },
		{ "sd_journal_get_cursor", &l.get_cursor },
		{ "sd_journal_get_realtime_usec", &l.get_realtime_usec },
		{ "sd_journal_get_monotonic_usec", &l.get_monotonic_usec },
		{ "sd_journal_get_data", &l.get_data },
		{ "sd_journal_restart_data", &l.restart_data },
		{ "sd_journal_enumerate_available_data", &l.enumerate_available_data },
		{ "sd_journal_get_fd", &l.get_fd },
		{ "sd_journal_get_events", &l.get_events },
		{ "sd_journal_get_timeout", &l.get_timeout },
		{ "sd_journal_process", &l.process },
	};
	int r = ks_shared_library_load("libsystemd.so.0", wanted,
	                               sizeof(wanted) / sizeof(wanted[0]));

	if (r == 0)
		*ret_library = l;
	return r;
}
