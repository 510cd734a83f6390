/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYCASK_ATR_H
#define KEYCASK_ATR_H

/*
 * A card's answer to reset (ISO 7816-3 section 8.2), read strictly: an ATR that is too short, too
 * long or has a wrong check byte is none.
 *
 * Stable since 1.0. Functions here touch no daemon; any thread may look at an ATR while no other
 * frees it. What they return is the ATR's and dies with it.
 */

#include <keycask/tlv.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kc_atr;

/* What is not there is KC_ATR_ABSENT. */
#define KC_ATR_ABSENT (-1)
struct kc_atr_interface_group {
	int ta;
	int tb;
	int tc;
	int protocol; /* of the TD before; absent in the first group, which is of no protocol */
};

/*
 * @bytes is one whole ATR. Expected: KC_ERR_DECODE, with the reason
 * Ownership: *ret_atr is the caller's; free with kc_atr_free(). Untouched on failure. Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_atr_parse(struct kc_view bytes, struct kc_atr **ret_atr);

/*
 * As kc_atr_parse(), byte by byte: @next gives the next one, or a negative number when there is
 * none. It is asked for no byte too many. Since: 1.0
 */
typedef int (*kc_atr_source_fn)(void *context);
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_atr_parse_source(kc_atr_source_fn next, void *context,
							   struct kc_atr **ret_atr);

/* NULL is fine; returns NULL. Since: 1.0 */
KC_PUBLIC struct kc_atr *kc_atr_free(struct kc_atr *atr);

/* All of it. Since: 1.0 */
KC_PUBLIC struct kc_view kc_atr_bytes(const struct kc_atr *atr);

/* The protocols that it names, in its order, each once: 0 for T=0 and so on. T=15, which stands for
 * global interface bytes, is among them when it is there. Since: 1.0 */
KC_PUBLIC size_t kc_atr_protocol_count(const struct kc_atr *atr);
KC_PUBLIC int kc_atr_protocol_at(const struct kc_atr *atr, size_t i);

/* Counted from 1, as in the standard; NULL when there is no such group. Since: 1.0 */
KC_PUBLIC const struct kc_atr_interface_group *kc_atr_interface_group_at(const struct kc_atr *atr,
									 size_t index);
/* The first group of @protocol; NULL when there is none. Since: 1.0 */
KC_PUBLIC const struct kc_atr_interface_group *kc_atr_interface_group_for(const struct kc_atr *atr,
									  int protocol);

/* The historical bytes, without the check byte. Since: 1.0 */
KC_PUBLIC struct kc_view kc_atr_historical_bytes(const struct kc_atr *atr);

/*
 * The COMPACT-TLV records among them, *ret_n of them; NULL when they are not structured so. When
 * they begin with 00, the three status bytes at the end come as record 8, as if they began with 80.
 * Since: 1.0
 */
KC_PUBLIC const struct kc_tlv *kc_atr_historical_records(const struct kc_atr *atr, size_t *ret_n);

/* Does the card say that it takes chained commands, and lengths in the extended form? Since: 1.0 */
KC_PUBLIC bool kc_atr_can_chain(const struct kc_atr *atr);
KC_PUBLIC bool kc_atr_can_extend(const struct kc_atr *atr);

#ifdef __cplusplus
}
#endif

#endif
