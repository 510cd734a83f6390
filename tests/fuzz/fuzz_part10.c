/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a hostile reader says of itself, and what a hostile driver has it do: lists of features
 * and properties, and structures that the software card's keypad fills in.
 */
#include "codec/part10_entry.h"

#include <stdlib.h>

#include "base/try.h"
#include "codec/apdu.h"
#include "vcard/pinpad.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_so)
{
	if (!is_so)
		abort();
}

/* A list that was understood is written and understood again alike. */
static void read_features(struct kc_view input)
{
	CLEANUP(bytes_done) struct bytes list = BYTES_INIT(PART10_FEATURES_MAX * 6);
	struct part10_features features;
	struct part10_features again;

	if (part10_get_features(input, &features) != KC_OK)
		return;
	demand(!part10_has(&features, PART10_FEATURE_LIST));
	demand(part10_put_features(&list, &features) == KC_OK);
	demand(part10_get_features(bytes_view(&list), &again) == KC_OK);
	for (size_t i = 0; i < PART10_FEATURES_MAX; i++)
		demand(features.control[i] == again.control[i]);
}

static void read_properties(struct kc_view input)
{
	static const struct kc_pin_format format = KC_PIN_FORMAT_DEFAULT;
	struct part10_properties properties;

	if (part10_get_properties(input, &properties) == KC_OK)
		ignore(part10_check_format(&format, &properties));
}

static void read_entry(struct kc_view input, bool is_change)
{
	CLEANUP(bytes_done) struct bytes command = BYTES_INIT(APDU_COMMAND_MAX);
	struct part10_request request;
	struct apdu_command filled;
	enum kc_status status = KC_OK;

	if (part10_entry_get(input, is_change, &request) != KC_OK)
		return;
	demand(bytes_append(&command, request.entry.apdu) == KC_OK);
	status = pinpad_fill(&request, view_of_text("123456"), request.entry.new_byte, &command);
	demand(command.data[4] == command.len - 5);
	if (status == KC_OK && command.data[4] > 0)
		demand(apdu_get_command(bytes_view(&command), &filled) == KC_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kc_view input = view_of(data, size);

	read_features(input);
	read_properties(input);
	read_entry(input, false);
	read_entry(input, true);
	return 0;
}
