/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The canned daemon: the real wire and the real IDL, answers from fixed text. */
#include "harness/canned_daemon.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/try.h"
#include "harness/test.h"
#include "wire/protocol.h"
#include "wire/serve.h"

static struct canned_daemon_state *state;
static const char *all_items;
static const char *all_tokens;

static struct json_object *parse(const char *text)
{
	struct json_object *json = json_tokener_parse(text);

	CHECK(json);
	return json;
}

static void reply_with(struct wire_call *call, const char *name, struct json_object *value)
{
	struct json_object *parameters = json_object_new_object();

	json_object_object_add(parameters, name, value);
	wire_call_reply(call, parameters);
}

/* Class, label and reference are all that it looks at. */
static bool matches(struct json_object *item, struct json_object *query)
{
	static const char *const names[] = {"class", "label", "token_id", "value_persistent_ref"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *wanted = field_text(query, names[i]);
		const char *actual = field_text(item, names[i]);

		if (wanted && (!actual || strcmp(wanted, actual) != 0))
			return false;
	}
	return true;
}

/* False: it has failed instead. */
static bool send_page(struct wire_call *call, struct json_object *item)
{
	struct json_object *page = json_object_new_object();
	struct json_object *items = json_object_new_array();

	json_object_array_add(items, json_object_get(item));
	json_object_object_add(page, "items", items);
	wire_call_continue(call, page);
	if (state->dies_after_page) {
		state->dies_after_page = false;
		_exit(0);
	}
	if (!state->fails_after_page)
		return true;
	error_clear();
	wire_call_fail(call, fail(KC_ERR_INTERACTION_NOT_ALLOWED, "locked"));
	return false;
}

/* All but the last; what is left is in @found. */
static bool send_pages(struct wire_call *call, struct json_object *found)
{
	while (json_object_array_length(found) > 1) {
		if (!send_page(call, json_object_array_get_idx(found, 0)))
			return false;
		json_object_array_del_idx(found, 0, 1);
	}
	return true;
}

static void on_copy_matching(struct wire_call *call)
{
	struct json_object *query = field_get(wire_call_parameters(call), "query");
	struct json_object *items = parse(all_items);
	struct json_object *found = json_object_new_array();

	state->n_queries++;
	(void)snprintf(
		state->parameters, sizeof(state->parameters), "%s",
		json_object_to_json_string_ext(wire_call_parameters(call), JSON_C_TO_STRING_PLAIN));
	if (state->dies_on_query) {
		state->dies_on_query = false;
		_exit(0);
	}
	while (state->is_slow)
		pause();
	for (size_t i = 0; i < json_object_array_length(items); i++) {
		struct json_object *item = json_object_array_get_idx(items, i);

		if (matches(item, query))
			json_object_array_add(found, json_object_get(item));
	}
	json_object_put(items);
	if (state->answers_in_pages && !send_pages(call, found)) {
		json_object_put(found);
		return;
	}
	if (json_object_array_length(found) > 0) {
		reply_with(call, "items", found);
		return;
	}
	json_object_put(found);
	error_clear();
	wire_call_fail(call, fail(KC_ERR_ITEM_NOT_FOUND, "no item matches"));
}

/* Sign, Decrypt and Exchange: "signature", and what was asked for, in base64. */
static void use_key(struct wire_call *call, const char *result)
{
	struct json_object *parameters = wire_call_parameters(call);
	int fd = wire_call_take_descriptor(call);

	state->n_signs++;
	if (state->dies_on_sign)
		_exit(0);
	if (state->holds_sign) {
		CHECK(sem_post(&state->sign_is_here) == 0);
		CHECK(sem_wait(&state->sign_may_go) == 0);
	}
	memset(state->pin, 0, sizeof(state->pin));
	(void)snprintf(state->interaction, sizeof(state->interaction), "%s",
		       json_object_to_json_string_ext(field_get(parameters, "interaction"),
						      JSON_C_TO_STRING_PLAIN));
	if (fd >= 0) {
		CHECK(field_number(parameters, "pin_fd", -1) == 0);
		CHECK(read(fd, state->pin, sizeof(state->pin) - 1) >= 0);
		CHECK(write(fd, "x", 1) < 0); /* sealed */
		close(fd);
	}
	if (fd >= 0 && strcmp(state->pin, "123456") != 0) {
		error_clear();
		error_set_sw(0x63c2);
		error_set_tries_left(2);
		error_set_token("org.keycask.piv:00", "piv");
		wire_call_fail(call, fail(KC_ERR_AUTH_FAILED, "wrong PIN"));
		return;
	}
	(void)snprintf(state->parameters, sizeof(state->parameters), "%s",
		       json_object_to_json_string_ext(parameters, JSON_C_TO_STRING_PLAIN));
	reply_with(call, result, json_object_new_string("c2lnbmF0dXJl"));
}

