/* SPDX-License-Identifier: Apache-2.0 */
/* keysieve journal in a build without libsystemd. */
#include "journal_command.h"
#include "message.h"

int
ks_journal_command(const struct options *options)
{
	(void)options;
	ks_message("this keysieve was built without libsystemd, so it cannot read the journal");
	return EXIT_USAGE;
}
