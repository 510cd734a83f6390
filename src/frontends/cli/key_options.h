/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_KEY_OPTIONS_H
#define CLI_KEY_OPTIONS_H

/* What keycask key create and key import say of the key that becomes an item, and how they show it.
 */

#include <keycask/key.h>

#include "frontends/cli/options.h"
#include "frontends/cli/requirement.h"

struct key_options {
	const char *label;
	const char *tag;
	const char *group;
	struct requirement requirement;
	bool is_extractable;
	bool no_prompt;
};

/* The rows for options_parse(); a C expression list. */
#define KEY_OPTIONS_ROWS(options)                                                                  \
	{"label", OPTION_TEXT, &(options)->label}, {"tag", OPTION_TEXT, &(options)->tag},          \
		{"group", OPTION_TEXT, &(options)->group},                                         \
		{"accessible", OPTION_TEXT, &(options)->requirement.accessible},                   \
		{"require", OPTION_TEXT, &(options)->requirement.require},                         \
		{"extractable", OPTION_FLAG, &(options)->is_extractable},                          \
	{                                                                                          \
		"no-prompt", OPTION_FLAG, &(options)->no_prompt                                    \
	}

#define KEY_OPTIONS_HELP                                                                           \
	"  --label TEXT       what keycask list calls it\n"                                        \
	"  --tag TEXT         its application tag, by which programs find it\n"                    \
	"  --group GROUP      the access group that it is for\n"                                   \
	"  --extractable      it may be copied out again; otherwise it can only be used\n"         \
	"  --accessible WHEN  when_unlocked (otherwise), after_first_unlock, always; with\n"       \
	"                     _this_device_only it stays out of backups;\n"                        \
	"                     when_passcode_set_this_device_only\n"                                \
	"  --require WHAT     each time it is used: presence (somebody agrees), passcode (types "  \
	"the\n"                                                                                    \
	"                     keychain's password), application-password (types one of its own)\n" \
	"  --no-prompt        fail rather than ask a person\n"

/* A permanent key with these attributes: added to @attributes. */
KC_MUST_CHECK enum kc_status key_options_put(struct context *context, struct key_options *options,
					     struct kc_dictionary *attributes);

/* Print the item that @key is now: @done is "Made", "Imported". */
KC_MUST_CHECK enum kc_status key_options_report(const struct context *context, const char *done,
						const struct key_options *options,
						const struct kc_key *key);

#endif