static void on_sign(struct wire_call *call)
{
	use_key(call, "signature");
}

static void on_decrypt(struct wire_call *call)
{
	use_key(call, "plaintext");
}

static void on_exchange(struct wire_call *call)
{
	use_key(call, "secret");
}

static void on_encrypt(struct wire_call *call)
{
	const char *data = field_text(wire_call_parameters(call), "data");

	reply_with(call, "ciphertext", json_object_new_string(data));
}

static void on_copy_public(struct wire_call *call)
{
	wire_call_reply(call, parse("{\"public_key\":\"cHVi\",\"key_type\":\"x25519\","
				    "\"key_size_in_bits\":256,\"public_reference\":\"a2Nwa1g=\"}"));
}

static void on_copy_attributes(struct wire_call *call)
{
	wire_call_reply(call, parse("{\"attributes\":{\"class\":\"key\",\"label\":\"k\","
				    "\"application_tag\":\"dGFn\"}}"));
}

static void on_verify(struct wire_call *call)
{
	const char *signature = field_text(wire_call_parameters(call), "signature");

	reply_with(call, "valid", json_object_new_boolean(!strcmp(signature, "c2lnbmF0dXJl")));
}

/* "cert" is the one certificate; "odd" has a key of a type that is unknown. */
static void on_inspect(struct wire_call *call)
{
	const char *data = field_text(wire_call_parameters(call), "certificate");
	struct json_object *reply =
		parse("{\"attributes\":{\"label\":\"Jo\",\"issuer\":\"aXNz\","
		      "\"serial_number\":\"AQ==\",\"not_valid_after\":\"1970-01-01T00:00:01Z\","
		      "\"public_key_hash\":\"aGFzaA==\",\"key_type\":\"ec\","
		      "\"key_usage\":[\"digital_signature\"]},\"public_key\":\"\"}");

	if (strcmp(data, "Y2VydA==") == 0)
		json_object_object_add(reply, "public_key", json_object_new_string("a2Nwa1g="));
	if (strcmp(data, "Y2VydA==") == 0 || strcmp(data, "b2Rk") == 0) {
		wire_call_reply(call, reply);
		return;
	}
	json_object_put(reply);
	error_clear();
	wire_call_fail(call, fail(KC_ERR_DECODE, "no certificate"));
}

static void on_supported(struct wire_call *call)
{
	reply_with(call, "is_supported", json_object_new_boolean(1));
}

static void on_list_algorithms(struct wire_call *call)
{
	reply_with(call, "types",
		   parse("[{\"key_type\": \"rsa\", \"decrypt\": [], \"exchange\": [],"
			 "\"sign\": [\"rsa_signature_digest_pkcs1v15_raw\"]}]"));
}

static void on_tokens(struct wire_call *call)
{
	reply_with(call, "tokens", parse(all_tokens));
}

static void on_info(struct wire_call *call)
{
	const char *wanted = field_text(wire_call_parameters(call), "token_id");
	struct json_object *tokens = parse(all_tokens);
	struct json_object *found = NULL;

	for (size_t i = 0; i < json_object_array_length(tokens); i++) {
		struct json_object *token = json_object_array_get_idx(tokens, i);

		if (strcmp(field_text(token, "token_id"), wanted) == 0)
			found = json_object_get(token);
	}
	json_object_put(tokens);
	error_clear();
	if (found)
		reply_with(call, "token", found);
	else
		wire_call_fail(call, fail(KC_ERR_ITEM_NOT_FOUND, "no such token"));
}

