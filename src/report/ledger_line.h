/* SPDX-License-Identifier: Apache-2.0 */
/* One line of a ledger. */
#pragma once

#include <stddef.h>

#include "ledger_reader.h"

enum ledger_line {
	LEDGER_LINE_RIGHT,
	LEDGER_LINE_WRONG,   /* it is no record */
	LEDGER_LINE_FOREIGN, /* it is of another version of the format */
	LEDGER_LINE_REST /* of the record only the count is there: findings that were not written one by one */
};

/*
 * Read a line without its end. texts is room for len + 1 bytes; the record's texts are lent from it. Unless the
 * line is right, *reterr tells why, in constant words.
 */
enum ledger_line ks_ledger_line_read(const char *line, size_t len, char *texts,
                                     struct ledger_record *ret_record, const char **reterr);
