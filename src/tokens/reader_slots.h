/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_READER_SLOTS_H
#define TOKENS_READER_SLOTS_H

/*
 * The readers of pcscd as slots, named as pcscd names them. They come and go as one process
 * (keycask-slot watch) tells; a reader that is unplugged goes for good, plugged in again it is a
 * new slot.
 */

#include "base/cleanup.h"
#include "tokens/registry.h"

struct reader_slots;

KC_MUST_CHECK enum kc_status reader_slots_new(struct registry *registry,
					      struct reader_slots **ret_slots);
/* Before slot_end_all(): the watch ends; the slots stay for that. */
struct reader_slots *reader_slots_free(struct reader_slots *slots);
DEFINE_FREEP(reader_slots)

/* Are the readers known, or why there are none? */
bool reader_slots_are_told(const struct reader_slots *slots);

/* Why there are no readers, such as "pcscd is not running"; NULL: there may be some. */
const char *reader_slots_reason(const struct reader_slots *slots);

#endif
