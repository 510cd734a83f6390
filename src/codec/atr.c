/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The answer to reset, ISO 7816-3 section 8.2, and its historical bytes, ISO 7816-4 section 8.1.1.
 * Every byte comes from a card that nobody has authenticated yet.
 */
#include "codec/atr.h"

#include "base/try.h"

enum {
	TS_DIRECT = 0x3b,
	TS_INVERSE = 0x3f,
	HAS_TA = 0x10,
	HAS_TB = 0x20,
	HAS_TC = 0x40,
	HAS_TD = 0x80,
	LOW_NIBBLE = 0x0f,
	CATEGORY_STATUS_AT_END = 0x00,
	CATEGORY_STATUS_IN_RECORD = 0x80,
	STATUS_BYTES = 3,
	TAG_STATUS = 8,
	TAG_CAPABILITIES = 7,
	CAPABILITY_BYTES = 3,
	CAN_CHAIN = 0x80,
	CAN_EXTEND = 0x40,
};

/* An ATR as far as it has been read. */
struct reading {
	atr_next_fn next;
	void *context;
	struct atr *atr;
};

static enum kc_status take_byte(struct reading *reading, uint8_t *ret_byte)
{
	struct atr *atr = reading->atr;

	/* 8.2.1: "The sequence of characters is at most 32 long, TS not counted". */
	REQUIRE(atr->len < ATR_BYTES_MAX, KC_ERR_CORRUPTED_DATA, "the ATR is too long");
	TRY(reading->next(reading->context, &atr->bytes[atr->len]));
	*ret_byte = atr->bytes[atr->len++];
	return KC_OK;
}

static enum kc_status take_optional(struct reading *reading, bool is_there, int *ret_value)
{
	uint8_t byte = 0;

	*ret_value = ATR_ABSENT;
	if (!is_there)
		return KC_OK;
	TRY(take_byte(reading, &byte));
	*ret_value = byte;
	return KC_OK;
}

static void note_protocol(struct atr *atr, uint8_t protocol)
{
	for (size_t i = 0; i < atr->n_protocols; i++) {
		if (atr->protocols[i] == protocol)
			return;
	}
	atr->protocols[atr->n_protocols++] = protocol; /* four bits, each value once: it fits */
}

/* 8.2.3: Yi, in T0 and then in each TD, says which of TAi TBi TCi TDi follow. */
static enum kc_status take_group(struct reading *reading, uint8_t indicator, int protocol,
				 int *ret_td)
{
	struct atr *atr = reading->atr;
	struct atr_group group = {.protocol = protocol};

	TRY(take_optional(reading, indicator & HAS_TA, &group.ta));
	TRY(take_optional(reading, indicator & HAS_TB, &group.tb));
	TRY(take_optional(reading, indicator & HAS_TC, &group.tc));
	TRY(take_optional(reading, indicator & HAS_TD, ret_td));
	atr->groups[atr->n_groups++] = group; /* each but the last has a byte: it fits */
	return KC_OK;
}

static enum kc_status take_groups(struct reading *reading, uint8_t t0)
{
	int td = ATR_ABSENT;

	TRY(take_group(reading, t0, ATR_ABSENT, &td));
	while (td != ATR_ABSENT) {
		uint8_t protocol = (uint8_t)(td & LOW_NIBBLE);

		note_protocol(reading->atr, protocol);
		TRY(take_group(reading, (uint8_t)(td & ~LOW_NIBBLE), protocol, &td));
	}
	/* 8.2.3: "If TD1 is absent, the only offer is T=0." */
	if (reading->atr->n_protocols == 0)
		note_protocol(reading->atr, 0);
	return KC_OK;
}

static enum kc_status take_historical(struct reading *reading, size_t n)
{
	uint8_t byte = 0;

	reading->atr->historical_at = reading->atr->len;
	reading->atr->n_historical = n;
	for (size_t i = 0; i < n; i++)
		TRY(take_byte(reading, &byte));
	return KC_OK;
}

/*
 * 8.2.5: "If the only indicated protocol is T=0, TCK is absent; else the exclusive-or of all bytes
 * from T0 to TCK is 00."
 */
static enum kc_status take_check_byte(struct reading *reading)
{
	struct atr *atr = reading->atr;
	uint8_t sum = 0;

