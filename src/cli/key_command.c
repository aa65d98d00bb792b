/* SPDX-License-Identifier: Apache-2.0 */
/* keysieve key new: a key for keyed hashes. It is written to a file only, never shown. */
#include "key_command.h"

#include "keysieve.h"
#include "message.h"

int
ks_key_new_command(const struct options *options)
{
	struct ks_error error;

	if (!options->files[0] || options->files[1]) {
		ks_message("key new wants one FILE to write to");
		return EXIT_USAGE;
	}
	if (ks_key_create_file(options->files[0], &error) != KS_OK)
		return ks_message_failure(&error);
	return 0;
}
