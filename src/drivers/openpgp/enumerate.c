/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a card publishes: its passwords, and per key the certificate that belongs to it, where there
 * is one, and the key. One place that cannot be read leaves the others as they are. On insertion:
 * SELECT, AID, application related data; two or three short commands for each RSA key; one for the
 * first certificate, two for each of the others.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "base/try.h"
#include "drivers/openpgp/openpgp.h"

enum {
	TAG_KEY_INFORMATION = 0xDE,
	KEY_INFORMATION_BYTES = 2, /* reference and status for each key */
	APPLICATION_MAX = 4096,
	CERTIFICATE_MAX = 16384,
};

/* 4.4.3.8, DE: status 00 is "not present". Cards before 3.4 do not say. */
bool openpgp_is_surely_absent(struct kc_view application, const struct openpgp_place *place)
{
	struct kc_view information = {NULL, 0};

	if (!openpgp_find(application, TAG_KEY_INFORMATION, &information))
		return false;
	while (information.len >= KEY_INFORMATION_BYTES) {
		if (information.data[0] == place->reference)
			return information.data[1] == 0;
		information = view_slice(information, KEY_INFORMATION_BYTES, information.len);
	}
	return false;
}

static enum kc_status skip(enum kc_status status, const char *what,
			   const struct openpgp_place *place)
{
	if (!openpgp_can_skip(status))
		return status;
	if (status != KC_ERR_OBJECT_NOT_FOUND)
		log_info("no %s of the %s key: %s", what, place->name, error_get()->message);
	error_clear();
	return KC_OK;
}

static enum kc_status publish_certificate(struct kc_token *token, struct kc_contents *contents,
					  enum openpgp_index index)
{
	struct openpgp_state *state = kc_token_state(token);
	const struct openpgp_place *place = &openpgp_places[index];
	CLEANUP(bytes_done) struct bytes der = BYTES_INIT(CERTIFICATE_MAX);
	uint8_t object_id[OPENPGP_CERTIFICATE_ID_BYTES];
	char label[OPENPGP_LABEL_BYTES];

	TRY(openpgp_get_certificate(token, place->occurrence, &der));
	openpgp_put_certificate_id(place, object_id);
	openpgp_put_certificate_label(place, label);
	TRY(kc_contents_add_certificate(contents, VIEW_OF(object_id), label, bytes_view(&der)));
	state->keys[index].has_certificate =
		openpgp_certifies(bytes_view(&der), &state->keys[index]);
	return KC_OK;
}

static enum kc_status read_keys(struct kc_token *token, struct kc_view application)
{
	struct openpgp_state *state = kc_token_state(token);

	for (size_t i = 0; i < OPENPGP_N_KEYS; i++) {
		const struct openpgp_place *place = &openpgp_places[i];

		if (openpgp_is_surely_absent(application, place))
			continue;
		TRY(skip(openpgp_read_public_key(token, application, place, &state->keys[i]),
			 "public key", place));
	}
	return KC_OK;
}

/* In the order in which certificates are read: the first one needs no choosing. */
static enum kc_status publish_keys(struct kc_token *token, struct kc_contents *contents)
{
	const struct openpgp_state *state = kc_token_state(token);

	for (size_t i = OPENPGP_N_KEYS; i-- > 0;) {
		enum openpgp_index index = (enum openpgp_index)i;

		TRY(skip(publish_certificate(token, contents, index), "certificate",
			 &openpgp_places[i]));
		if (state->keys[i].is_there)
			TRY(openpgp_add_key(token, contents, index));
	}
	return KC_OK;
}

enum kc_status openpgp_enumerate(struct kc_token *token, struct kc_contents *contents)
{
	struct openpgp_state *state = kc_token_state(token);
	CLEANUP(bytes_done) struct bytes application = BYTES_INIT(APPLICATION_MAX);

	memset(state->keys, 0, sizeof(state->keys));
	TRY(openpgp_read_application(token, &application));
	TRY(openpgp_add_pins(token, contents));
	TRY(read_keys(token, bytes_view(&application)));
	return publish_keys(token, contents);
}
