/* SPDX-License-Identifier: Apache-2.0 */
/* keysieve report. Returns the exit status. */
#pragma once

#include "options.h"

int ks_report_command(const struct options *options);
