/* SPDX-License-Identifier: Apache-2.0 */
/* JSON text. Errors stay with the stream: see ferror(). */
#pragma once

#include <stdio.h>

/* Write text as a JSON string, or null for NULL. What is not valid UTF-8 becomes U+FFFD. */
void ks_json_string(const char *text, FILE *out);

/* Write a list of texts, ended by NULL, as an array of strings. */
void ks_json_strings(const char *const *texts, FILE *out);
