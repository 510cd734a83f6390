/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The attributes of one object: rows that say where in one buffer a value stands. An object has
 * some forty of them, so that a row is looked for by going through them.
 */
#include "frontends/pkcs11/p11_attributes.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

enum {
	ROWS_MAX = 80,		  /* more than any class has */
	VALUES_MAX = 1024 * 1024, /* a certificate of a message's size fits */
};

enum place {
	PLACE_OWN,    /* at @offset of the buffer */
	PLACE_LENT,   /* at @lent */
	PLACE_HIDDEN, /* told to nobody */
};

struct row {
	CK_ATTRIBUTE_TYPE type;
	enum place place;
	size_t len;
	union {
		size_t offset;
		const uint8_t *lent;
	};
};

struct p11_attributes {
	size_t n_rows;
	bool is_broken;
	struct row rows[ROWS_MAX];
	struct bytes values;
};

struct p11_attributes *p11_attributes_new(void)
{
	struct p11_attributes *attributes = calloc(1, sizeof(*attributes));

	if (attributes)
		attributes->values = BYTES_INIT(VALUES_MAX);
	return attributes;
}

struct p11_attributes *p11_attributes_free(struct p11_attributes *attributes)
{
	if (!attributes)
		return NULL;
	bytes_done(&attributes->values);
	free(attributes);
	return NULL;
}

static const struct row *find(const struct p11_attributes *attributes, CK_ATTRIBUTE_TYPE type)
{
	for (size_t i = 0; attributes && i < attributes->n_rows; i++) {
		if (attributes->rows[i].type == type)
			return &attributes->rows[i];
	}
	return NULL;
}

/* The row of @type, made anew if there was none; NULL: there is no room for it. */
static struct row *claim(struct p11_attributes *attributes, CK_ATTRIBUTE_TYPE type)
{
	const struct row *row = find(attributes, type);
	size_t i = row ? (size_t)(row - attributes->rows) : attributes->n_rows;

	if (i == ROWS_MAX)
		return NULL;
	if (i == attributes->n_rows)
		attributes->n_rows++;
	attributes->rows[i] = (struct row){.type = type};
	return &attributes->rows[i];
}

static struct row *claim_or_break(struct p11_attributes *attributes, CK_ATTRIBUTE_TYPE type)
{
	struct row *row = attributes ? claim(attributes, type) : NULL;

	if (attributes && !row)
		attributes->is_broken = true;
	return row;
}

void p11_attributes_put(struct p11_attributes *attributes, CK_ATTRIBUTE_TYPE type,
			struct kc_view value)
{
	struct row *row = claim_or_break(attributes, type);

	if (!row)
		return;
	row->offset = attributes->values.len;
	row->len = value.len;
	if (bytes_append(&attributes->values, value) != KC_OK)
		attributes->is_broken = true;
}

void p11_attributes_put_number(struct p11_attributes *attributes, CK_ATTRIBUTE_TYPE type,
			       CK_ULONG number)
{
	p11_attributes_put(attributes, type, view_of(&number, sizeof(number)));
}

void p11_attributes_put_flag(struct p11_attributes *attributes, CK_ATTRIBUTE_TYPE type, bool flag)
{
	CK_BBOOL value = flag ? CK_TRUE : CK_FALSE;

	p11_attributes_put(attributes, type, view_of(&value, sizeof(value)));
}

void p11_attributes_put_text(struct p11_attributes *attributes, CK_ATTRIBUTE_TYPE type,
			     const char *text)
{
	p11_attributes_put(attributes, type, view_of_text(text));
}

void p11_attributes_lend(struct p11_attributes *attributes, CK_ATTRIBUTE_TYPE type,
			 struct kc_view value)
{
	struct row *row = claim_or_break(attributes, type);

	if (!row)
		return;
	row->place = PLACE_LENT;
	row->lent = value.data;
	row->len = value.len;
}

void p11_attributes_hide(struct p11_attributes *attributes, CK_ATTRIBUTE_TYPE type)
{
	struct row *row = claim_or_break(attributes, type);

	if (row)
		row->place = PLACE_HIDDEN;
}

static struct kc_view value_of(const struct p11_attributes *attributes, const struct row *row)
{
	if (row->place == PLACE_LENT)
		return view_of(row->lent, row->len);
	return view_slice(bytes_view(&attributes->values), row->offset, row->len);
}

