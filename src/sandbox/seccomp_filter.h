/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp: from some moment on the kernel takes from this process only the system calls that its work needs. */
#pragma once

#include <stdbool.h>

#include "seccomp_parts.h"

/* Has the kernel seccomp, and was keysieve built with filters? */
bool ks_seccomp_is_there(void);

/*
 * From now on only the calls that these parts need (enum seccomp_part; a set for which there is a filter) are made, by this
 * thread and those that it starts later. A call that only an attack has a use for ends the process at once. Any other that
 * is not among them ends it with a message that names the call, and status. PR_SET_NO_NEW_PRIVS must be set. Returns 0 or a
 * negative errno: -ENOSYS where there is no seccomp.
 */
int ks_seccomp_enforce(unsigned parts, int status);
