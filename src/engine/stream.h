/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine's other modules need to know of streams. */
#pragma once

#include "keysieve.h"

/* The most memory that a stream of the set can come to use. */
size_t ks_stream_size_max(const struct ks_ruleset *set);