	if (atr->n_protocols == 1 && atr->protocols[0] == 0)
		return KC_OK;
	TRY(take_byte(reading, &sum));
	for (size_t i = 1; i + 1 < atr->len; i++)
		sum ^= atr->bytes[i];
	REQUIRE(sum == 0, KC_ERR_CORRUPTED_DATA, "the ATR's check byte is wrong");
	return KC_OK;
}

enum kc_status atr_pull(atr_next_fn next, void *context, struct atr *ret_atr)
{
	struct atr atr = {0};
	struct reading reading = {next, context, &atr};
	uint8_t ts = 0;
	uint8_t t0 = 0;

	TRY(take_byte(&reading, &ts));
	REQUIRE(ts == TS_DIRECT || ts == TS_INVERSE, KC_ERR_CORRUPTED_DATA,
		"an ATR begins with 3B or 3F, not with %02X", (unsigned)ts);
	TRY(take_byte(&reading, &t0));
	TRY(take_groups(&reading, t0));
	TRY(take_historical(&reading, t0 & LOW_NIBBLE));
	TRY(take_check_byte(&reading));
	*ret_atr = atr;
	return KC_OK;
}

static enum kc_status next_of_view(void *context, uint8_t *ret_byte)
{
	struct kc_view *rest = context;

	REQUIRE(rest->len > 0, KC_ERR_CORRUPTED_DATA, "the ATR ends too early");
	*ret_byte = rest->data[0];
	*rest = view_slice(*rest, 1, rest->len);
	return KC_OK;
}

enum kc_status atr_parse(struct kc_view bytes, struct atr *ret_atr)
{
	struct atr atr;

	TRY(atr_pull(next_of_view, &bytes, &atr));
	REQUIRE(bytes.len == 0, KC_ERR_CORRUPTED_DATA, "%zu bytes follow the ATR", bytes.len);
	*ret_atr = atr;
	return KC_OK;
}

/* --- historical bytes ------------------------------------------------------------------------ */

struct kc_view atr_historical(const struct atr *atr)
{
	return view_of(atr->bytes + atr->historical_at, atr->n_historical);
}

static bool read_records(struct kc_view input, struct tlv records[ATR_RECORDS_MAX], size_t *ret_n)
{
	struct error_record before = *error_get();
	enum kc_status status = KC_OK;

	for (*ret_n = 0; input.len > 0 && status == KC_OK; (*ret_n)++)
		status = tlv_read_compact(&input, &records[*ret_n]);
	error_adopt(&before);
	return status == KC_OK;
}

bool atr_records(const struct atr *atr, struct tlv records[ATR_RECORDS_MAX], size_t *ret_n)
{
	struct kc_view historical = atr_historical(atr);
	struct kc_view rest = view_slice(historical, 1, historical.len);

	if (historical.len == 0)
		return false;
	if (historical.data[0] == CATEGORY_STATUS_IN_RECORD)
		return read_records(rest, records, ret_n);
	/* ISO 7816-4 8.1.1.3: in category 00 "a mandatory status indicator consists of the last
	 * three historical bytes". */
	if (historical.data[0] != CATEGORY_STATUS_AT_END || rest.len < STATUS_BYTES)
		return false;
	if (!read_records(view_slice(rest, 0, rest.len - STATUS_BYTES), records, ret_n))
		return false;
	rest = view_slice(rest, rest.len - STATUS_BYTES, STATUS_BYTES);
	records[(*ret_n)++] = (struct tlv){.tag = TAG_STATUS, .value = rest, .record = rest};
	return true;
}

/* ISO 7816-4 8.1.1.2.7, table 88: the third capability byte. */
static bool has_capability(const struct atr *atr, uint8_t bit)
{
	struct tlv records[ATR_RECORDS_MAX];
	size_t n = 0;

	if (!atr_records(atr, records, &n))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct kc_view value = records[i].value;

		if (records[i].tag == TAG_CAPABILITIES && value.len >= CAPABILITY_BYTES)
			return value.data[CAPABILITY_BYTES - 1] & bit;
	}
	return false;
}

bool atr_can_chain(const struct atr *atr)
{
	return has_capability(atr, CAN_CHAIN);
}

bool atr_can_extend(const struct atr *atr)
{
	return has_capability(atr, CAN_EXTEND);
}
