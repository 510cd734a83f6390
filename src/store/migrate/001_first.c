/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Version 1: the first. The same text as schema.c makes of the vocabulary, which a test asserts,
 * but frozen: when the vocabulary grows, the next migration adds what is new.
 */
#include <stddef.h>

#include "store/migrate.h"

const char *const migrate_001_first[] = {
	"CREATE TABLE class_keys (protection INTEGER PRIMARY KEY, wrapped BLOB NOT NULL)",
	"CREATE TABLE settings (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
	"CREATE TABLE generic_passwords (position INTEGER PRIMARY KEY AUTOINCREMENT,"
	" item_id BLOB NOT NULL UNIQUE, protection INTEGER NOT NULL, revision BLOB NOT NULL,"
	" identity BLOB NOT NULL UNIQUE, label BLOB, token_id BLOB, access_group BLOB,"
	" accessible BLOB, access_control BLOB, synchronizable BLOB, creation_date BLOB,"
	" modification_date BLOB, account BLOB, service BLOB, generic BLOB, description"
	" BLOB, comment BLOB, creator BLOB, type BLOB, is_invisible BLOB, is_negative BLOB,"
	" script_code BLOB, has_custom_icon BLOB, protected_data BLOB, alias BLOB,"
	" attributes BLOB NOT NULL, secret BLOB)",
	"CREATE INDEX generic_passwords_by_service ON generic_passwords (service, account)",
	"CREATE INDEX generic_passwords_by_account ON generic_passwords (account)",
	"CREATE INDEX generic_passwords_by_label ON generic_passwords (label)",
	"CREATE INDEX generic_passwords_by_generic ON generic_passwords (generic) WHERE"
	" generic IS NOT NULL",
	"CREATE INDEX generic_passwords_by_alias ON generic_passwords (alias) WHERE alias"
	" IS NOT NULL",
	"CREATE INDEX generic_passwords_by_type ON generic_passwords (type) WHERE type IS"
	" NOT NULL",
	"CREATE TABLE internet_passwords (position INTEGER PRIMARY KEY AUTOINCREMENT,"
	" item_id BLOB NOT NULL UNIQUE, protection INTEGER NOT NULL, revision BLOB NOT NULL,"
	" identity BLOB NOT NULL UNIQUE, label BLOB, token_id BLOB, access_group BLOB,"
	" accessible BLOB, access_control BLOB, synchronizable BLOB, creation_date BLOB,"
	" modification_date BLOB, account BLOB, security_domain BLOB, server BLOB, protocol"
	" BLOB, authentication_type BLOB, port BLOB, path BLOB, description BLOB, comment"
	" BLOB, creator BLOB, type BLOB, is_invisible BLOB, is_negative BLOB, script_code"
	" BLOB, has_custom_icon BLOB, protected_data BLOB, alias BLOB, attributes BLOB NOT"
	" NULL, secret BLOB)",
	"CREATE INDEX internet_passwords_by_server ON internet_passwords (server, account)",
	"CREATE INDEX internet_passwords_by_account ON internet_passwords (account)",
	"CREATE INDEX internet_passwords_by_label ON internet_passwords (label)",
	"CREATE INDEX internet_passwords_by_alias ON internet_passwords (alias) WHERE alias"
	" IS NOT NULL",
	"CREATE INDEX internet_passwords_by_path ON internet_passwords (path)",
	"CREATE INDEX internet_passwords_by_security_domain ON internet_passwords"
	" (security_domain)",
	"CREATE INDEX internet_passwords_by_port ON internet_passwords (port)",
	"CREATE INDEX internet_passwords_by_type ON internet_passwords (type) WHERE type IS"
	" NOT NULL",
	"CREATE INDEX internet_passwords_by_authentication_type ON internet_passwords"
	" (authentication_type)",
	"CREATE INDEX internet_passwords_by_protocol ON internet_passwords (protocol)",
	"CREATE TABLE certificates (position INTEGER PRIMARY KEY AUTOINCREMENT, item_id"
	" BLOB NOT NULL UNIQUE, protection INTEGER NOT NULL, revision BLOB NOT NULL,"
	" identity BLOB NOT NULL UNIQUE, label BLOB, token_id BLOB, access_group BLOB,"
	" accessible BLOB, access_control BLOB, synchronizable BLOB, creation_date BLOB,"
	" modification_date BLOB, alias BLOB, certificate_type BLOB, certificate_encoding"
	" BLOB, subject BLOB, issuer BLOB, serial_number BLOB, subject_key_id BLOB,"
	" public_key_hash BLOB, not_valid_before BLOB, not_valid_after BLOB, subject_raw"
	" BLOB, issuer_raw BLOB, public_key BLOB, attributes BLOB NOT NULL, secret BLOB)",
	"CREATE INDEX certificates_by_serial_number ON certificates (serial_number)",
	"CREATE INDEX certificates_by_public_key_hash ON certificates (public_key_hash)",
	"CREATE INDEX certificates_by_subject_key_id ON certificates (subject_key_id) WHERE"
	" subject_key_id IS NOT NULL",
	"CREATE INDEX certificates_by_subject ON certificates (subject)",
	"CREATE INDEX certificates_by_label ON certificates (label)",
	"CREATE INDEX certificates_by_issuer ON certificates (issuer)",
	"CREATE INDEX certificates_by_alias ON certificates (alias) WHERE alias IS NOT NULL",
	"CREATE INDEX certificates_by_subject_raw ON certificates (subject_raw)",
	"CREATE INDEX certificates_by_issuer_raw ON certificates (issuer_raw)",
	"CREATE TABLE keys (position INTEGER PRIMARY KEY AUTOINCREMENT, item_id BLOB NOT"
	" NULL UNIQUE, protection INTEGER NOT NULL, revision BLOB NOT NULL, identity BLOB"
	" NOT NULL UNIQUE, label BLOB, token_id BLOB, access_group BLOB, accessible BLOB,"
	" access_control BLOB, synchronizable BLOB, creation_date BLOB, modification_date"
	" BLOB, alias BLOB, key_class BLOB, application_label BLOB, application_tag BLOB,"
	" key_type BLOB, key_creator BLOB, key_size_in_bits BLOB, effective_key_size BLOB,"
	" start_date BLOB, end_date BLOB, is_permanent BLOB, is_private BLOB, is_modifiable"
	" BLOB, is_sensitive BLOB, was_always_sensitive BLOB, is_extractable BLOB,"
	" was_never_extractable BLOB, can_encrypt BLOB, can_decrypt BLOB, can_derive BLOB,"
	" can_sign BLOB, can_verify BLOB, can_wrap BLOB, can_unwrap BLOB, can_sign_recover"
	" BLOB, can_verify_recover BLOB, public_key BLOB, attributes BLOB NOT NULL, secret"
	" BLOB)",
	"CREATE INDEX keys_by_application_label ON keys (application_label)",
	"CREATE INDEX keys_by_application_tag ON keys (application_tag)",
	"CREATE INDEX keys_by_label ON keys (label)",
	"CREATE INDEX keys_by_alias ON keys (alias) WHERE alias IS NOT NULL",
	"CREATE TABLE class_keys_copy (protection INTEGER PRIMARY KEY, wrapped BLOB NOT"
	" NULL)",
	"CREATE TABLE settings_copy (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT"
	" ROWID",
	"CREATE TRIGGER class_keys_inserted AFTER INSERT ON class_keys BEGIN INSERT OR"
	" REPLACE INTO class_keys_copy VALUES (new.protection, new.wrapped); END",
	"CREATE TRIGGER class_keys_updated AFTER UPDATE ON class_keys BEGIN INSERT OR"
	" REPLACE INTO class_keys_copy VALUES (new.protection, new.wrapped); END",
	"CREATE TRIGGER class_keys_deleted AFTER DELETE ON class_keys BEGIN DELETE FROM"
	" class_keys_copy WHERE protection = old.protection; END",
	"CREATE TRIGGER settings_inserted AFTER INSERT ON settings BEGIN INSERT OR REPLACE"
	" INTO settings_copy VALUES (new.name, new.value); END",
	"CREATE TRIGGER settings_updated AFTER UPDATE ON settings BEGIN INSERT OR REPLACE"
	" INTO settings_copy VALUES (new.name, new.value); END",
	"CREATE TRIGGER settings_deleted AFTER DELETE ON settings BEGIN DELETE FROM"
	" settings_copy WHERE name = old.name; END",
	NULL,
};
