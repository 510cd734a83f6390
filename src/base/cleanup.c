/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cleanup function for what plain free() releases. */
#include "base/cleanup.h"

#include <stdlib.h>
#include <string.h>

void freep(void *pointer_to_pointer)
{
	void *block = NULL;

	memcpy(&block, pointer_to_pointer, sizeof(block));
	free(block);
}