/* A comes, B comes, A goes; then the stream is over. */
static void on_watch(struct wire_call *call)
{
	static const char *const events[] = {
		"{\"event\":\"inserted\",\"token_id\":\"A\",\"slot\":\"s\"}",
		"{\"event\":\"inserted\",\"token_id\":\"B\"}",
		"{\"event\":\"removed\",\"token_id\":\"A\"}",
	};

	state->n_watches++;
	while (state->watches_in_silence)
		pause();
	for (size_t i = 0; i < ARRAY_LEN(events) - 1; i++)
		wire_call_continue(call, parse(events[i]));
	wire_call_reply(call, parse(events[ARRAY_LEN(events) - 1]));
}

static void on_unused(struct wire_call *call)
{
	error_clear();
	wire_call_fail(call, fail(KC_ERR_UNIMPLEMENTED, "not in this test"));
}

/* Add, Update and Delete are noted. Add answers with the first item when it is asked for one. */
static void on_change(struct wire_call *call)
{
	struct json_object *parameters = wire_call_parameters(call);
	struct json_object *items = parse(all_items);
	bool is_asked = field_flag(field_get(parameters, "item"), "return_attributes", false);

	state->n_changes++;
	if (state->dies_on_change)
		_exit(0);
	(void)snprintf(state->parameters, sizeof(state->parameters), "%s",
		       json_object_to_json_string_ext(parameters, JSON_C_TO_STRING_PLAIN));
	if (is_asked)
		reply_with(call, "item", json_object_get(json_object_array_get_idx(items, 0)));
	else
		wire_call_reply(call, NULL);
	json_object_put(items);
}

static void on_new_context(struct wire_call *call)
{
	char name[32];
	int fd = wire_call_take_descriptor(call);

	memset(state->context_secret, 0, sizeof(state->context_secret));
	(void)snprintf(
		state->parameters, sizeof(state->parameters), "%s",
		json_object_to_json_string_ext(wire_call_parameters(call), JSON_C_TO_STRING_PLAIN));
	if (fd >= 0) {
		CHECK(read(fd, state->context_secret, sizeof(state->context_secret) - 1) >= 0);
		close(fd);
	}
	(void)snprintf(name, sizeof(name), "context %d", ++state->n_contexts);
	reply_with(call, "context", json_object_new_string(name));
}

/* What was said, and the secret that came along, are noted. */
static void note_new_key(struct wire_call *call)
{
	int fd = wire_call_take_descriptor(call);

	memset(state->context_secret, 0, sizeof(state->context_secret));
	(void)snprintf(
		state->parameters, sizeof(state->parameters), "%s",
		json_object_to_json_string_ext(wire_call_parameters(call), JSON_C_TO_STRING_PLAIN));
	if (fd < 0)
		return;
	CHECK(read(fd, state->context_secret, sizeof(state->context_secret) - 1) >= 0);
	close(fd);
}

static void on_create(struct wire_call *call)
{
	note_new_key(call);
	wire_call_reply(call, parse("{\"key\":\"a2Nzc1g=\",\"public_key\":\"a2Nwa1g=\"}"));
}

static void on_import_key(struct wire_call *call)
{
	note_new_key(call);
	wire_call_reply(call, parse("{\"key\":\"a2Nwa1g=\"}"));
}

static void on_put_certificate(struct wire_call *call)
{
	note_new_key(call);
	wire_call_reply(call, parse("{\"certificate\":\"Y2VydA==\"}"));
}

static void on_delete_object(struct wire_call *call)
{
	note_new_key(call);
	wire_call_reply(call, parse("{}"));
}

static void on_import_items(struct wire_call *call)
{
	note_new_key(call);
	wire_call_reply(call, parse("{\"items\":[{\"class\":\"identity\",\"is_new\":true,"
				    "\"value_persistent_ref\":\"cmVm\",\"label\":\"Jo\"},"
				    "{\"class\":\"certificate\",\"is_new\":false,"
				    "\"value_persistent_ref\":\"Zg==\"}]}"));
}

static void on_export_items(struct wire_call *call)
{
	note_new_key(call);
	wire_call_reply(call, parse("{\"data\":\"ZmlsZQ==\"}"));
}

static void on_end_context(struct wire_call *call)
{
	state->n_contexts_ended++;
	wire_call_reply(call, NULL);
}

