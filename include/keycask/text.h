/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYCASK_TEXT_H
#define KEYCASK_TEXT_H

/*
 * Bytes as text, and foreign text for a person's eyes: what every front end needs and nobody
 * should write twice.
 *
 * Stable since 1.0. Functions here touch no daemon; Threads: any.
 */

#include <keycask/bytes.h>
#include <keycask/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Lower-case hexadecimal. The caller's to free(); NULL when memory runs out. Since: 1.0 */
KC_PUBLIC KC_MUST_CHECK char *kc_text_hex(struct kc_view data);

/*
 * The bytes that hexadecimal text stands for, in either case, without blanks.
 * Expected: KC_ERR_PARAM  it is none
 * Ownership: *ret_data is the caller's; free with kc_bytes_free(). Untouched on failure.
 * Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_text_hex_decode(const char *hex,
							  struct kc_bytes *ret_data);

/* Base64 (RFC 4648 section 4). The caller's to free(); NULL when memory runs out. Since: 1.0 */
KC_PUBLIC KC_MUST_CHECK char *kc_text_base64(struct kc_view data);

/*
 * The bytes that base64 text stands for; padding is required, blanks are not allowed.
 * Expected: KC_ERR_PARAM  it is none
 * Ownership: *ret_data is the caller's; free with kc_bytes_free(). Untouched on failure.
 * Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_text_base64_decode(const char *base64,
							     struct kc_bytes *ret_data);

/*
 * @text (a label from a card, a name from a certificate) safe to print on one line of a terminal:
 * control, bidirectional and invisible characters and bytes that are not UTF-8 as escapes, at most
 * @max_bytes long. The caller's to free(); NULL when memory runs out. Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK char *kc_text_for_display(const char *text, size_t max_bytes);

#ifdef __cplusplus
}
#endif

#endif
