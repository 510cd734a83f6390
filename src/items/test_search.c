/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a lookup costs: the plans of SQLite for the statements that queries become. Each starts from
 * an index, and nothing is ever sorted.
 */
#include "items/search_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "harness/test.h"
#include "items/scene.h"
#include "store/sql.h"

static void read_plan(struct scene *scene, const char *sql, struct bytes *plan)
{
	struct statement *statement = NULL;
	bool has_row = false;

	CHECK_OK(database_prepare(scene->engine->database, sql, &statement));
	CHECK_OK(database_step(statement, &has_row));
	while (has_row) {
		CHECK_OK(bytes_append(plan, view_of_text(database_column_text(statement, 3))));
		CHECK_OK(bytes_append(plan, view_of_text("; ")));
		CHECK_OK(database_step(statement, &has_row));
	}
	database_reset(statement);
	CHECK_OK(bytes_append_byte(plan, 0));
}

/* The plan for @query has @expected in it; of a page that begins in the middle, too. */
static void check_plan_of(struct scene *scene, enum schema_place place, const char *text,
			  const char *expected, bool is_paged)
{
	CLEANUP(field_free) struct json_object *dictionary = json_tokener_parse(text);
	CLEANUP(query_freep) struct query *query = NULL;
	CLEANUP(search_freep) struct search *search = NULL;
	CLEANUP(bytes_done) struct bytes sql = SQL_INIT;
	CLEANUP(bytes_done) struct bytes plan = SQL_INIT;
	const char *explain = NULL;

	CHECK_OK(query_new(QUERY_COPY, dictionary, &query));
	CHECK_OK(search_new(scene->engine, &scene->request.caller, query, &search));
	search->place = place;
	if (is_paged)
		search_page_continue(search, &(struct engine_cursor){.position = 1, .end = 9}, 9);
	CHECK_OK(sql_put(&sql, "EXPLAIN QUERY PLAN "));
	CHECK_OK(search_sql_put(search, &sql));
	CHECK_OK(sql_end(&sql, &explain));
	read_plan(scene, explain, &plan);
	if (!strstr((const char *)plan.data, expected) ||
	    (search->is_in_order && strstr((const char *)plan.data, "TEMP B-TREE")))
		test_fail(__FILE__, __LINE__, "%s: %s", text, (const char *)plan.data);
}

static void check_plan(struct scene *scene, enum schema_place place, const char *text,
		       const char *expected)
{
	check_plan_of(scene, place, text, expected, false);
}

#define GENERIC	    "{\"class\":\"generic_password\","
#define INTERNET    "{\"class\":\"internet_password\","
#define CERTIFICATE "{\"class\":\"certificate\","
#define KEY	    "{\"class\":\"key\","
#define IDENTITY    "{\"class\":\"identity\","

TEST(search_of_passwords_starts_from_an_index)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	check_plan(&scene, SCHEMA_FILE, GENERIC "\"service\":\"s\",\"account\":\"a\"}",
		   "USING INDEX generic_passwords_by_service (service=? AND account=?)");
	check_plan(&scene, SCHEMA_FILE,
		   GENERIC "\"service\":\"s\",\"account\":\"a\",\"label\":\"l\",\"type\":1,"
			   "\"access_group\":\"own\"}",
		   "USING INDEX generic_passwords_by_service (service=? AND account=?)");
	check_plan(&scene, SCHEMA_FILE, GENERIC "\"service\":\"s\"}",
		   "USING INDEX generic_passwords_by_service (service=?)");
	check_plan(&scene, SCHEMA_FILE, GENERIC "\"account\":\"a\"}",
		   "USING INDEX generic_passwords_by_account (account=?)");
	check_plan(&scene, SCHEMA_FILE, GENERIC "\"label\":\"a\"}",
		   "USING INDEX generic_passwords_by_label (label=?)");
	check_plan(&scene, SCHEMA_FILE, GENERIC "\"generic\":\"AQ==\"}",
		   "USING INDEX generic_passwords_by_generic (generic=?)");
	check_plan(&scene, SCHEMA_FILE, GENERIC "\"type\":1}",
		   "USING INDEX generic_passwords_by_type (type=?)");
	check_plan(&scene, SCHEMA_FILE, INTERNET "\"server\":\"s\",\"account\":\"a\",\"port\":1}",
		   "USING INDEX internet_passwords_by_server (server=? AND account=?)");
	check_plan(&scene, SCHEMA_FILE, INTERNET "\"port\":1,\"protocol\":\"ldap\"}",
		   "USING INDEX internet_passwords_by_port (port=?)");
	check_plan(&scene, SCHEMA_FILE, INTERNET "\"protocol\":\"ldap\"}",
		   "USING INDEX internet_passwords_by_protocol (protocol=?)");
}