/* One answer for each purpose. */
static const struct canned_choice {
	const char *purpose;
	const char *answer;
} choices[] = {
	{"tls_client", "{\"identities\": [{\"identity\": \"aXJlZg==\", \"key\": \"a3JlZg==\","
		       "\"label\": \"Jo\", \"token_id\": \"org.keycask.piv:1\","
		       "\"certificate\": \"Y2VydA==\", \"chain\": [\"Y2Ex\", \"Y2Ey\"],"
		       "\"subject\": \"CN=Jo\", \"issuer\": \"CN=CA\","
		       "\"not_valid_before\": \"1970-01-01T00:00:00Z\","
		       "\"not_valid_after\": \"1970-01-01T00:00:01Z\", \"key_type\": \"ec\","
		       "\"key_size_in_bits\": 256, \"pin_needed\": true,"
		       "\"algorithms\": [\"ecdsa_signature_message_x962_sha256\"]}],"
		       "\"left_out\": [], \"omitted\": 0}"},
	{"sign", "{\"identities\": [], \"left_out\": ["
		 "{\"identity\": \"YQ==\", \"label\": \"Jo\", \"subject\": \"CN=Jo\","
		 "\"codes\": [\"expired\"], \"reasons\": [\"it expired on 2020-02-29\"]},"
		 "{\"identity\": \"Yg==\", \"label\": \"\", \"subject\": \"\","
		 "\"codes\": [\"key_usage\"], \"reasons\": [\"its key usage is crl_sign\"]}],"
		 "\"omitted\": 3}"},
	{"login", "{\"identities\": [], \"left_out\": [{\"identity\": \"Yg==\", \"label\": \"\","
		  "\"subject\": \"\", \"codes\": [\"locked\"],"
		  "\"reasons\": [\"the keychain is locked\"]}], \"omitted\": 0}"},
	{"broken",
	 "{\"identities\": [{\"identity\": \"not base64\", \"key\": \"\", \"label\": \"\","
	 "\"certificate\": \"\", \"chain\": [], \"subject\": \"\", \"issuer\": \"\","
	 "\"not_valid_before\": \"1970-01-01T00:00:00Z\","
	 "\"not_valid_after\": \"1970-01-01T00:00:01Z\", \"key_type\": \"\","
	 "\"key_size_in_bits\": 0, \"pin_needed\": true, \"algorithms\": []}],"
	 "\"left_out\": [], \"omitted\": 0}"},
};

static void on_choose(struct wire_call *call)
{
	const char *purpose = field_text(wire_call_parameters(call), "purpose");
	const char *answer = "{\"identities\": [], \"left_out\": [], \"omitted\": 0}";

	(void)snprintf(
		state->parameters, sizeof(state->parameters), "%s",
		json_object_to_json_string_ext(wire_call_parameters(call), JSON_C_TO_STRING_PLAIN));
	for (size_t i = 0; i < ARRAY_LEN(choices); i++)
		if (strcmp(choices[i].purpose, purpose) == 0)
			answer = choices[i].answer;
	wire_call_reply(call, parse(answer));
}

static const struct wire_method items_methods[] = {
	{"Add", on_change, 0},		{"CopyMatching", on_copy_matching, 0},
	{"Update", on_change, 0},	{"Delete", on_change, 0},
	{"Import", on_import_items, 0}, {"Export", on_export_items, 0}};
static const struct wire_method keys_methods[] = {{"Create", on_create, 0},
						  {"Import", on_import_key, 0},
						  {"CopyAttributes", on_copy_attributes, 0},
						  {"Sign", on_sign, 0},
						  {"Verify", on_verify, 0},
						  {"Encrypt", on_encrypt, 0},
						  {"Decrypt", on_decrypt, 0},
						  {"Exchange", on_exchange, 0},
						  {"CopyPublic", on_copy_public, 0},
						  {"Export", on_unused, 0},
						  {"Forget", on_unused, 0},
						  {"IsAlgorithmSupported", on_supported, 0},
						  {"ListAlgorithms", on_list_algorithms, 0}};
static const struct wire_method identities_methods[] = {{"Choose", on_choose, 0}};
static const struct wire_method certificates_methods[] = {{"Inspect", on_inspect, 0}};
static const struct wire_method keychain_methods[] = {
	{"State", on_unused, 0},	   {"Lock", on_unused, 0},
	{"Unlock", on_unused, 0},	   {"ChangePassword", on_unused, 0},
	{"Backup", on_unused, 0},	   {"Restore", on_unused, 0},
	{"NewContext", on_new_context, 0}, {"EndContext", on_end_context, 0}};
