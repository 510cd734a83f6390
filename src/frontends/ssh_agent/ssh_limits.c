/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RFC 9987: "if an agent does not recognise or support a requested constraint it MUST refuse the
 * request". A key without what was asked for would be a weaker one than its owner believes. */
#include "frontends/ssh_agent/ssh_limits.h"

#include <time.h>

#include "base/try.h"
#include "codec/ssh_wire.h"

enum {
	CONSTRAIN_LIFETIME = 1,
	CONSTRAIN_CONFIRM = 2,
	CONSTRAIN_EXTENSION = 255,
	US_PER_S = 1000 * 1000,
};

void ssh_limits_done(struct ssh_limits *limits)
{
	ssh_destinations_done(&limits->destinations);
}

static int64_t now_us(clockid_t clock)
{
	struct timespec now = {0};

	ignore(clock_gettime(clock, &now));
	return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}

/* A lifetime is a time that passes, asleep or not: whoever sets the clock back gains none. A time
 * of the settings outlives the machine's, so it is one of the calendar. */
bool ssh_limits_are_over(const struct ssh_limits *limits)
{
	return (limits->until_us != 0 && now_us(CLOCK_REALTIME) >= limits->until_us) ||
	       (limits->ends_us != 0 && now_us(CLOCK_BOOTTIME) >= limits->ends_us);
}

static enum kc_status read_lifetime(struct kc_view *input, struct ssh_limits *limits)
{
	uint32_t seconds = 0;

	TRY(ssh_wire_uint32(input, &seconds));
	REQUIRE(seconds > 0, KC_ERR_DECODE, "a lifetime of no time");
	limits->ends_us = now_us(CLOCK_BOOTTIME) + (int64_t)seconds * US_PER_S;
	return KC_OK;
}

static enum kc_status read_extension(struct kc_view *input, struct ssh_limits *limits)
{
	struct kc_view name = {NULL, 0};
	struct kc_view content = {NULL, 0};

	TRY(ssh_wire_string(input, &name));
	REQUIRE(ssh_wire_is(name, "restrict-destination-v00@openssh.com"), KC_ERR_UNIMPLEMENTED,
		"a constraint that is unknown here: the key is not taken");
	REQUIRE(ssh_destinations_are_any(&limits->destinations), KC_ERR_DECODE,
		"destinations that come twice");
	TRY(ssh_wire_string(input, &content));
	return ssh_destinations_add(&limits->destinations, content);
}

static enum kc_status read_one(struct kc_view *input, struct ssh_limits *limits)
{
	uint8_t type = 0;

	TRY(ssh_wire_byte(input, &type));
	switch (type) {
	case CONSTRAIN_LIFETIME:
		return read_lifetime(input, limits);
	case CONSTRAIN_CONFIRM:
		limits->confirm = true;
		return KC_OK;
	case CONSTRAIN_EXTENSION:
		return read_extension(input, limits);
	default:
		return fail(KC_ERR_UNIMPLEMENTED,
			    "a constraint that is unknown here: the key is not taken");
	}
}

enum kc_status ssh_limits_read(struct kc_view input, struct ssh_limits *limits)
{
	while (input.len > 0)
		TRY(read_one(&input, limits));
	return KC_OK;
}
