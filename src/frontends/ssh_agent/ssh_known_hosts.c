/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sshd(8), SSH_KNOWN_HOSTS FILE FORMAT: "markers (optional), hostnames, keytype, base64-encoded
 * key, comment", separated by blanks. A line that is anything else is passed over.
 */
#include "frontends/ssh_agent/ssh_known_hosts.h"

#include "base/try.h"
#include "codec/hex.h"
#include "codec/sha1.h"
#include "frontends/ssh_agent/ssh_blob.h"
#include "frontends/ssh_agent/ssh_hop.h"
#include "sys/file.h"

enum {
	FILE_MAX = 4 * 1024 * 1024,
	HMAC_BLOCK = 64,
	HASH_PARTS_MAX = 64,
};

struct entry {
	struct kc_view names;
	struct kc_view key; /* base64 */
	bool is_authority;
};

/* --- lines --------------------------------------------------------------------------------- */

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r';
}

static struct kc_view take_until(struct kc_view *text, uint8_t end)
{
	struct kc_view part = *text;
	size_t len = 0;

	while (len < text->len && text->data[len] != end)
		len++;
	part.len = len;
	*text = view_slice(*text, len + 1, text->len);
	return part;
}

static struct kc_view take_word(struct kc_view *line)
{
	struct kc_view word;
	size_t len = 0;

	while (line->len > 0 && is_blank(line->data[0]))
		*line = view_slice(*line, 1, line->len);
	word = *line;
	while (len < line->len && !is_blank(line->data[len]))
		len++;
	word.len = len;
	*line = view_slice(*line, len, line->len);
	return word;
}

/* False: no entry, or one that is revoked. */
static bool read_entry(struct kc_view line, struct entry *ret_entry)
{
	struct entry entry = {.names = take_word(&line)};

	if (entry.names.len == 0 || entry.names.data[0] == '#')
		return false;
	if (entry.names.data[0] == '@') {
		entry.is_authority = view_equal(entry.names, view_of_text("@cert-authority"));
		if (!entry.is_authority)
			return false;
		entry.names = take_word(&line);
	}
	ignore(take_word(&line).len == 0); /* the key says its kind itself */
	entry.key = take_word(&line);
	*ret_entry = entry;
	return entry.key.len > 0;
}

/* --- a name of a key ----------------------------------------------------------------------- */

/* Neither a hash nor a pattern. */
static bool is_plain(struct kc_view name)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.data[i] <= ' ' || name.data[i] >= 0x7F || memchr("|*?!", name.data[i], 4))
			return false;
	return name.len > 0 && name.len < SSH_KNOWN_HOSTS_NAME_MAX;
}

static bool take_plain_name(struct kc_view names, char *ret_name)
{
	while (names.len > 0) {
		struct kc_view name = take_until(&names, ',');

		if (!is_plain(name))
			continue;
		memcpy(ret_name, name.data, name.len);
		ret_name[name.len] = '\0';
		return true;
	}
	return false;
}

bool ssh_known_hosts_name(const char *path, struct kc_view host_key,
			  char ret_name[SSH_KNOWN_HOSTS_NAME_MAX])
{
	CLEANUP(bytes_done) struct bytes content = BYTES_INIT(FILE_MAX);
	CLEANUP(freep) char *wanted = base64_encode(host_key);
	struct kc_view rest;
	struct entry entry;

	if (!wanted || file_read(path, &content) != KC_OK) {
		error_clear();
		return false;
	}
	rest = bytes_view(&content);
	while (rest.len > 0) {
		struct kc_view line = take_until(&rest, '\n');

		if (read_entry(line, &entry) && !entry.is_authority &&
		    view_equal(entry.key, view_of_text(wanted)) &&
		    take_plain_name(entry.names, ret_name))
			return true;
	}
	return false;
}

/* --- the keys of a name -------------------------------------------------------------------- */

