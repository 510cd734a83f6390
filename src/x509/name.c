/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Distinguished names by OpenSSL's reader and writer; no DER is taken apart here but what OpenSSL
 * has just written.
 */
#include "x509/name_impl.h"

#include <openssl/err.h>
#include <stdlib.h>

#include "base/try.h"
#include "codec/display.h"
#include "codec/tlv.h"

/* X.690: universal tag. */
enum {
	TAG_SEQUENCE = 0x30,
};

static void name_done(X509_NAME **name)
{
	X509_NAME_free(*name);
	*name = NULL;
}

static void entry_done(X509_NAME_ENTRY **entry)
{
	X509_NAME_ENTRY_free(*entry);
	*entry = NULL;
}

static void openssl_freep(unsigned char **text)
{
	OPENSSL_free(*text);
	*text = NULL;
}

static bool is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* In place; the new length, never longer. */
static size_t fold(unsigned char *text, size_t len)
{
	size_t out = 0;

	for (size_t i = 0; i < len; i++) {
		bool is_letter = text[i] >= 'A' && text[i] <= 'Z';

		if (!is_space(text[i]))
			text[out++] = is_letter ? (unsigned char)(text[i] | 0x20) : text[i];
		else if (out > 0 && text[out - 1] != ' ')
			text[out++] = ' ';
	}
	return out > 0 && text[out - 1] == ' ' ? out - 1 : out;
}

/* The value of @entry as a folded UTF8String, where it is text. */
static enum kc_status fold_entry(X509_NAME_ENTRY *entry)
{
	CLEANUP(openssl_freep) unsigned char *text = NULL;
	int len = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry));
	size_t folded = 0;

	if (len < 0)
		return KC_OK; /* not text */
	folded = fold(text, (size_t)len);
	REQUIRE(X509_NAME_ENTRY_set_data(entry, V_ASN1_UTF8STRING, text, (int)folded) == 1,
		KC_ERR_ALLOCATE, "out of memory");
	return KC_OK;
}

/* Are entry @index and the one before it values of the same RDN? */
static bool joins(const X509_NAME *name, int index)
{
	return index > 0 && X509_NAME_ENTRY_set(X509_NAME_get_entry(name, index)) ==
				    X509_NAME_ENTRY_set(X509_NAME_get_entry(name, index - 1));
}

/* Append entry @index of @from to @to, folded. */
static enum kc_status copy_entry(const X509_NAME *from, int index, X509_NAME *to)
{
	CLEANUP(entry_done)
	X509_NAME_ENTRY *entry = X509_NAME_ENTRY_dup(X509_NAME_get_entry(from, index));

	REQUIRE(entry, KC_ERR_ALLOCATE, "out of memory");
	TRY(fold_entry(entry));
	REQUIRE(X509_NAME_add_entry(to, entry, -1, joins(from, index) ? -1 : 0) == 1,
		KC_ERR_ALLOCATE, "out of memory");
	return KC_OK;
}

enum kc_status name_put_raw(const X509_NAME *name, struct bytes *bytes)
{
	const unsigned char *der = NULL;
	struct kc_view rest;
	struct tlv tlv;
	size_t len = 0;

	REQUIRE(X509_NAME_get0_der(name, &der, &len) == 1, KC_ERR_DECODE,
		"a name cannot be written");
	rest = view_of(der, len);
	TRY(tlv_read(&rest, &tlv));
	return bytes_append(bytes, tlv.value);
}

enum kc_status name_put_normalized(const X509_NAME *name, struct bytes *bytes)
{
	CLEANUP(name_done) X509_NAME *folded = X509_NAME_new();

	REQUIRE(folded, KC_ERR_ALLOCATE, "out of memory");
	for (int i = 0; i < X509_NAME_entry_count(name); i++)
		TRY(copy_entry(name, i, folded));
	return name_put_raw(folded, bytes);
}

static X509_NAME *read_name(struct kc_view der)
{
	const unsigned char *at = der.data;
	X509_NAME *name = d2i_X509_NAME(NULL, &at, (long)der.len);

	ERR_clear_error();
	if (name && at == der.data + der.len)
		return name;
	X509_NAME_free(name);
	return NULL;
}

enum kc_status name_normalize(struct kc_view view, struct bytes *bytes)
{
	CLEANUP(bytes_done) struct bytes wrapped = BYTES_INIT(NAME_MAX_BYTES + 16);
	CLEANUP(name_done) X509_NAME *name = NULL;
	/* A name without its SEQUENCE is empty or begins with a SET. */
	bool is_whole = view.len > 0 && view.data[0] == TAG_SEQUENCE;

	REQUIRE(view.len <= NAME_MAX_BYTES, KC_ERR_DECODE, "the name is longer than %d bytes",
		NAME_MAX_BYTES);
	if (!is_whole)
		TRY(tlv_put(&wrapped, TAG_SEQUENCE, view));
	name = read_name(is_whole ? view : bytes_view(&wrapped));
	REQUIRE(name, KC_ERR_DECODE, "not a distinguished name in DER");
	return name_put_normalized(name, bytes);
}

/* @text for display, without white space around it; NULL when out of memory. */
static char *shown(struct kc_view text, size_t max)
{
	while (text.len > 0 && is_space(text.data[0]))
		text = view_slice(text, 1, text.len);
	while (text.len > 0 && is_space(text.data[text.len - 1]))
		text.len--;
	return display_escape(text, max);
}

char *name_text(const X509_NAME *name)
{
	/* RFC 2253 with a space after commas, letters beyond ASCII as they are. */
	static const unsigned long flags =
		(XN_FLAG_RFC2253 & ~(unsigned long)(ASN1_STRFLGS_ESC_MSB | XN_FLAG_SEP_MASK)) |
		XN_FLAG_SEP_CPLUS_SPC;
	BIO *bio = BIO_new(BIO_s_mem());
	char *data = NULL;
	char *text = NULL;
	long len = 0;

	if (!bio)
		return NULL;
	if (X509_NAME_print_ex(bio, name, 0, flags) >= 0)
		len = BIO_get_mem_data(bio, &data);
	text = shown(view_of(data, len > 0 ? (size_t)len : 0), NAME_TEXT_MAX);
	BIO_free(bio);
	ERR_clear_error();
	return text;
}

/* The last value of @nid, the most specific one; empty text when there is none to show. */
static char *last_value(const X509_NAME *name, int nid)
{
	CLEANUP(openssl_freep) unsigned char *text = NULL;
	int len = -1;

	for (int i = X509_NAME_entry_count(name) - 1; i >= 0 && len < 0; i--) {
		X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);

		if (OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry)) == nid)
			len = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry));
	}
	ERR_clear_error();
	return shown(view_of(text, len > 0 ? (size_t)len : 0), NAME_SUMMARY_MAX);
}

char *name_summary(const X509_NAME *name)
{
	static const int nids[] = {NID_commonName, NID_pkcs9_emailAddress,
				   NID_organizationalUnitName, NID_organizationName};

	for (size_t i = 0; i < ARRAY_LEN(nids); i++) {
		char *text = last_value(name, nids[i]);

		if (!text || text[0] != '\0')
			return text;
		free(text);
	}
	return strdup("(no name)");
}
