/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SLOTS_PCSC_LIMITS_H
#define SLOTS_PCSC_LIMITS_H

/* How long APDUs may be with a reader of pcscd. */

#include "slots/port.h"

/* What a reader says of itself; what it does not say is PCSC_UNTOLD. */
#define PCSC_UNTOLD 0xffffffffU
struct pcsc_told {
	bool is_t0;
	uint32_t apdu_data; /* dwMaxAPDUDataSize of PC/SC part 10, 2.6.14 */
	uint32_t max_input; /* SCARD_ATTR_MAXINPUT */
};

struct port_limits pcsc_limits_of(const struct pcsc_told *told);

/* Ask the reader that @card, an SCARDHANDLE, is in; @properties is the control code of
 * PART10_TLV_PROPERTIES, 0 for none. Blocks as pcscd does. */
void pcsc_limits_ask(long card, uint32_t properties, struct pcsc_told *ret_told);

#endif
