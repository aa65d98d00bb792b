/* SPDX-License-Identifier: Apache-2.0 */
/* Known values in XML and HTML: docs/definition.md, "Known values". */
#pragma once

#include "known.h"

#define XML_ENTITY_MAX 6U /* bytes */

/* What becomes of a byte in a form (known_form.h), with room for XML_ENTITY_MAX bytes. Returns how many it is. */
size_t ks_known_xml_put(uint8_t *to, uint8_t b, unsigned form);
