/* SPDX-License-Identifier: Apache-2.0 */
/* What the process does to keep the secrets that pass through it to itself. */
#pragma once

/* No core files, no reading of this process's memory by others of the same user. */
void ks_process_protect(void);
