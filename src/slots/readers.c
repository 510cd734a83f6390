/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reader states of pcsc-lite. Readers are listed anew before each wait; a reader that comes between
 * the list and the wait would be overlooked (the notification counts from when the wait begins), so
 * the wait after a change is short and the list is looked at once more after it.
 */
#include "slots/readers.h"

#include <stdlib.h>
#include <string.h>
#include <winscard.h>

#include "base/try.h"
#include "slots/pcsc_error.h"

enum {
	SETTLE_MS = 500,
	LOOK_AGAIN_MS = 60 * 1000, /* the library itself wakes as often */
	STATES_MAX = READERS_MAX + 1,
	EVENT_SHIFT = 16,
};

static const char news_of_readers[] = "\\\\?PnP?\\Notification";

struct readers {
	SCARDCONTEXT context;
	bool is_settled;
	bool was_told; /* once at least */
	struct reader told[READERS_MAX];
	size_t n_told;
	struct reader found[READERS_MAX];
	size_t n_found;
	SCARD_READERSTATE states[STATES_MAX]; /* the news at the end */
};

enum kc_status readers_new(long context, struct readers **ret_readers)
{
	struct readers *readers = calloc(1, sizeof(*readers));

	REQUIRE(readers, KC_ERR_ALLOCATE, "out of memory");
	readers->context = context;
	*ret_readers = readers;
	return KC_OK;
}

static void forget(struct reader *list, size_t *n)
{
	for (size_t i = 0; i < *n; i++)
		free(list[i].name);
	*n = 0;
}

struct readers *readers_free(struct readers *readers)
{
	if (!readers)
		return NULL;
	forget(readers->told, &readers->n_told);
	forget(readers->found, &readers->n_found);
	free(readers);
	return NULL;
}

/* --- what is there --------------------------------------------------------------------------- */

static enum kc_status add_names(struct readers *readers, const char *names)
{
	for (; *names && readers->n_found < READERS_MAX; names += strlen(names) + 1) {
		struct reader *reader = &readers->found[readers->n_found];

		*reader = (struct reader){.name = strdup(names)};
		REQUIRE(reader->name, KC_ERR_ALLOCATE, "out of memory");
		readers->n_found++;
	}
	return KC_OK;
}

/* Grown between the question for the length and that for the names: ask again. */
static long list_names(struct readers *readers, char **ret_names)
{
	long result = SCARD_E_INSUFFICIENT_BUFFER;

	while (result == SCARD_E_INSUFFICIENT_BUFFER) {
		DWORD size = 0;

		free(*ret_names);
		*ret_names = NULL;
		result = SCardListReaders(readers->context, NULL, NULL, &size);
		if (result != SCARD_S_SUCCESS)
			return result;
		*ret_names = calloc(1, size + 2); /* a list ends with an empty name */
		if (!*ret_names)
			return SCARD_E_NO_MEMORY;
		result = SCardListReaders(readers->context, NULL, *ret_names, &size);
	}
	return result;
}

static enum kc_status list(struct readers *readers)
{
	CLEANUP(freep) char *names = NULL;
	long result = list_names(readers, &names);

	forget(readers->found, &readers->n_found);
	if (result == SCARD_E_NO_READERS_AVAILABLE)
		return KC_OK;
	TRY(pcsc_error_check(result, "cannot list readers"));
	REQUIRE(names, KC_ERR_INTERNAL, "a list of readers without names");
	return add_names(readers, names);
}

static void prepare_states(struct readers *readers)
{
	size_t n = readers->n_found;

	memset(readers->states, 0, sizeof(readers->states));
	for (size_t i = 0; i < n; i++)
		readers->states[i].szReader = readers->found[i].name;
	readers->states[n].szReader = news_of_readers;
}

static void note_state(struct reader *reader, const SCARD_READERSTATE *state)
{
	reader->has_card = (state->dwEventState & SCARD_STATE_PRESENT) != 0;
	reader->is_mute = (state->dwEventState & SCARD_STATE_MUTE) != 0;
	reader->n_events = (unsigned)(state->dwEventState >> EVENT_SHIFT);
	reader->atr_len = state->cbAtr < READERS_ATR_MAX ? state->cbAtr : READERS_ATR_MAX;
	memcpy(reader->atr, state->rgbAtr, reader->atr_len);
	/* Powered and silent: it may be that pcscd has not got round to power it yet. */
	reader->is_mute |= reader->has_card && reader->atr_len == 0;
}

/* Who else uses the card is no news: left in, each connection of ours would be some. */
static DWORD known_state(const SCARD_READERSTATE *state)
{
	return state->dwEventState &
	       ~(DWORD)(SCARD_STATE_CHANGED | SCARD_STATE_INUSE | SCARD_STATE_EXCLUSIVE);
}

/* A reader that left after it was listed makes the whole question fail: list again. */
static enum kc_status look(struct readers *readers)
{
	long result = SCARD_E_UNKNOWN_READER;

	while (result == SCARD_E_UNKNOWN_READER) {
		TRY(list(readers));
		prepare_states(readers);
		result = SCardGetStatusChange(readers->context, 0, readers->states,
					      (DWORD)readers->n_found + 1);
	}
	if (result != SCARD_E_TIMEOUT)
		TRY(pcsc_error_check(result, "cannot ask for the readers' states"));
	for (size_t i = 0; i < readers->n_found; i++)
		note_state(&readers->found[i], &readers->states[i]);
	return KC_OK;
}

/* --- what is new ----------------------------------------------------------------------------- */

static bool is_equal(const struct reader *a, const struct reader *b)
{
	return strcmp(a->name, b->name) == 0 && a->has_card == b->has_card &&
	       a->is_mute == b->is_mute && a->n_events == b->n_events && a->atr_len == b->atr_len &&
	       memcmp(a->atr, b->atr, a->atr_len) == 0;
}

static bool is_news(const struct readers *readers)
{
	if (!readers->was_told || readers->n_found != readers->n_told)
		return true;
	for (size_t i = 0; i < readers->n_found; i++) {
		if (!is_equal(&readers->found[i], &readers->told[i]))
			return true;
	}
	return false;
}

static enum kc_status sleep_until_change(struct readers *readers)
{
	DWORD timeout_ms = readers->is_settled ? LOOK_AGAIN_MS : SETTLE_MS;
	long result = 0;

	for (size_t i = 0; i <= readers->n_found; i++)
		readers->states[i].dwCurrentState = known_state(&readers->states[i]);
	result = SCardGetStatusChange(readers->context, timeout_ms, readers->states,
				      (DWORD)readers->n_found + 1);
	readers->is_settled = result == SCARD_E_TIMEOUT;
	if (result == SCARD_E_TIMEOUT || result == SCARD_E_UNKNOWN_READER)
		return KC_OK;
	return pcsc_error_check(result, "cannot wait for the readers");
}

enum kc_status readers_wait(struct readers *readers, const struct reader **ret_readers,
			    size_t *ret_n)
{
	TRY(look(readers));
	while (!is_news(readers)) {
		TRY(sleep_until_change(readers));
		TRY(look(readers));
	}
	forget(readers->told, &readers->n_told);
	memcpy(readers->told, readers->found, sizeof(readers->told));
	readers->n_told = readers->n_found;
	readers->n_found = 0;
	readers->was_told = true;
	*ret_readers = readers->told;
	*ret_n = readers->n_told;
	return KC_OK;
}
