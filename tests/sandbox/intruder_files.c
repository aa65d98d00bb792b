/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody who has taken over the process would try with files. */
#include "intruder.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *
place(void)
{
	const char *path = getenv("INTRUDER_PLACE");

	return path ? path : "/nowhere";
}

static long
open_as(int flags)
{
	return CALL(SYS_openat, AT_FDCWD, place(), flags, 0600);
}

static long
try_read(void)
{
	return open_as(O_RDONLY);
}

static long
try_write(void)
{
	return open_as(O_WRONLY);
}

static long
try_append(void)
{
	return open_as(O_RDWR | O_APPEND);
}

static long
try_truncate(void)
{
	return open_as(O_RDONLY | O_TRUNC);
}

static long
make(const char *ending, int flags, mode_t mode)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s%s", place(), ending);
	return CALL(SYS_openat, AT_FDCWD, path, flags, mode);
}

static long
try_create(void)
{
	return make(".new", O_WRONLY | O_CREAT, 0600);
}

static long
try_make_set_id(void)
{
	return make(".new", O_WRONLY | O_CREAT, 04644);
}

static long
try_make_program(void)
{
	return make(".new", O_WRONLY | O_CREAT, 0755);
}

/* In the directory. */
static long
try_make_unnamed(void)
{
	const char *slash = strrchr(place(), '/');
	char path[4096];

	(void)snprintf(path, sizeof(path), "%.*s", slash ? (int)(slash - place()) : 0, place());
	return CALL(SYS_openat, AT_FDCWD, path, O_WRONLY | O_TMPFILE, 0600);
}

/* No right of Landlock's is asked for. */
static long
try_open_for_nothing(void)
{
	return open_as(O_ACCMODE);
}

static long
try_empty(void)
{
	return open_as(O_ACCMODE | O_TRUNC);
}

static long
try_write_empty(void)
{
	return open_as(O_WRONLY | O_TRUNC);
}

static long
try_change_mode(void)
{
	long fd = open_as(O_RDONLY);

	return fd < 0 ? fd : CALL(SYS_fchmod, fd, 0666);
}

static long
try_change_special_mode(void)
{
	long fd = open_as(O_RDONLY);

	return fd < 0 ? fd : CALL(SYS_fchmod, fd, 04755);
}

static long
try_change_owner(void)
{
	long fd = open_as(O_RDONLY);

	return fd < 0 ? fd : CALL(SYS_fchown, fd, geteuid(), -1);
}

/* What stands in it: version 2; CAP_SETUID, effective. */
static long
try_give_capability(void)
{
	const uint32_t value[] = { 0x02000001, 1U << 7, 0, 0, 0 };
	long fd = open_as(O_RDONLY);

	if (fd < 0)
		return fd;
	return CALL(SYS_fsetxattr, fd, "security.capability", value, sizeof(value), 0);
}

static long
try_change_times(void)
{
	return CALL(SYS_utimensat, AT_FDCWD, place(), NULL, 0);
}

static long
try_exchange(void)
{
	return CALL(SYS_renameat2, AT_FDCWD, place(), AT_FDCWD, place(), RENAME_EXCHANGE);
}

static long
try_unlink(void)
{
	return CALL(SYS_unlinkat, AT_FDCWD, place(), 0);
}

static long
try_rename(void)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s.moved", place());
	return CALL(SYS_renameat2, AT_FDCWD, place(), AT_FDCWD, path, 0);
}

static long
try_link(void)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s.link", place());
	return CALL(SYS_linkat, AT_FDCWD, place(), AT_FDCWD, path, 0);
}

static long
try_chmod(void)
{
	return CALL(SYS_fchmodat, AT_FDCWD, place(), 0666);
}

static long
try_mkdir(void)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s.dir", place());
	return CALL(SYS_mkdirat, AT_FDCWD, path, 0700);
}

const struct attempt intruder_files[] = {
	{ "read", try_read },
	{ "write", try_write },
	{ "append", try_append },
	{ "truncate", try_truncate },
	{ "create", try_create },
	{ "make-set-id", try_make_set_id },
	{ "make-program", try_make_program },
	{ "make-unnamed", try_make_unnamed },
	{ "open-for-nothing", try_open_for_nothing },
	{ "empty", try_empty },
	{ "write-empty", try_write_empty },
	{ "change-mode", try_change_mode },
	{ "change-special-mode", try_change_special_mode },
	{ "change-owner", try_change_owner },
	{ "give-capability", try_give_capability },
	{ "change-times", try_change_times },
	{ "exchange", try_exchange },
	{ "unlink", try_unlink },
	{ "rename", try_rename },
	{ "link", try_link },
	{ "chmod", try_chmod },
	{ "mkdir", try_mkdir },
	{ NULL, NULL },
};
