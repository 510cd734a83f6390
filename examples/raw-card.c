/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Speak to a card without a driver: does it have a PIV application, and which certificate is in it
 * for PIV authentication?
 *
 *	cc raw-card.c $(pkg-config --cflags --libs keycask)
 */
#include <stdio.h>
#include <stdlib.h>

#include <keycask/error.h>
#include <keycask/smartcard.h>

/* SP 800-73-4 part 1, 2.2 and 4.3 */
static const uint8_t piv_aid[] = {0xA0, 0x00, 0x00, 0x03, 0x08};
static const uint8_t authentication_certificate[] = {0x5C, 0x03, 0x5F, 0xC1, 0x05};

static struct kc_view view(const uint8_t *data, size_t len)
{
	struct kc_view view;

	view.data = data;
	view.len = len;
	return view;
}

/* The answer to GET DATA is 53 (70 (the certificate) 71 … FE …). */
static void print_certificate(struct kc_view answer)
{
	struct kc_view object;
	struct kc_view certificate;

	if (kc_tlv_find(KC_TLV_BER, answer, 0x53, &object) == KC_OK &&
	    kc_tlv_find(KC_TLV_BER, object, 0x70, &certificate) == KC_OK)
		printf("a certificate of %lu bytes\n", (unsigned long)certificate.len);
	else
		printf("no certificate\n");
}

static enum kc_status look(struct kc_smart_card *card, void *context)
{
	struct kc_ins select = {0xA4, 0x04, 0x00, {NULL, 0}, KC_LE_ALL};
	struct kc_ins get_data = {0xCB, 0x3F, 0xFF, {NULL, 0}, KC_LE_ALL};
	struct kc_bytes answer = {NULL, 0};
	uint16_t sw = 0;
	enum kc_status status;

	(void)context;
	select.data = view(piv_aid, sizeof(piv_aid));
	status = kc_smart_card_send_ins(card, &select, NULL, &sw);
	if (status != KC_OK)
		return status;
	if (sw != 0x9000) {
		printf("%s: no PIV application (%04X)\n", kc_smart_card_slot_name(card),
		       (unsigned)sw);
		return KC_OK;
	}
	get_data.data = view(authentication_certificate, sizeof(authentication_certificate));
	status = kc_smart_card_send_ins(card, &get_data, &answer, &sw);
	if (status == KC_OK) {
		printf("%s: PIV, with ", kc_smart_card_slot_name(card));
		print_certificate(view(answer.data, answer.len));
	}
	kc_bytes_free(&answer);
	return status;
}

int main(void)
{
	struct kc_smart_card *card = NULL;
	enum kc_status status = kc_smart_card_new(NULL, &card);

	if (status == KC_OK)
		status = kc_smart_card_in_session(card, -1, look, NULL);
	if (status != KC_OK)
		fprintf(stderr, "%s\n", kc_error_message(kc_error_last()));
	kc_smart_card_free(card);
	return status == KC_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
