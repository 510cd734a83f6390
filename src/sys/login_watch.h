/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SYS_LOGIN_WATCH_H
#define SYS_LOGIN_WATCH_H

/*
 * The user's screen is being locked, or the machine is about to sleep: org.freedesktop.login1 on
 * the system bus. Where there is no such bus, nobody says so, and that is no failure.
 */

#include <systemd/sd-event.h>

#include <keycask/status.h>

#include "base/cleanup.h"

struct login_watch;

/* @event, and what @on_away gets, must outlive the watch. @why is for a log: "the machine is about
 * to sleep". */
typedef void (*login_away_fn)(void *userdata, const char *why);

/* Expected: KC_ERR_NOT_AVAILABLE  there is no system bus */
KC_MUST_CHECK enum kc_status login_watch_new(sd_event *event, login_away_fn on_away, void *userdata,
					     struct login_watch **ret_watch);
struct login_watch *login_watch_free(struct login_watch *watch);
DEFINE_FREEP(login_watch)

#endif
