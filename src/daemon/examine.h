/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_EXAMINE_H
#define DAEMON_EXAMINE_H

/*
 * The daemon looks at itself and around: what keycask doctor cannot know. Each examine_ function
 * is one topic and appends to @findings. Nothing here waits for a card or a person.
 */

#include "daemon/daemon.h"
#include "daemon/examine_finding.h"

/* All topics. */
KC_MUST_CHECK enum kc_status examine_daemon(struct daemon *daemon,
					    struct json_object **ret_findings);

/* examine_access.c */
KC_MUST_CHECK enum kc_status examine_access(struct daemon *daemon, struct json_object *findings);

/* examine_keychain.c */
KC_MUST_CHECK enum kc_status examine_keychain(const struct daemon *daemon,
					      struct json_object *findings);

/* examine_readers.c */
KC_MUST_CHECK enum kc_status examine_readers(const struct daemon *daemon,
					     struct json_object *findings);
/* examine_drivers.c */
KC_MUST_CHECK enum kc_status examine_drivers(const struct daemon *daemon,
					     struct json_object *findings);
KC_MUST_CHECK enum kc_status examine_drivers_confinement(struct json_object *findings);

#endif