static void inherit(struct p11_attributes *attributes, const struct p11_attributes *from,
		    const struct row *row)
{
	if (find(attributes, row->type))
		return;
	switch (row->place) {
	case PLACE_OWN:
		p11_attributes_put(attributes, row->type, value_of(from, row));
		return;
	case PLACE_LENT:
		p11_attributes_lend(attributes, row->type, value_of(from, row));
		return;
	case PLACE_HIDDEN:
		p11_attributes_hide(attributes, row->type);
		return;
	}
}

void p11_attributes_inherit(struct p11_attributes *attributes, const struct p11_attributes *from)
{
	for (size_t i = 0; from && i < from->n_rows; i++)
		inherit(attributes, from, &from->rows[i]);
}

bool p11_attributes_are_whole(const struct p11_attributes *attributes)
{
	return attributes && !attributes->is_broken;
}

bool p11_attributes_get(const struct p11_attributes *attributes, CK_ATTRIBUTE_TYPE type,
			struct kc_view *ret_value)
{
	const struct row *row = find(attributes, type);

	if (!row || row->place == PLACE_HIDDEN)
		return false;
	*ret_value = value_of(attributes, row);
	return true;
}

bool p11_attributes_flag(const struct p11_attributes *attributes, CK_ATTRIBUTE_TYPE type)
{
	struct kc_view value = {NULL, 0};

	return p11_attributes_get(attributes, type, &value) && value.len == sizeof(CK_BBOOL) &&
	       value.data[0] != CK_FALSE;
}

struct kc_view p11_attributes_view(const struct p11_attributes *attributes, CK_ATTRIBUTE_TYPE type)
{
	struct kc_view value = {NULL, 0};

	(void)p11_attributes_get(attributes, type, &value);
	return value;
}

/* One attribute; steps 1 to 5 of 5.7.5. */
static CK_RV read_one(const struct p11_attributes *attributes, CK_ATTRIBUTE *wanted)
{
	const struct row *row = find(attributes, wanted->type);
	CK_ULONG capacity = wanted->ulValueLen;

	wanted->ulValueLen = (CK_ULONG)-1;
	if (!row)
		return CKR_ATTRIBUTE_TYPE_INVALID;
	if (row->place == PLACE_HIDDEN)
		return CKR_ATTRIBUTE_SENSITIVE;
	if (wanted->pValue && capacity < row->len)
		return CKR_BUFFER_TOO_SMALL;
	wanted->ulValueLen = row->len;
	if (wanted->pValue && row->len > 0)
		memcpy(wanted->pValue, value_of(attributes, row).data, row->len);
	return CKR_OK;
}

/* "If case 1 applies to any of the requested attributes", CKR_ATTRIBUTE_SENSITIVE, and so on: when
 * several apply any of them may be told. A small buffer is no true error, so it gives way. */
static CK_RV worse(CK_RV before, CK_RV now)
{
	if (before == CKR_OK || (before == CKR_BUFFER_TOO_SMALL && now != CKR_OK))
		return now;
	return before;
}

CK_RV p11_attributes_read(const struct p11_attributes *attributes, CK_ATTRIBUTE *template,
			  CK_ULONG n)
{
	CK_RV result = CKR_OK;

	for (CK_ULONG i = 0; i < n; i++)
		result = worse(result, read_one(attributes, &template[i]));
	return result;
}

static bool matches_one(const struct p11_attributes *attributes, const CK_ATTRIBUTE *wanted)
{
	struct kc_view value = {NULL, 0};

	if (!p11_attributes_get(attributes, wanted->type, &value))
		return false;
	return value.len == wanted->ulValueLen &&
	       (value.len == 0 ||
		(wanted->pValue && memcmp(value.data, wanted->pValue, value.len) == 0));
}

bool p11_attributes_match(const struct p11_attributes *attributes, const CK_ATTRIBUTE *template,
			  CK_ULONG n)
{
	for (CK_ULONG i = 0; i < n; i++) {
		if (!matches_one(attributes, &template[i]))
			return false;
	}
	return true;
}

CK_ULONG p11_attributes_size(const struct p11_attributes *attributes)
{
	CK_ULONG size = 0;

	for (size_t i = 0; attributes && i < attributes->n_rows; i++)
		size += attributes->rows[i].len;
	return size;
}