static const struct wire_method tokens_methods[] = {{"List", on_tokens, 0},
						    {"Info", on_info, 0},
						    {"Watch", on_watch, 0},
						    {"VerifyPin", on_unused, 0},
						    {"PinStatus", on_unused, 0},
						    {"Pins", on_unused, 0},
						    {"ChangePin", on_unused, 0},
						    {"UnblockPin", on_unused, 0},
						    {"Forget", on_unused, 0},
						    {"PutCertificate", on_put_certificate, 0},
						    {"DeleteObject", on_delete_object, 0},
						    {"Logout", on_unused, 0}};

_Noreturn static void serve(int fd)
{
	const struct wire_service_options options = {.product = "test", .version = "0"};
	const struct wire_interface interfaces[] = {
		{protocol_org_keycask_Items, items_methods, ARRAY_LEN(items_methods)},
		{protocol_org_keycask_Keychain, keychain_methods, ARRAY_LEN(keychain_methods)},
		{protocol_org_keycask_Keys, keys_methods, ARRAY_LEN(keys_methods)},
		{protocol_org_keycask_Identities, identities_methods,
		 ARRAY_LEN(identities_methods)},
		{protocol_org_keycask_Certificates, certificates_methods,
		 ARRAY_LEN(certificates_methods)},
		{protocol_org_keycask_Tokens, tokens_methods, ARRAY_LEN(tokens_methods)},
	};
	struct wire_service *service = NULL;
	struct wire_serve *connection = NULL;

	CHECK_OK(wire_service_new(&options, &service));
	for (size_t i = 0; i < ARRAY_LEN(interfaces); i++)
		CHECK_OK(wire_service_add(service, &interfaces[i]));
	CHECK_OK(wire_serve_new(fd, service, &connection));
	while (wire_serve_step(connection) == KC_OK)
		continue;
	_exit(0);
}

_Noreturn static void accept_all(int listener)
{
	ignore(sigaction(SIGCHLD, &(struct sigaction){.sa_handler = SIG_IGN}, NULL));
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			_exit(1);
		state->n_connections++;
		if (fork() == 0) {
			ignore(prctl(PR_SET_PDEATHSIG, SIGKILL));
			close(listener);
			serve(fd);
		}
		close(fd);
	}
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK(fd >= 0 && strlen(path) < sizeof(address.sun_path));
	memcpy(address.sun_path, path, strlen(path));
	CHECK(bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0);
	CHECK(listen(fd, 16) == 0);
	return fd;
}

struct canned_daemon canned_daemon_start(const char *items, const char *tokens)
{
	char path[100];
	struct canned_daemon daemon = {.pid = 0};
	int listener = -1;
	int alive[2];

	all_items = items;
	all_tokens = tokens;
	state = mmap(NULL, sizeof(*state), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	CHECK(state != MAP_FAILED);
	daemon.state = state;
	CHECK(sem_init(&state->sign_is_here, 1, 0) == 0 &&
	      sem_init(&state->sign_may_go, 1, 0) == 0);
	CHECK(snprintf(path, sizeof(path), "%s/s", test_directory()) < (int)sizeof(path));
	CHECK(setenv("KEYCASK_SOCKET", path, 1) == 0 && setenv("KEYCASK_AUTOSTART", "0", 1) == 0);
	CHECK(pipe2(alive, O_CLOEXEC) == 0);
	listener = listen_at(path);
	daemon.pid = fork();
	CHECK(daemon.pid >= 0);
	if (daemon.pid == 0) {
		close(alive[0]);
		ignore(prctl(PR_SET_PDEATHSIG, SIGKILL));
		ignore(setpgid(0, 0));
		accept_all(listener);
	}
	ignore(setpgid(daemon.pid, daemon.pid));
	close(listener);
	close(alive[1]);
	daemon.alive_fd = alive[0];
	return daemon;
}

void canned_daemon_stop(struct canned_daemon *daemon)
{
	char path[100];

	ignore(kill(-daemon->pid, SIGKILL));
	ignore(waitpid(daemon->pid, NULL, 0));
	ignore(read(daemon->alive_fd, path, 1) != 0);
	close(daemon->alive_fd);
	ignore(munmap(daemon->state, sizeof(*daemon->state)));
	ignore(snprintf(path, sizeof(path), "%s/s", test_directory()) < 0);
	ignore(unlink(path));
}
