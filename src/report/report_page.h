/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the page that ks_report_print_html() puts together. */
#pragma once

#include "report.h"

/* The page's style sheet. */
extern const char ks_report_style[];

/* How often the key was seen from its first time to now, as a drawing with its legend. */
void ks_report_print_chart(const struct leak *leak, int64_t now, FILE *out);
