/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: any bytes as the configuration file, for any command. What is wrong is told line by line, without
 * bytes of the file other than plain names; a file with nothing wrong gives options, whatever the command; and the
 * same file twice gives the same messages.
 */
#include <ctype.h>
#include <sys/stat.h>

#include "command.h"
#include "config.h"
#include "messages.h"

#define INPUT_MAX 2048U
#define WINDOW    8U

static const struct command *
choose_command(struct choices *c)
{
	unsigned wanted = choose(c);
	size_t count = 0;

	while (ks_command_get(count))
		count++;
	return ks_command_get(wanted % count);
}

/* As keys have them: capitals and digits. */
static bool
is_like_a_key(const char *window)
{
	unsigned uppers = 0, digits = 0;

	for (size_t i = 0; i < WINDOW; i++) {
		uppers += isupper((unsigned char)window[i]) != 0;
		digits += isdigit((unsigned char)window[i]) != 0;
	}
	return uppers > 1 && digits > 2;
}

static void
check_shown(const struct messages *m, const struct choices *file)
{
	for (size_t i = 0; i + WINDOW <= m->len; i++) {
		if (is_like_a_key(m->text + i))
			require(!memmem(file->data, file->len, m->text + i, WINDOW),
			        "bytes of the file in a message");
	}
}

static int
read_config(const char *path, struct messages *m)
{
	struct config *config = NULL;
	int r;

	messages_begin(m);
	r = ks_config_read(path, &config);
	messages_end(m);
	require(r == 0 || (r == EXIT_CONFIG && !config), "another status");
	require((r == 0) == (m->len == 0), "a status without a message");
	ks_config_free(config);
	return r;
}

static void
read_options(const struct command *command, const char *path, struct messages *m)
{
	char name[] = "keysieve", *argv[] = { name, NULL };
	struct options options = { .command = command };

	(void)setenv("KEYSIEVE_CONFIG", path, 1);
	messages_begin(m);
	require(ks_options_read(&options, 1, argv) == 0, "what was tried is not taken");
	messages_end(m);
	ks_options_done(&options);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct messages first, second;
	struct choices c = { data, len };
	const struct command *command = choose_command(&c);
	char path[TARGET_PATH_SIZE];
	int fd, r;

	if (c.len > INPUT_MAX)
		return 0;
	fd = file_of(c.data, c.len);
	require(fchmod(fd, 0600) == 0, "no file");
	(void)path_of(fd, path);
	r = read_config(path, &first);
	check_shown(&first, &c);
	require(read_config(path, &second) == r && strcmp(first.text, second.text) == 0,
	        "other messages the second time");
	if (r == 0)
		read_options(command, path, &second);
	(void)close(fd);
	return 0;
}
