/* SPDX-License-Identifier: Apache-2.0 */
/* For the program that prepares the rules, which has nothing prepared yet. */
#include "pack.h"

const struct ks_prepared ks_pack_prepared = { NULL, 0 };