static void hmac_sha1(struct kc_view key, struct kc_view text, uint8_t digest[SHA1_DIGEST_BYTES])
{
	uint8_t block[HMAC_BLOCK] = {0};
	struct sha1 sha1;

	if (key.len <= sizeof(block) && key.len > 0)
		memcpy(block, key.data, key.len);
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] ^= 0x36;
	sha1_init(&sha1);
	sha1_update(&sha1, VIEW_OF(block));
	sha1_update(&sha1, text);
	sha1_finish(&sha1, digest);
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] ^= 0x36 ^ 0x5C;
	sha1_init(&sha1);
	sha1_update(&sha1, VIEW_OF(block));
	sha1_update(&sha1, view_of(digest, SHA1_DIGEST_BYTES));
	sha1_finish(&sha1, digest);
}

/* "|1|SALT|HASH": HMAC-SHA1 of the name, the salt being the key. */
static bool is_hashed_name(struct kc_view hashed, struct kc_view host)
{
	CLEANUP(bytes_done) struct bytes salt = BYTES_INIT(HASH_PARTS_MAX);
	CLEANUP(bytes_done) struct bytes hash = BYTES_INIT(HASH_PARTS_MAX);
	uint8_t digest[SHA1_DIGEST_BYTES];
	struct kc_view rest = view_slice(hashed, 3, hashed.len);
	bool is_read = base64_decode(take_until(&rest, '|'), &salt) == KC_OK &&
		       base64_decode(rest, &hash) == KC_OK;

	error_clear();
	if (!is_read)
		return false;
	hmac_sha1(bytes_view(&salt), host, digest);
	return view_equal(bytes_view(&hash), VIEW_OF(digest));
}

/* "a pattern ... preceded by '!' to indicate negation: if the hostname matches a negated pattern,
 * it is not accepted". */
static bool names_include(struct kc_view names, struct kc_view host)
{
	bool is_included = false;

	if (view_equal(view_slice(names, 0, 3), view_of_text("|1|")))
		return is_hashed_name(names, host);
	while (names.len > 0) {
		struct kc_view name = take_until(&names, ',');
		bool is_negated = name.len > 0 && name.data[0] == '!';

		if (!ssh_hop_matches(view_slice(name, is_negated, name.len), host))
			continue;
		if (is_negated)
			return false;
		is_included = true;
	}
	return is_included;
}

void ssh_known_hosts_done(struct ssh_known_keys *keys)
{
	bytes_done(&keys->content);
	keys->n_keys = 0;
}

static enum kc_status append_key(const struct entry *entry, struct ssh_known_keys *keys)
{
	size_t at = keys->content.len;
	struct ssh_blob blob;

	REQUIRE(keys->n_keys < SSH_KNOWN_HOSTS_KEYS_MAX, KC_ERR_PARAM,
		"known_hosts has more than %d keys of this host", SSH_KNOWN_HOSTS_KEYS_MAX);
	TRY(bytes_reserve(&keys->content, entry->key.len));
	if (base64_decode(entry->key, &keys->content) != KC_OK ||
	    ssh_blob_read(view_of(keys->content.data + at, keys->content.len - at), &blob) !=
		    KC_OK) {
		error_clear();
		keys->content.len = at;
		return KC_OK;
	}
	keys->are_authorities[keys->n_keys] = entry->is_authority;
	keys->keys[keys->n_keys++] = view_of(keys->content.data + at, keys->content.len - at);
	return KC_OK;
}

enum kc_status ssh_known_hosts_find(const char *path, const char *host, struct ssh_known_keys *keys)
{
	CLEANUP(bytes_done) struct bytes content = BYTES_INIT(FILE_MAX);
	enum kc_status status = file_read(path, &content);
	struct kc_view rest;
	struct entry entry;

	if (status == KC_ERR_ITEM_NOT_FOUND) {
		error_clear();
		return KC_OK;
	}
	TRY(status);
	keys->content.max = SSH_KNOWN_HOSTS_KEYS_MAX * SSH_BLOB_MAX;
	if (!keys->content.data) /* views into what grows would not last */
		TRY(bytes_reserve(&keys->content, keys->content.max));
	rest = bytes_view(&content);
	while (rest.len > 0) {
		struct kc_view line = take_until(&rest, '\n');

		if (read_entry(line, &entry) && names_include(entry.names, view_of_text(host)))
			TRY(append_key(&entry, keys));
	}
	return KC_OK;
}
