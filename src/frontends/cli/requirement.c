/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Access control in words that a person types. */
#include "frontends/cli/requirement.h"

#include <string.h>

#include <keycask/item.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "frontends/owned.h"

static const char *find_flag(struct kc_view word)
{
	static const char *const flags[][2] = {
		{"presence", KC_ACCESS_CONTROL_USER_PRESENCE},
		{"passcode", KC_ACCESS_CONTROL_DEVICE_PASSCODE},
		{"application-password", KC_ACCESS_CONTROL_APPLICATION_PASSWORD},
	};

	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (view_equal(word, view_of_text(flags[i][0])))
			return flags[i][1];
	return NULL;
}

enum {
	FLAGS_MAX = 3, /* that are said, and */
	ALL_FLAGS_MAX = FLAGS_MAX + 1,
};

enum kc_status requirement_check(struct context *context, const struct requirement *requirement)
{
	const char *accessible = requirement->accessible;
	static const char *const classes[] = {
		KC_ACCESSIBLE_WHEN_UNLOCKED,
		KC_ACCESSIBLE_WHEN_UNLOCKED_THIS_DEVICE_ONLY,
		KC_ACCESSIBLE_AFTER_FIRST_UNLOCK,
		KC_ACCESSIBLE_AFTER_FIRST_UNLOCK_THIS_DEVICE_ONLY,
		KC_ACCESSIBLE_ALWAYS,
		KC_ACCESSIBLE_ALWAYS_THIS_DEVICE_ONLY,
		KC_ACCESSIBLE_WHEN_PASSCODE_SET_THIS_DEVICE_ONLY,
	};

	for (size_t i = 0; i < ARRAY_LEN(classes); i++)
		if (!accessible || strcmp(accessible, classes[i]) == 0)
			return KC_OK;
	return usage_error(context, "--accessible is %s, %s, %s, %s, %s, %s or %s, not '%s'",
			   classes[0], classes[1], classes[2], classes[3], classes[4], classes[5],
			   classes[6], accessible);
}

/* "presence,application-password" */
static enum kc_status read_flags(struct context *context, const char *words,
				 struct kc_literal *flags, size_t *ret_n)
{
	size_t n = 0;

	for (const char *at = words; at;) {
		size_t len = strcspn(at, ",");
		const char *flag = find_flag(view_of(at, len));

		if (!flag || n == FLAGS_MAX)
			return usage_error(context,
					   "--require is presence, passcode or "
					   "application-password, or two of them with a comma, "
					   "not '%s'",
					   words);
		flags[n++] = KC_TEXT(flag);
		at = at[len] ? at + len + 1 : NULL;
	}
	*ret_n = n;
	return KC_OK;
}

static enum kc_status put_control(struct context *context, const struct requirement *requirement,
				  struct kc_dictionary *dictionary)
{
	const char *accessible =
		requirement->accessible ? requirement->accessible : KC_ACCESSIBLE_WHEN_UNLOCKED;
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *object = NULL;
	struct kc_literal flags[ALL_FLAGS_MAX];
	size_t n = 0;

	TRY(read_flags(context, requirement->require, flags, &n));
	if (requirement->usage)
		flags[n++] = KC_TEXT(requirement->usage);
	object = KC_DICTIONARY({KC_ACCESS_CONTROL_ACCESSIBLE, KC_TEXT(accessible)},
			       {KC_ACCESS_CONTROL_FLAGS, KC_ARRAY(flags, n)});
	REQUIRE(object, KC_ERR_ALLOCATE, "out of memory");
	return kc_dictionary_set(dictionary, KC_ATTR_ACCESS_CONTROL, KC_NESTED(object));
}

enum kc_status requirement_put(struct context *context, const struct requirement *requirement,
			       struct kc_dictionary *dictionary)
{
	if (requirement->require)
		return put_control(context, requirement, dictionary);
	if (!requirement->accessible)
		return KC_OK;
	return kc_dictionary_set(dictionary, KC_ATTR_ACCESSIBLE, KC_TEXT(requirement->accessible));
}
