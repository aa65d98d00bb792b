/* SPDX-License-Identifier: Apache-2.0 */
/* The capabilities of this process, where it has any. */
#pragma once

/*
 * Give up CAP_SETFCAP for good: with it the attribute of a file could be set that lets whoever executes that file do what only
 * root may. Holds for this thread and those that it starts later. Returns 0, also if it was not there, or a negative errno.
 */
int ks_capabilities_drop(void);
