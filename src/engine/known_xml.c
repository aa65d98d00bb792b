/* SPDX-License-Identifier: Apache-2.0 */
/* See known_xml.h. Libraries differ in how they write quotes, and in whether they escape >. */
#include "known_xml.h"

#include "known_form.h"
#include "known_put.h"

static const char *
entity_of(uint8_t b, unsigned form)
{
	static const char *const quotes[XML_STYLES] = { NULL,     "&quot;", "&quot;", "&quot;",
		                                        "&quot;", "&quot;", "&#34;" };
	static const char *const apostrophes[XML_STYLES] = { NULL,     NULL,     "&apos;", "&#39;",
		                                             "&#039;", "&#x27;", "&#39;" };

	switch (b) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return form & XML_GREATER ? "&gt;" : NULL;
	case '"':
		return quotes[form >> XML_QUOTES];
	case '\'':
		return apostrophes[form >> XML_QUOTES];
	default:
		return NULL;
	}
}

size_t
ks_known_xml_put(uint8_t *to, uint8_t b, unsigned form)
{
	const char *entity = entity_of(b, form);

	if (entity)
		return put_text(to, entity);
	to[0] = b;
	return 1;
}
