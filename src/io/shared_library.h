/* SPDX-License-Identifier: Apache-2.0 */
/* Libraries that are loaded when they are asked for, as dlopen(3) does. */
#pragma once

#include <stddef.h>

struct shared_function {
	const char *name;
	void *pointer; /* to a pointer to that function */
};

/*
 * Load a library and set the pointers to its functions. It stays loaded. Returns 0, or a negative errno. -ENOSYS: it, or one of
 * the functions, is not there.
 */
int ks_shared_library_load(const char *name, const struct shared_function *functions, size_t count);
