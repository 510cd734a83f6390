/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_DISPATCH_H
#define DAEMON_DISPATCH_H

/* The tables of all that clients may call. */

#include "wire/service.h"

/* Add every interface for clients; fails when a table and its definition in protocol/ differ. */
KC_MUST_CHECK enum kc_status dispatch_fill(struct wire_service *service);

#endif
