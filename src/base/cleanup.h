/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_CLEANUP_H
#define BASE_CLEANUP_H

/*
 * Ownership in the open: CLEANUP(fn) on an owning local runs fn(&local) when it leaves scope, and
 * take(local) hands the value on and leaves the local empty, so that early return is always safe.
 */

/* Leaving scope is a use, which clang 14 does not see for a guard that is never read. */
#define CLEANUP(fn) __attribute__((cleanup(fn), unused))

/* The value of pointer @p, which becomes NULL. */
#define take(p)                                                                                    \
	(__extension__({                                                                           \
		__typeof__(p) *take_place_ = &(p);                                                 \
		__typeof__(p) take_value_ = *take_place_;                                          \
		*take_place_ = NULL;                                                               \
		take_value_;                                                                       \
	}))

/* The value of descriptor @fd, which becomes -1. */
#define take_fd(fd)                                                                                \
	(__extension__({                                                                           \
		int *take_place_ = &(fd);                                                          \
		int take_value_ = *take_place_;                                                    \
		*take_place_ = -1;                                                                 \
		take_value_;                                                                       \
	}))

/* Cleanup functions for plain heap blocks: CLEANUP(freep) char *text = NULL; */
void freep(void *pointer_to_pointer);

/*
 * For a header that declares struct NAME and NAME_free(), which returns NULL: defines
 * NAME_freep(), so that CLEANUP(NAME_freep) struct NAME *thing = NULL; works.
 */
#define DEFINE_FREEP(name)                                                                         \
	__attribute__((unused)) static inline void name##_freep(struct name **pointer)             \
	{                                                                                          \
		*pointer = name##_free(*pointer);                                                  \
	}

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
