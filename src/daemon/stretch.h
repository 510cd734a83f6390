/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_STRETCH_H
#define DAEMON_STRETCH_H

/* Turning a password into a key beside the loop: keybag_stretch() is slow on purpose. */

#include <systemd/sd-event.h>

#include "base/secret.h"
#include "store/keybag.h"

struct stretch;

/* @stretched is empty unless @status is KC_OK, and may be taken. Never runs inside stretch_start().
 */
typedef void (*stretch_done_fn)(void *userdata, enum kc_status status, struct secret *stretched);

/* Takes @password on success. *ret_stretch lives until on_done, or stretch_abandon(). */
KC_MUST_CHECK enum kc_status stretch_start(sd_event *event,
					   const struct keybag_stretching *stretching,
					   struct secret *password, stretch_done_fn on_done,
					   void *userdata, struct stretch **ret_stretch);

/* Nobody wants it any more: on_done does not run. NULL is fine. */
void stretch_abandon(struct stretch *stretch);

#endif