TEST(search_of_certificates_and_keys_starts_from_an_index)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	static const enum schema_place places[] = {SCHEMA_MAIN, SCHEMA_FILE};

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		check_plan(&scene, places[i],
			   CERTIFICATE "\"issuer\":\"AQ==\",\"serial_number\":\"AQ==\"}",
			   "certificates_by_serial_number (serial_number=?)");
		check_plan(&scene, places[i], CERTIFICATE "\"subject\":\"AQ==\"}",
			   "certificates_by_subject (subject=?)");
		check_plan(&scene, places[i], CERTIFICATE "\"subject_key_id\":\"AQ==\"}",
			   "certificates_by_subject_key_id (subject_key_id=?)");
		check_plan(&scene, places[i], CERTIFICATE "\"public_key_hash\":\"AQ==\"}",
			   "certificates_by_public_key_hash (public_key_hash=?)");
		check_plan(&scene, places[i],
			   KEY "\"application_label\":\"AQ==\",\"key_class\":\"private\"}",
			   "keys_by_application_label (application_label=?)");
		check_plan(&scene, places[i], KEY "\"application_tag\":\"AQ==\",\"can_sign\":true}",
			   "keys_by_application_tag (application_tag=?)");
	}
}

TEST(search_of_identities_starts_from_either_half)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	check_plan(&scene, SCHEMA_FILE, IDENTITY "\"application_label\":\"AQ==\"}",
		   "certificates_by_public_key_hash (public_key_hash=?)");
	check_plan(&scene, SCHEMA_FILE, IDENTITY "\"label\":\"x\",\"application_tag\":\"AQ==\"}",
		   "certificates_by_label (label=?)");
	check_plan(&scene, SCHEMA_FILE, IDENTITY "\"application_tag\":\"AQ==\"}",
		   "certificates_by_public_key_hash (public_key_hash=?)");
	check_plan(&scene, SCHEMA_FILE, IDENTITY "\"application_tag\":\"AQ==\"}",
		   "keys_by_application_tag (application_tag=?)");
}

/* genp ‖ 16 bytes; kct1 … */
TEST(search_by_reference_is_of_one_row)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	check_plan(&scene, SCHEMA_FILE, "{\"value_ref\":\"Z2VucAAAAAAAAAAAAAAAAAAAAAA=\"}",
		   "(item_id=?)");
	check_plan(&scene, SCHEMA_MAIN,
		   "{\"value_ref\":\"a2N0MTAhDANrZXkMEm9yZy5rZXljYXNrLnRlc3Q6QQQGay1hdXRo\"}",
		   "(token=? AND object_id=?)");
}

/* A page goes on in the index, where the rows of one key stand in order; only the positions of rows
 * that do not are sorted. */
TEST(search_of_a_page_goes_on_in_the_index)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	check_plan_of(&scene, SCHEMA_FILE, GENERIC "\"match_limit\":\"all\"}",
		      "USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)", true);
	check_plan_of(&scene, SCHEMA_FILE, GENERIC "\"label\":\"l\"}",
		      "USING INDEX generic_passwords_by_label (label=? AND rowid>? AND rowid<?)",
		      true);
	check_plan_of(&scene, SCHEMA_FILE, GENERIC "\"service\":\"s\",\"account\":\"a\"}",
		      "(service=? AND account=? AND rowid>? AND rowid<?)", true);
	check_plan_of(&scene, SCHEMA_FILE, GENERIC "\"service\":\"s\"}",
		      "generic_passwords_by_service (service=?)", true);
	check_plan_of(&scene, SCHEMA_MAIN, IDENTITY "\"application_tag\":\"AQ==\"}",
		      "certificates_by_public_key_hash (public_key_hash=?)", true);
}
