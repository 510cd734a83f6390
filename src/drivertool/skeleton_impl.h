/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DRIVERTOOL_SKELETON_IMPL_H
#define DRIVERTOOL_SKELETON_IMPL_H

/* The files of examples/driver-minimal/, embedded when building by tools/embed-skeleton. */

struct skeleton_file {
	const char *name; /* NULL ends the list */
	const char *text;
};

extern const struct skeleton_file skeleton_files[];

#endif
