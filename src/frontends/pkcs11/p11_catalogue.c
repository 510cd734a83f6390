/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The catalogue: an array of names, of which a handle is the place, and a table that finds an
 * item's name by its reference. Names are never taken away, as there are only as many as items were
 * seen.
 */
#include "frontends/pkcs11/p11_catalogue.h"

#include <stdlib.h>
#include <string.h>

#include "base/copy.h"

enum {
	N_BUCKETS = 1024,
};

struct name {
	CK_SLOT_ID slot;
	CK_OBJECT_CLASS object_class;
	struct kc_bytes reference; /* empty: a session object's */
	struct p11_object *object; /* NULL: not there */
	unsigned long put_at;
	struct name *next; /* in its bucket */
	CK_OBJECT_HANDLE handle;
};

struct place {
	struct name *name;
};

static struct {
	struct place *places; /* of handle n_before + 1 and on */
	size_t n_names;
	size_t capacity;
	CK_OBJECT_HANDLE n_before; /* handles that were given before C_Finalize */
	unsigned long clock;
	struct name *buckets[N_BUCKETS];
} catalogue;

/* --- finding --------------------------------------------------------------------------------- */

/* FNV-1a. */
static struct name **bucket_of(struct kc_view reference)
{
	uint32_t hash = 2166136261U;

	for (size_t i = 0; i < reference.len; i++)
		hash = (hash ^ reference.data[i]) * 16777619U;
	return &catalogue.buckets[hash % N_BUCKETS];
}

static struct name *name_of(CK_SLOT_ID slot, CK_OBJECT_CLASS object_class, struct kc_view reference)
{
	for (struct name *name = *bucket_of(reference); name; name = name->next) {
		if (name->slot == slot && name->object_class == object_class &&
		    view_equal(kc_view_of_bytes(&name->reference), reference))
			return name;
	}
	return NULL;
}

static struct name *name_at(CK_OBJECT_HANDLE handle)
{
	if (handle <= catalogue.n_before || handle - catalogue.n_before > catalogue.n_names)
		return NULL;
	return catalogue.places[handle - catalogue.n_before - 1].name;
}

struct p11_object *p11_catalogue_get(CK_OBJECT_HANDLE handle)
{
	const struct name *name = name_at(handle);

	return name ? name->object : NULL;
}

bool p11_catalogue_has_left(CK_SLOT_ID slot, CK_OBJECT_HANDLE handle)
{
	const struct name *name = name_at(handle);

	return name && name->slot == slot && !name->object && name->reference.len > 0;
}

struct p11_object *p11_catalogue_find(CK_SLOT_ID slot, CK_OBJECT_CLASS object_class,
				      struct kc_view reference)
{
	const struct name *name = reference.len > 0 ? name_of(slot, object_class, reference) : NULL;

	return name ? name->object : NULL;
}

struct p11_object *p11_catalogue_next(CK_SLOT_ID slot, CK_OBJECT_HANDLE after)
{
	size_t i = after > catalogue.n_before ? after - catalogue.n_before : 0;

	for (; i < catalogue.n_names; i++) {
		const struct name *name = catalogue.places[i].name;

		if (name->slot == slot && name->object)
			return name->object;
	}
	return NULL;
}

/* --- changing -------------------------------------------------------------------------------- */

static bool make_room(void)
{
	size_t capacity = catalogue.capacity ? catalogue.capacity * 2 : 64;
	struct place *places = NULL;

	if (catalogue.n_names < catalogue.capacity)
		return true;
	places = realloc(catalogue.places, capacity * sizeof(*places));
	if (!places)
		return false;
	catalogue.places = places;
	catalogue.capacity = capacity;
	return true;
}

static struct name *add_name(const struct p11_object *object)
{
	struct kc_view reference = kc_view_of_bytes(&object->reference);
	struct name *name = NULL;

	if (!make_room())
		return NULL;
	name = calloc(1, sizeof(*name));
	if (!name || copy_bytes(reference, &name->reference) != KC_OK) {
		free(name);
		return NULL;
	}
	name->slot = object->slot;
	name->object_class = object->object_class;
	catalogue.places[catalogue.n_names++].name = name;
	name->handle = catalogue.n_before + catalogue.n_names;
	if (reference.len > 0) {
		name->next = *bucket_of(reference);
		*bucket_of(reference) = name;
	}
	return name;
}

static void put_into(struct name *name, struct p11_object *object)
{
	p11_object_drop(name->object);
	name->object = object;
	name->put_at = ++catalogue.clock;
	object->handle = name->handle;
}

CK_RV p11_catalogue_put(struct p11_object **object)
{
	struct p11_object *taken = take(*object);
	struct kc_view reference = kc_view_of_bytes(&taken->reference);
	struct name *name = NULL;

	if (taken->session == 0 && reference.len > 0)
		name = name_of(taken->slot, taken->object_class, reference);
	if (!name)
		name = add_name(taken);
	if (!name) {
		p11_object_drop(taken);
		return CKR_HOST_MEMORY;
	}
	put_into(name, taken);
	return CKR_OK;
}

CK_RV p11_catalogue_replace(CK_OBJECT_HANDLE handle, struct p11_object **object)
{
	struct name *name = name_at(handle);

	if (!name || !name->object)
		return CKR_OBJECT_HANDLE_INVALID;
	put_into(name, take(*object));
	return CKR_OK;
}

static void remove_object(struct name *name)
{
	p11_object_drop(name->object);
	name->object = NULL;
}

void p11_catalogue_remove(CK_OBJECT_HANDLE handle)
{
	struct name *name = name_at(handle);

	if (name)
		remove_object(name);
}

unsigned long p11_catalogue_clock(void)
{
	return catalogue.clock;
}

void p11_catalogue_sweep(CK_SLOT_ID slot, CK_OBJECT_CLASS object_class, unsigned long clock)
{
	for (size_t i = 0; i < catalogue.n_names; i++) {
		struct name *name = catalogue.places[i].name;

		if (name->slot == slot && name->object_class == object_class && name->object &&
		    name->object->session == 0 && name->put_at <= clock)
			remove_object(name);
	}
}

/* --- ending ---------------------------------------------------------------------------------- */

void p11_catalogue_abandon(void)
{
	catalogue.n_before += catalogue.n_names;
	catalogue.places = NULL;
	catalogue.n_names = 0;
	catalogue.capacity = 0;
	memset(catalogue.buckets, 0, sizeof(catalogue.buckets));
}

void p11_catalogue_end(void)
{
	for (size_t i = 0; i < catalogue.n_names; i++) {
		struct name *name = catalogue.places[i].name;

		remove_object(name);
		kc_bytes_free(&name->reference);
		free(name);
	}
	free(catalogue.places);
	p11_catalogue_abandon();
}
