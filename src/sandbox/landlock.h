/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Landlock: from some moment on the kernel lets this process, and all that it starts, do with files only what was allowed
 * beneath some paths; bind and connect no TCP socket; and signal, and reach by abstract sockets, nobody outside. What
 * is open already is not touched. As much of it is used as the kernel has.
 */
#pragma once

/* What may be done with a path; and, if that is a directory, with everything beneath it. */
enum landlock_right {
	LANDLOCK_READ = 1 << 0,   /* open files for reading */
	LANDLOCK_LIST = 1 << 1,   /* open directories */
	LANDLOCK_WRITE = 1 << 2,  /* open files for writing, cut them */
	LANDLOCK_CREATE = 1 << 3, /* make regular files */
	LANDLOCK_REMOVE =
		1 << 4, /* remove files; with LANDLOCK_CREATE, rename them within a directory */
	LANDLOCK_EXECUTE = 1 << 5, /* execute files */
};

/* The version of the kernel's interface; 0: it has none, or it is forbidden here. */
int ks_landlock_version(void);

/*
 * Begin a set of rules in which nothing is allowed. Returns a descriptor, or a negative errno: -ENOSYS or -EOPNOTSUPP where
 * the kernel has no Landlock.
 */
int ks_landlock_new(void);

/*
 * Allow what rights says for path, and what a symbolic link there leads to. Returns 0, also where Landlock is not
 * asked (pipes) and where nothing is that could be opened, or a negative errno: the rules are not whole then, and must
 * not be enforced.
 */
int ks_landlock_allow(int rules, const char *path, unsigned rights);

/*
 * The rules hold from now on, for this thread and those that it starts later; PR_SET_NO_NEW_PRIVS must be set. Returns 0
 * or a negative errno.
 */
int ks_landlock_enforce(int rules);
