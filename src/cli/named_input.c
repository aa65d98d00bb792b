/* SPDX-License-Identifier: Apache-2.0 */
/* The one place that opens inputs: no terminal that is named becomes the controlling one. */
#include "named_input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "message.h"
#include "options.h"
#include "sandbox.h"

int
ks_named_input_open(const char *path, struct named_input *ret_input)
{
	int fd;

	if (strcmp(path, "-") == 0) {
		*ret_input = (struct named_input){ STDIN_FILENO, "standard input" };
		return 0;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		ks_message_file(path, ks_sandbox_reason(path, errno));
		return EXIT_IO;
	}
	*ret_input = (struct named_input){ fd, path };
	return 0;
}

void
ks_named_input_close(const struct named_input *input)
{
	if (input->fd != STDIN_FILENO)
		(void)close(input->fd);
}
