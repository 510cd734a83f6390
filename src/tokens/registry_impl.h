/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_REGISTRY_IMPL_H
#define TOKENS_REGISTRY_IMPL_H

/* What the files of this room share of the registry. */

#include "base/list.h"
#include "tokens/driver_reload.h"
#include "tokens/familiar.h"
#include "tokens/inspector.h"
#include "tokens/manifest_set.h"
#include "tokens/registry.h"

struct registry {
	sd_event *event;
	struct registry_settings settings;
	struct registry_hooks hooks;
	struct manifest_set manifests;
	struct driver_watch *driver_watch;
	struct inspector *inspector;
	struct familiar familiar;
	struct cache *cache;	   /* NULL: nothing is kept */
	struct list slots;	   /* slot::link */
	struct list tokens;	   /* token::link, present and refused */
	struct list card_sessions; /* card_session::link */
	int64_t last_card_session;
	uint64_t last_insertion;
	struct list pin_sessions; /* pin_session::link */
	uint64_t last_session;
	sd_event_source *listener;
	sd_event_source *progress;     /* progress.c: a look at which cards are being read */
	struct reader_slots *readers;  /* NULL: that provider is switched off */
	sd_event_source *accept_pause; /* of the listener, when descriptors ran out */
};

#endif
