/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each certificate that has a key makes an entry. A search for each entry, rather than one for all,
 * so that nothing is held between two of them: whoever chooses waits for another process.
 */
#include "items/roster.h"

#include <stdlib.h>
#include <string.h>

#include "base/copy.h"
#include "base/try.h"
#include "items/describe.h"
#include "items/identity_impl.h"
#include "items/permit_impl.h"
#include "items/result_impl.h"
#include "items/search_impl.h"

struct roster {
	struct engine *engine;
	struct engine_request *request;
	struct search *search;
	struct roster_entry entry;
	bool has_entry;
};

void roster_entry_done(struct roster_entry *entry)
{
	kc_bytes_free(&entry->reference);
	kc_bytes_free(&entry->key_reference);
	kc_bytes_free(&entry->certificate);
	free(entry->label);
	free(entry->subject);
	engine_key_done(&entry->key);
	*entry = (struct roster_entry){.state = ROSTER_OPEN};
}

static enum kc_status copy_reference(enum vocabulary_class item_class, struct row *row,
				     struct kc_bytes *ret_reference)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(REFERENCE_MAX);
	struct result_item item = {item_class, row, NULL};

	TRY(result_put_reference(&item, &bytes));
	*ret_reference = bytes_take(&bytes);
	return KC_OK;
}

static enum kc_status copy_certificate(const struct roster *roster, const struct row *row,
				       struct kc_bytes *ret_der)
{
	CLEANUP(bytes_done) struct bytes der = BYTES_INIT(ROW_SECRET_MAX);

	REQUIRE(row->has_secret, KC_ERR_DECODE, "a certificate without its bytes");
	TRY(row_open_secret(roster->engine, row, view_of(NULL, 0), &der));
	*ret_der = bytes_take(&der);
	return KC_OK;
}

/* What is proved later is not proved now: nobody is asked. */
static enum kc_status check_consent(struct roster *roster, const struct row *row,
				    enum access_control_operation operation)
{
	enum kc_status status = permit_check(roster->request, QUERY_UI_ALLOW, row, operation);

	engine_need_done(&roster->request->need);
	roster->request->need = (struct engine_need){.label = ""};
	return status;
}

static enum kc_status read_key(struct roster *roster, struct row *row)
{
	struct roster_entry *entry = &roster->entry;
	struct kc_view reference;

	TRY(row_open(roster->engine, row));
	TRY(check_consent(roster, row, ACCESS_CONTROL_READ));
	TRY(copy_reference(VOCABULARY_KEY, row, &entry->key_reference));
	reference = view_of(entry->key_reference.data, entry->key_reference.len);
	return engine_find_key(roster->engine, roster->request, reference, ENGINE_USE_PUBLIC,
			       &entry->key);
}

static enum kc_status read_certificate(struct roster *roster, struct row *row)
{
	struct roster_entry *entry = &roster->entry;

	TRY(check_consent(roster, row, ACCESS_CONTROL_READ_VALUE));
	TRY(copy_text(field_text(row->attributes, "label"), &entry->label));
	TRY(copy_text(field_text(row->attributes, DESCRIBE_SUBJECT_TEXT), &entry->subject));
	return copy_certificate(roster, row, &entry->certificate);
}

/* Is there one, whatever state it is in? */
static enum kc_status find_any_key(struct roster *roster, const struct row *certificate)
{
	CLEANUP(row_done) struct row key = {0};
	struct identity_terms terms = {roster->engine, &roster->request->caller, false};

	return identity_find_key(&terms, certificate, &key, &roster->has_entry);
}

static enum kc_status read_parts(struct roster *roster, struct row *certificate)
{
	CLEANUP(row_done) struct row key = {0};
	struct identity_terms terms = {roster->engine, &roster->request->caller, true};
	bool has_key = false;

	TRY(row_open(roster->engine, certificate));
	TRY(read_certificate(roster, certificate));
	TRY(identity_find_key(&terms, certificate, &key, &has_key));
	REQUIRE(has_key, KC_ERR_DECODE, "its key is damaged");
	return read_key(roster, &key);
}

static enum kc_status note_state(struct roster *roster, enum kc_status status)
{
	if (status == KC_ERR_INTERACTION_NOT_ALLOWED)
		roster->entry.state = ROSTER_LOCKED;
	else if (status == KC_ERR_AUTHENTICATION_NEEDED || status == KC_ERR_AUTH_FAILED)
		roster->entry.state = ROSTER_CONSENT_NEEDED;
	else if (status == KC_ERR_DECODE) /* as if it were not there */
		roster->has_entry = false;
	else
		return status;
	error_clear();
	return KC_OK;
}

static enum kc_status read_row(struct roster *roster, struct row *row)
{
	roster_entry_done(&roster->entry);
	TRY(find_any_key(roster, row));
	if (!roster->has_entry)
		return KC_OK;
	TRY(copy_reference(VOCABULARY_IDENTITY, row, &roster->entry.reference));
	return note_state(roster, read_parts(roster, row));
}

/* In a few rows; the rest is for the next time. */
static enum kc_status step(struct roster *roster, size_t rows_max)
{
	bool has_row = true;

	for (size_t n_rows = 0; n_rows < rows_max && !roster->has_entry; n_rows++) {
		CLEANUP(row_done) struct row row = {0};

		TRY(search_next(roster->search, &row, &has_row));
		if (!has_row)
			break;
		TRY(read_row(roster, &row));
		search_page_note(roster->search, &row);
	}
	roster->search->cursor.is_at_end = !has_row;
	return KC_OK;
}

/* That there is none is an answer; that nobody can tell is not. */
static enum kc_status check_end(const struct search *search)
{
	enum kc_status status = KC_OK;

	if (!search->cursor.is_at_end || search->cursor.n_items > 0)
		return KC_OK;
	status = search_fail_empty(search);
	if (status != KC_ERR_ITEM_NOT_FOUND)
		return status;
	error_clear();
	return KC_OK;
}

static void roster_done(struct roster *roster)
{
	roster_entry_done(&roster->entry);
	roster->search = search_free(roster->search);
}

enum kc_status roster_next(struct engine *engine, struct engine_request *request, size_t rows_max,
			   struct engine_cursor *cursor, struct roster_entry *ret_entry,
			   bool *ret_has_entry)
{
	struct query query = {.verb = QUERY_COPY,
			      .item_class = VOCABULARY_IDENTITY,
			      .ignores_synchronizable = true,
			      .limit = QUERY_NO_LIMIT};
	CLEANUP(roster_done) struct roster roster = {.engine = engine, .request = request};

	TRY(search_new(engine, &request->caller, &query, &roster.search));
	search_page_continue(roster.search, cursor, rows_max);
	TRY(step(&roster, rows_max));
	roster.search->cursor.n_items += roster.has_entry ? 1 : 0;
	TRY(check_end(roster.search));
	*cursor = roster.search->cursor;
	*ret_has_entry = roster.has_entry;
	if (!roster.has_entry)
		return KC_OK;
	*ret_entry = roster.entry;
	roster.entry = (struct roster_entry){.state = ROSTER_OPEN};
	return KC_OK;
}
