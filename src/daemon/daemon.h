/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

/*
 * keycaskd as a whole: what main.c sets up, wiring.c connects and the handlers use.
 */

#include <systemd/sd-event.h>

#include "base/list.h"
#include "daemon/agent_socket.h"
#include "daemon/audit.h"
#include "daemon/broadcast.h"
#include "daemon/certificate_facts.h"
#include "daemon/config.h"
#include "daemon/entitlement_set.h"
#include "daemon/idle.h"
#include "items/engine.h"
#include "prompts/prompt.h"
#include "sys/crew.h"
#include "sys/login_watch.h"
#include "sys/paths.h"
#include "tokens/registry.h"
#include "wire/server.h"

struct daemon {
	sd_event *event;
	struct config config;
	char socket[PATHS_MAX];
	char slot_socket[PATHS_MAX];
	char driver_folder[PATHS_MAX];
	char user_driver_folder[PATHS_MAX];
	char driver_choices[PATHS_MAX];
	char started[32]; /* RFC 3339 */
	int lock;
	int starter;		   /* detach.h: who waits until we are ready, -1: nobody */
	sd_event_source *patience; /* readiness.c: until we are ready in any case */
	bool has_device_key;	   /* else what is sealed under it is left alone */
	bool has_made_socket;	   /* false: the listener is systemd's, and stays */
	struct audit *audit;
	struct entitlement_set entitlements;
	struct idle *idle;
	struct crew *crew; /* for what takes longer than the loop may wait */
	struct engine *engine;
	struct desk *desk;
	struct registry *registry;
	struct certificate_facts *certificate_facts;
	struct inspector *judge; /* keycask-x509 that knows what is trusted */
	unsigned n_locks;	 /* times that the keychain, or the screen, was locked: context.h */
	struct list batches;	 /* batch.h */
	struct login_watch *login; /* NULL: there is no system bus */
	struct wire_service *service;
	struct wire_server *server;
	struct agent_socket *agent_socket; /* NULL: none can be had */
	struct broadcast token_watchers;
	struct broadcast slot_watchers;
};

#endif
