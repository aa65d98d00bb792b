/* SPDX-License-Identifier: Apache-2.0 */
/* stdio keeps an error, but not which: errno is right if the last of the output failed. */
#include "standard_output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "message.h"
#include "options.h"
#include "text.h"

int
ks_standard_output_end(int status)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	ks_message("standard output: %s", errno ? strerror(errno) : "a write failed");
	return status == 0 ? EXIT_IO : status;
}

void
ks_standard_output_plain(const char *text, size_t max)
{
	while (*text) {
		if (max-- == 0)
			return;
		text += ks_text_put(text, strlen(text), stdout);
	}
}
