/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guess that holds back as little as can be: the first byte that no format has at its place says "raw".
 * To guess wrong leaks nothing: what is no frame is scanned as raw text by every parser.
 */
#include <stdbool.h>
#include <string.h>

#include "bytes.h"
#include "cri.h"
#include "keysieve.h"

enum ks_frame
ks_frame_detect(const uint8_t *data, size_t len, int is_last)
{
	static const struct {
		const char *text;
		enum ks_frame frame;
	} beginnings[] = {
		{ "{\"log\":\"", KS_FRAME_DOCKER },
		{ "__CURSOR=", KS_FRAME_JOURNAL },
	};
	struct cri_line line;
	enum cri_header header = ks_cri_parse_header(data, len, &line);

	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
		if (!ks_bytes_begin(data, len, beginnings[i].text))
			continue;
		if (len >= strlen(beginnings[i].text))
			return beginnings[i].frame;
		return is_last ? KS_FRAME_RAW : KS_FRAME_AUTO;
	}
	if (header == CRI_HEADER_WHOLE)
		return KS_FRAME_CRI;
	return header == CRI_HEADER_OPEN && !is_last ? KS_FRAME_AUTO : KS_FRAME_RAW;
}
