/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guess that holds back as little as can be: the first byte that no format has at its place says "raw".
 * To guess wrong leaks nothing that is in one line: what is no frame is scanned as raw text by every parser. But lines are
 * held back for longer, and torn from each other; so a format is only what nobody writes by chance.
 */
#include <stdbool.h>
#include <string.h>

#include "address.h"
#include "bytes.h"
#include "cri.h"
#include "keysieve.h"

/* What it is if it is what it looks like. */
static enum ks_frame
decide(bool is_open, bool is_whole, bool is_last, enum ks_frame frame)
{
	if (is_whole)
		return frame;
	return is_open && !is_last ? KS_FRAME_AUTO : KS_FRAME_RAW;
}

enum ks_frame
ks_frame_detect(const uint8_t *data, size_t len, int is_last)
{
	static const char docker[] = "{\"log\":\"";
	struct cri_line line;
	enum cri_header header;
	enum address address;

	if (ks_bytes_begin(data, len, docker))
		return decide(true, len >= strlen(docker), is_last, KS_FRAME_DOCKER);
	address = ks_address_parse_first(data, len);
	if (address != ADDRESS_NONE)
		return decide(address == ADDRESS_OPEN, address == ADDRESS_WHOLE, is_last,
		              KS_FRAME_JOURNAL);
	header = ks_cri_parse_header(data, len, &line);
	return decide(header == CRI_HEADER_OPEN, header == CRI_HEADER_WHOLE, is_last, KS_FRAME_CRI);
}
