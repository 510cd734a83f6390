/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SSH_AGENT_SSH_SETTINGS_H
#define SSH_AGENT_SSH_SETTINGS_H

/*
 * ssh-agent.json in keycask's configuration folder: what keys of tokens and of the keychain may be
 * used for, as keycask ssh-agent restrict writes it. It is read again when it has changed. One that
 * cannot be understood has no key be offered: nobody can tell what it would have forbidden.
 */

#include <keycask/dictionary.h>

#include "base/cleanup.h"
#include "frontends/ssh_agent/ssh_limits.h"

struct ssh_settings;

/* @path of the file, which need not be there. */
KC_MUST_CHECK enum kc_status ssh_settings_new(const char *path, struct ssh_settings **ret_settings);
struct ssh_settings *ssh_settings_free(struct ssh_settings *settings);
DEFINE_FREEP(ssh_settings)

/* See whether the file has changed. Expected: KC_ERR_DECODE, KC_ERR_NOT_AVAILABLE  it is of no use
 */
KC_MUST_CHECK enum kc_status ssh_settings_refresh(struct ssh_settings *settings);

/* What is said of the key with that fingerprint; never NULL, and good until the next refresh. */
const struct ssh_limits *ssh_settings_limits(const struct ssh_settings *settings,
					     const char *fingerprint);
bool ssh_settings_hide(const struct ssh_settings *settings, const char *fingerprint);

/* The same entry as the file has it, for showing it; NULL: none. */
const struct kc_dictionary *ssh_settings_entry(const struct ssh_settings *settings,
					       const char *fingerprint);

/* Write the file anew with @entry (NULL: none) for that key. Of an entry: "confirm" and "hidden",
 * flags; "until", seconds since 1970; "to", an array of text; "constraints", base64 of what ssh-add
 * would send; "label". */
KC_MUST_CHECK enum kc_status ssh_settings_write(struct ssh_settings *settings,
						const char *fingerprint,
						const struct kc_dictionary *entry);

#endif
