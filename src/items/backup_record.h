/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_BACKUP_RECORD_H
#define ITEMS_BACKUP_RECORD_H

/*
 * One item as it stands in a backup: class, persistent reference, attributes, secret. Bytes in and
 * out; whether they make sense is not asked here. docs/store-format.md has every byte.
 */

#include "codec/vocabulary.h"
#include "store/schema.h"

struct backup_record {
	enum vocabulary_class item_class; /* never an identity */
	uint8_t item_id[SCHEMA_ID_BYTES];
	bool has_secret;
	struct kc_view attributes; /* JSON */
	struct kc_view secret;
};

KC_MUST_CHECK enum kc_status backup_record_put(const struct backup_record *record,
					       struct bytes *bytes);

/* Borrows from @bytes. Expected: KC_ERR_DECODE */
KC_MUST_CHECK enum kc_status backup_record_get(struct kc_view bytes,
					       struct backup_record *ret_record);

#endif
