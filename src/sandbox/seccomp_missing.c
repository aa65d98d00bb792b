/* SPDX-License-Identifier: Apache-2.0 */
/* Where keysieve was built without libseccomp there are no filters. */
#include "seccomp_program.h"

const struct seccomp_program ks_seccomp_programs[1] = { { 0 } };
const size_t ks_seccomp_program_count = 0;
const char *const ks_seccomp_names[1] = { NULL };
const size_t ks_seccomp_name_count = 0;
