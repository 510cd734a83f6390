/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CODEC_VOCABULARY_H
#define CODEC_VOCABULARY_H

/*
 * The one table of docs/vocabulary.md in C: item classes, their attributes with types, and the
 * dictionary keys that are not attributes. Engine, client and command line all read it here.
 */

#include <stdbool.h>
#include <stddef.h>

enum vocabulary_class {
	VOCABULARY_GENERIC_PASSWORD,
	VOCABULARY_INTERNET_PASSWORD,
	VOCABULARY_CERTIFICATE,
	VOCABULARY_KEY,
	VOCABULARY_IDENTITY,
	VOCABULARY_N_CLASSES,
};

enum vocabulary_type {
	VOCABULARY_TEXT,
	VOCABULARY_NUMBER,
	VOCABULARY_FLAG,
	VOCABULARY_DATA, /* base64 text in JSON */
	VOCABULARY_DATE, /* RFC 3339 text in JSON */
	VOCABULARY_OBJECT,
	VOCABULARY_ANY, /* of dictionary keys only: looked at by whoever uses it */
};

struct vocabulary_attribute {
	const char *name;
	enum vocabulary_type type;
	unsigned classes; /* bit 1 << enum vocabulary_class */
};

enum vocabulary_kind {
	VOCABULARY_KIND_CLASS,
	VOCABULARY_KIND_MATCH,
	VOCABULARY_KIND_RETURN,
	VOCABULARY_KIND_VALUE,
	VOCABULARY_KIND_USE,
};

/* A dictionary key that is not an attribute. */
struct vocabulary_key {
	const char *name;
	enum vocabulary_kind kind;
	enum vocabulary_type type;
};

/* "certificate" … ; never NULL for a class of the enum. */
const char *vocabulary_class_name(enum vocabulary_class item_class);
/* False: no such class. */
bool vocabulary_find_class(const char *name, enum vocabulary_class *ret_class);

/* NULL: no class has such an attribute. */
const struct vocabulary_attribute *vocabulary_find(const char *name);
bool vocabulary_has(const struct vocabulary_attribute *attribute, enum vocabulary_class item_class);

/* The whole table, in its order: for columns, completion and help. */
size_t vocabulary_count(void);
const struct vocabulary_attribute *vocabulary_at(size_t index);

/* NULL: no such key (it may be an attribute). */
const struct vocabulary_key *vocabulary_find_key(const char *name);

/* "text", "a number", "base64 text" …: how an error message calls the type. */
const char *vocabulary_type_name(enum vocabulary_type type);

/*
 * What @name may have been meant to be among the attributes of @item_class and the dictionary
 * keys; NULL when nothing is close.
 */
const char *vocabulary_nearest(const char *name, enum vocabulary_class item_class);

#endif
