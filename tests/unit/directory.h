/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of a test's own, and files in it. Everything ends the test on failure. */
#pragma once

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[64];

static void
directory_make(void)
{
	const char *base = getenv("TMPDIR");

	(void)snprintf(directory, sizeof(directory), "%s/keysieve-unit-XXXXXX",
	               base && strlen(base) < 32 ? base : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_eq(chdir(directory), 0);
}

static void
directory_remove(void)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;

	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			ck_assert_int_eq(remove(entry->d_name), 0);
	}
	(void)closedir(dir);
	ck_assert_int_eq(rmdir(directory), 0);
}

static inline void
file_append(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_APPEND, 0666);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	ck_assert_int_eq(close(fd), 0);
}

static inline void
file_is(const char *name, const char *text)
{
	char buf[4096] = "";
	int fd = open(name, O_RDONLY);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_ge(read(fd, buf, sizeof(buf) - 1), 0);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_str_eq(buf, text);
}

static inline bool
file_exists(const char *name)
{
	return access(name, F_OK) == 0;
}
