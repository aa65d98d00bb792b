/* SPDX-License-Identifier: Apache-2.0 */
/* Which frames a source has, by its first bytes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keysieve.h"

/* KS_FRAME_AUTO: it takes more than data[0, len) to tell; never if is_last. */
enum ks_frame ks_frame_detect(const uint8_t *data, size_t len, bool is_last);
