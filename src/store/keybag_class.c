/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The protection classes of reference/keychain.md 4.3, by the names that "accessible" has. */
#include <string.h>

#include "store/keybag.h"

static const struct {
	const char *name;
	bool is_for_this_device;
} classes[KEYBAG_CLASSES_END] = {
	[KEYBAG_WHEN_UNLOCKED] = {"when_unlocked", false},
	[KEYBAG_AFTER_FIRST_UNLOCK] = {"after_first_unlock", false},
	[KEYBAG_ALWAYS] = {"always", false},
	[KEYBAG_WHEN_UNLOCKED_DEVICE] = {"when_unlocked_this_device_only", true},
	[KEYBAG_AFTER_FIRST_UNLOCK_DEVICE] = {"after_first_unlock_this_device_only", true},
	[KEYBAG_ALWAYS_DEVICE] = {"always_this_device_only", true},
	[KEYBAG_WHEN_PASSCODE_SET_DEVICE] = {"when_passcode_set_this_device_only", true},
};

/* What comes from a file may be any number. */
static bool is_class(enum keybag_class protection)
{
	return protection >= KEYBAG_WHEN_UNLOCKED && (int)protection < KEYBAG_CLASSES_END;
}

const char *keybag_class_name(enum keybag_class protection)
{
	return is_class(protection) ? classes[protection].name : NULL;
}

bool keybag_find_class(const char *name, enum keybag_class *ret_protection)
{
	for (int i = KEYBAG_WHEN_UNLOCKED; i < KEYBAG_CLASSES_END; i++)
		if (strcmp(classes[i].name, name) == 0) {
			*ret_protection = (enum keybag_class)i;
			return true;
		}
	return false;
}

bool keybag_class_is_for_this_device(enum keybag_class protection)
{
	return is_class(protection) && classes[protection].is_for_this_device;
}
