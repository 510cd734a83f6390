/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The port over pcsc-lite. Every call into it may block for ever (a mute card in SCardTransmit,
 * another program's transaction in SCardConnect), so an alarm whose signal ends this process runs
 * beside each; the daemon sees from the exit status which of the two it was.
 */
#include "slots/pcsc.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include <winscard.h>

#include <reader.h>

#include "base/try.h"
#include "codec/apdu.h"
#include "slots/pcsc_error.h"
#include "slots/pcsc_limits.h"

enum {
	PROTOCOLS = SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1,
	RETRY_FIRST_MS = 2,
	RETRY_MAX_MS = 20,
	LOOK_FIRST_MS = 250,
	LOOK_MAX_MS = 1000,
	NSEC_PER_MSEC = 1000 * 1000,
	FEATURE_LIST_MAX = 256,
	CONTROL_ANSWER_MAX = 512,
};

struct pcsc {
	struct pcsc_options options;
	SCARDCONTEXT context;
	SCARDHANDLE card;
	bool is_connected;
	bool is_clean; /* the card has been reset since we have it */
	bool has_transaction;
	DWORD protocol;
};

/* --- deadlines ------------------------------------------------------------------------------- */

static volatile sig_atomic_t exit_status;

static void on_alarm(int number)
{
	(void)number;
	_exit(exit_status);
}

static void set_alarm(unsigned ms)
{
	struct itimerval timer = {
		.it_value = {.tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000}};

	ignore(setitimer(ITIMER_REAL, &timer, NULL));
}

static void arm(const struct pcsc *pcsc, int status)
{
	exit_status = status;
	set_alarm(pcsc->options.deadlines.card_ms);
}

/* That much longer. */
static void arm_patiently(const struct pcsc *pcsc, int status, unsigned longer_ms)
{
	exit_status = status;
	set_alarm(pcsc->options.deadlines.card_ms + longer_ms);
}

static void disarm(void)
{
	set_alarm(0);
}

/* --- the connection -------------------------------------------------------------------------- */

static void disconnect(struct pcsc *pcsc, DWORD disposition)
{
	if (pcsc->is_connected)
		ignore(SCardDisconnect(pcsc->card, disposition));
	pcsc->is_connected = false;
	pcsc->has_transaction = false;
}

static enum kc_status connect_card(struct pcsc *pcsc)
{
	long result = 0;

	if (pcsc->is_connected)
		return KC_OK;
	arm(pcsc, pcsc->options.exit_waiting);
	result = SCardConnect(pcsc->context, pcsc->options.reader, SCARD_SHARE_SHARED, PROTOCOLS,
			      &pcsc->card, &pcsc->protocol);
	disarm();
	TRY(pcsc_error_check(result, "cannot connect to the card"));
	pcsc->is_connected = true;
	return KC_OK;
}

static long reconnect(struct pcsc *pcsc, DWORD initialization)
{
	return SCardReconnect(pcsc->card, SCARD_SHARE_SHARED, PROTOCOLS, initialization,
			      &pcsc->protocol);
}

static void pause_ms(unsigned ms)
{
	struct timespec time = {.tv_sec = 0, .tv_nsec = (long)ms * NSEC_PER_MSEC};

	ignore(nanosleep(&time, NULL));
}

/* Somebody else's transaction: its end tells nobody. The alarm ends this when it lasts. */
static long begin_patiently(struct pcsc *pcsc)
{
	unsigned wait_ms = RETRY_FIRST_MS;
	long result = SCardBeginTransaction(pcsc->card);

	while (result == SCARD_E_SHARING_VIOLATION || result == SCARD_W_RESET_CARD) {
		if (result == SCARD_W_RESET_CARD) {
			result = reconnect(pcsc, SCARD_LEAVE_CARD);
			if (result != SCARD_S_SUCCESS && result != SCARD_E_SHARING_VIOLATION)
				return result;
		}
		if (result == SCARD_E_SHARING_VIOLATION)
			pause_ms(wait_ms);
		wait_ms = wait_ms * 2 < RETRY_MAX_MS ? wait_ms * 2 : RETRY_MAX_MS;
		result = SCardBeginTransaction(pcsc->card);
	}
	return result;
}

static enum kc_status begin_transaction(struct pcsc *pcsc)
{
	long result = 0;

	arm(pcsc, pcsc->options.exit_waiting);
	result = begin_patiently(pcsc);
	disarm();
	TRY(pcsc_error_check(result, "cannot begin a transaction"));
	pcsc->has_transaction = true;
	return KC_OK;
}

/* Nobody knows what others left verified: the first thing a card of ours gets is a reset. */
static enum kc_status clean(struct pcsc *pcsc)
{
	long result = 0;

	if (pcsc->is_clean)
		return KC_OK;
	arm(pcsc, pcsc->options.exit_mute);
	result = reconnect(pcsc, SCARD_RESET_CARD);
	disarm();
	TRY(pcsc_error_check(result, "cannot reset the card"));
	pcsc->is_clean = true;
	return KC_OK;
}

static enum kc_status try_begin(struct pcsc *pcsc)
{
	if (pcsc->has_transaction)
		return KC_OK;
	TRY(connect_card(pcsc));
	TRY(begin_transaction(pcsc));
	return clean(pcsc);
}

static enum kc_status begin(void *state)
{
	struct pcsc *pcsc = state;
	enum kc_status status = try_begin(pcsc);

	if (status != KC_OK)
		disconnect(pcsc, SCARD_LEAVE_CARD);
	return status;
}

static enum kc_status end(void *state, bool reset)
{
	struct pcsc *pcsc = state;
	DWORD disposition = reset ? SCARD_RESET_CARD : SCARD_LEAVE_CARD;
	long result = SCARD_S_SUCCESS;

	/* A verified state without a transaction of ours is another program's, not ours to clear.
	 */
	if (!pcsc->has_transaction)
		return KC_OK;
	arm(pcsc, pcsc->options.exit_mute);
	result = SCardEndTransaction(pcsc->card, disposition);
	/* When it was not reset then and there, it is now. */
	disconnect(pcsc, result == SCARD_S_SUCCESS ? SCARD_LEAVE_CARD : disposition);
	disarm();
	return pcsc_error_check(result, "cannot end the transaction");
}

/* Within the transaction, which stays. */
static enum kc_status reset(void *state)
{
	struct pcsc *pcsc = state;

	pcsc->is_clean = !pcsc->has_transaction && pcsc->is_clean;
	return pcsc->has_transaction ? clean(pcsc) : KC_OK;
}

/* --- the port -------------------------------------------------------------------------------- */

static enum kc_status read_atr(struct pcsc *pcsc, struct bytes *atr)
{
	uint8_t buffer[MAX_ATR_SIZE];
	DWORD atr_len = sizeof(buffer);
	DWORD name_len = 0;
	DWORD state = 0;
	DWORD protocol = 0;
	long result = 0;

	arm(pcsc, pcsc->options.exit_mute);
	result = SCardStatus(pcsc->card, NULL, &name_len, &state, &protocol, buffer, &atr_len);
	disarm();
	TRY(pcsc_error_check(result, "cannot read the ATR"));
	return bytes_append(atr, view_of(buffer, atr_len));
}

/* The transaction stays open: what comes next is Begin. */
static enum kc_status power_up(void *state, struct bytes *atr)
{
	struct pcsc *pcsc = state;
	enum kc_status status = KC_OK;

	TRY(begin(pcsc));
	status = read_atr(pcsc, atr);
	if (status != KC_OK)
		disconnect(pcsc, SCARD_LEAVE_CARD);
	return status;
}

static enum kc_status transmit(void *state, struct kc_view command, struct bytes *response)
{
	struct pcsc *pcsc = state;
	DWORD len = APDU_RESPONSE_MAX;
	long result = 0;

	REQUIRE(pcsc->has_transaction, KC_ERR_INTERNAL, "an APDU outside of a transaction");
	TRY(bytes_reserve(response, len));
	arm_patiently(pcsc, pcsc->options.exit_mute,
		      port_patience_ms(pcsc->options.deadlines, command));
	result = SCardTransmit(
		pcsc->card, pcsc->protocol == SCARD_PROTOCOL_T0 ? SCARD_PCI_T0 : SCARD_PCI_T1,
		command.data, command.len, NULL, response->data + response->len, &len);
	disarm();
	TRY(pcsc_error_check(result, "the APDU was not carried out"));
	response->len += len;
	return KC_OK;
}

/* Part 10, 2.2. A reader, or a driver of pcscd, that knows no such question has no features. */
static enum kc_status read_features(void *state, struct part10_features *ret_features)
{
	struct pcsc *pcsc = state;
	struct part10_features none = {{0}};
	uint8_t list[FEATURE_LIST_MAX];
	DWORD len = 0;
	long result = 0;

	REQUIRE(pcsc->has_transaction, KC_ERR_INTERNAL, "a question outside of a transaction");
	arm(pcsc, pcsc->options.exit_mute);
	result = SCardControl(pcsc->card, CM_IOCTL_GET_FEATURE_REQUEST, NULL, 0, list, sizeof(list),
			      &len);
	disarm();
	if (result == SCARD_S_SUCCESS)
		return part10_get_features(view_of(list, len), ret_features);
	*ret_features = none;
	return KC_OK;
}

/*
 * What readers that refuse a structure make of it differs; what says that card, reader or pcscd
 * are gone does not.
 */
static enum kc_status check_control(long result)
{
	enum kc_status status = pcsc_error_check(result, "the reader did not do it");

	return status == KC_ERR_INTERNAL || result == SCARD_E_NOT_TRANSACTED
		       ? error_remap(KC_ERR_NOT_IMPLEMENTED)
		       : status;
}

static enum kc_status control(void *state, uint32_t code, struct kc_view data, unsigned limit_ms,
			      struct bytes *answer)
{
	struct pcsc *pcsc = state;
	DWORD len = CONTROL_ANSWER_MAX;
	long result = 0;

	REQUIRE(pcsc->has_transaction, KC_ERR_INTERNAL, "a control outside of a transaction");
	TRY(bytes_reserve(answer, len));
	arm_patiently(pcsc, pcsc->options.exit_mute, limit_ms);
	result = SCardControl(pcsc->card, code, data.data, data.len, answer->data + answer->len,
			      len, &len);
	disarm();
	TRY(check_control(result));
	answer->len += len;
	return KC_OK;
}

static enum kc_status limits(void *state, struct port_limits *ret_limits)
{
	struct pcsc *pcsc = state;
	struct part10_features features;
	struct pcsc_told told = {.is_t0 = pcsc->protocol == SCARD_PROTOCOL_T0};

	TRY(read_features(state, &features));
	arm(pcsc, pcsc->options.exit_mute);
	pcsc_limits_ask(pcsc->card, features.control[PART10_TLV_PROPERTIES], &told);
	disarm();
	*ret_limits = pcsc_limits_of(&told);
	return KC_OK;
}

/* Their bits are ours. A card changes its protocol in a reset only. */
static enum kc_status choose(void *state, unsigned allowed, unsigned *ret_protocol)
{
	struct pcsc *pcsc = state;
	long result = SCARD_E_PROTO_MISMATCH;

	REQUIRE(pcsc->has_transaction, KC_ERR_INTERNAL, "a protocol outside of a transaction");
	if (pcsc->protocol & allowed) {
		*ret_protocol = (unsigned)pcsc->protocol;
		return KC_OK;
	}
	arm(pcsc, pcsc->options.exit_mute);
	if (allowed & PROTOCOLS)
		result = SCardReconnect(pcsc->card, SCARD_SHARE_SHARED, allowed & PROTOCOLS,
					SCARD_RESET_CARD, &pcsc->protocol);
	disarm();
	*ret_protocol = PORT_PROTOCOL_NONE;
	if (result == SCARD_E_PROTO_MISMATCH)
		return KC_OK;
	TRY(pcsc_error_check(result, "cannot change the card's protocol"));
	*ret_protocol = (unsigned)pcsc->protocol;
	return KC_OK;
}

static bool is_taken(const SCARD_READERSTATE *reader)
{
	return (reader->dwEventState & SCARD_STATE_EXCLUSIVE) &&
	       (reader->dwEventState & SCARD_STATE_PRESENT);
}

/*
 * pcscd tells of the end of an exclusive connection when it next looks at the reader, which may
 * take ten minutes with a reader that has interrupts: ask anew, ever more slowly.
 */
static enum kc_status wait_until_free(void *state)
{
	struct pcsc *pcsc = state;
	SCARD_READERSTATE reader = {.szReader = pcsc->options.reader};
	DWORD wait_ms = LOOK_FIRST_MS;
	long result = SCardGetStatusChange(pcsc->context, 0, &reader, 1);

	while (result == SCARD_E_TIMEOUT || (result == SCARD_S_SUCCESS && is_taken(&reader))) {
		reader.dwCurrentState = reader.dwEventState & ~(DWORD)SCARD_STATE_CHANGED;
		result = SCardGetStatusChange(pcsc->context, wait_ms, &reader, 1);
		wait_ms = wait_ms * 2 < LOOK_MAX_MS ? wait_ms * 2 : LOOK_MAX_MS;
	}
	return pcsc_error_check(result, "cannot wait for the card");
}

static int descriptor(void *state)
{
	(void)state;
	return -1; /* who watches the readers will tell */
}

static void close_card(void *state)
{
	struct pcsc *pcsc = state;

	arm(pcsc, pcsc->options.exit_mute);
	disconnect(pcsc, SCARD_RESET_CARD);
	ignore(SCardReleaseContext(pcsc->context));
	disarm();
	free(pcsc);
}

static const struct port_operations operations = {
	.power_up = power_up,
	.transmit = transmit,
	.features = read_features,
	.control = control,
	.begin = begin,
	.end = end,
	.reset = reset,
	.limits = limits,
	.choose = choose,
	.wait = wait_until_free,
	.descriptor = descriptor,
	.close = close_card,
};

enum kc_status pcsc_open(const struct pcsc_options *options, struct port **ret_port)
{
	struct sigaction action = {.sa_handler = on_alarm};
	struct pcsc *pcsc = NULL;
	SCARDCONTEXT context = 0;

	REQUIRE(sigaction(SIGALRM, &action, NULL) == 0, KC_ERR_INTERNAL, "no signal handler");
	/* pcsc-lite: report what others hold, rather than to retry for ever. */
	REQUIRE(setenv("PCSCLITE_NO_BLOCKING", "1", 1) == 0, KC_ERR_ALLOCATE, "out of memory");
	TRY(pcsc_error_check(SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context),
			     "pcscd does not answer"));
	pcsc = calloc(1, sizeof(*pcsc));
	if (!pcsc)
		ignore(SCardReleaseContext(context));
	REQUIRE(pcsc, KC_ERR_ALLOCATE, "out of memory");
	*pcsc = (struct pcsc){.options = *options, .context = context};
	return port_new(&operations, pcsc, ret_port);
}
