/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The slow oracle: docs/definition.md, written down as plainly as C allows. It shares no code with
 * the engine and knows neither chunks nor states: it looks at a whole input, again and again.
 *
 *     o = oracle_new(rules, count, err, sizeof(err));
 *     oracle_load(o, in, len);                           // finds all matches, once
 *     oracle_output(o, len, '*', out, findings, ...);    // what has to come out
 *     for (m = 0; m <= len; m++)
 *             oracle_held_at(o, m);                      // how much is not yet out after m bytes
 *
 * Meant for inputs of some hundred bytes. One oracle is used by one thread.
 */
#pragma once

#include <keysieve.h>
#include <stddef.h>
#include <stdint.h>

struct oracle;

/* What the functions below return: 0 or this (memory is out, or PCRE2 failed). */
#define ORACLE_ERROR (-1)

/*
 * Borrows rules and their strings until return. NULL on failure; then reterr holds one line that
 * names the rule. Refuses what docs/rules.md does not allow, as far as the oracle could not cope.
 */
struct oracle *oracle_new(const struct ks_rule *rules, size_t count, char *reterr, size_t errlen);
/* NULL is fine. Returns NULL. */
struct oracle *oracle_free(struct oracle *o);

/* From now on, fn says which runs stay readable. Borrows ctx. */
void oracle_allow(struct oracle *o, ks_allow_fn fn, void *ctx);

/*
 * From now on, that value is known; it is one that is not refused. Borrows it until return. Returns 0 or
 * ORACLE_ERROR.
 */
int oracle_know(struct oracle *o, const uint8_t *value, size_t len, size_t number);
/* From now on, no value is known. */
void oracle_forget(struct oracle *o);
/* How many spellings known values have, and each of them: for making inputs. Lent until the next oracle_know(). */
size_t oracle_spelling_count(const struct oracle *o);
const uint8_t *oracle_spelling_get(const struct oracle *o, size_t index, size_t *ret_len);

/*
 * Copy in[0, len) and find all matches in it. Borrows in until return. The functions below then
 * work on this input until the next oracle_load(), oracle_run() or oracle_held(). After a failure
 * the oracle has an empty input.
 */
int oracle_load(struct oracle *o, const uint8_t *in, size_t len);

/*
 * The output and the findings of a stream that is the first n bytes of the input; n <= len.
 * ret_out has room for n bytes. fill is written as it is (0 is no default here). *ret_count is the
 * number of all findings; no more than max_findings of them are stored, and ret_findings may be
 * NULL if max_findings is 0.
 */
void oracle_output(struct oracle *o, size_t n, uint8_t fill, uint8_t *ret_out,
                   struct ks_finding *ret_findings, size_t max_findings, size_t *ret_count);

/*
 * How many bytes, m - h, may be held back after a stream was given the first m bytes of the input
 * and has not ended; m <= len.
 */
size_t oracle_held_at(const struct oracle *o, size_t m);

/* oracle_load() and oracle_output() of all of it. */
int oracle_run(struct oracle *o, const uint8_t *in, size_t len, uint8_t fill, uint8_t *ret_out,
               struct ks_finding *ret_findings, size_t max_findings, size_t *ret_count);

/* oracle_load() of in[0, m) and oracle_held_at(m). SIZE_MAX on failure. */
size_t oracle_held(struct oracle *o, const uint8_t *in, size_t m);
