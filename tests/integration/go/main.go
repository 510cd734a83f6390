// SPDX-License-Identifier: LGPL-2.1-or-later

// A keychain client on Debian's golang-github-varlink-go-dev, which knows nothing of keycask: it
// waits for a card, lists what it holds and signs with each key that can. One JSON value per line
// on standard output; the PIN comes from standard input.
//
//	go run main.go unix:/run/user/1000/keycask/keycask.sock <pin
package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/varlink/go/varlink"
	"github.com/varlink/go/varlink/idl"
)

type item struct {
	Class           string `json:"class"`
	Label           string `json:"label"`
	TokenID         string `json:"token_id"`
	KeyType         string `json:"key_type"`
	CanSign         bool   `json:"can_sign"`
	ApplicationHash []byte `json:"application_label"`
	PersistentRef   []byte `json:"value_persistent_ref"`
}

type event struct {
	Event   string `json:"event"`
	TokenID string `json:"token_id"`
	Slot    string `json:"slot"`
	Driver  string `json:"driver"`
}

type record struct {
	Status    int    `json:"status"`
	Name      string `json:"name"`
	Message   string `json:"message"`
	TriesLeft *int   `json:"tries_left"`
}

type fields map[string]interface{}

var background = context.Background()

func print(kind string, value interface{}) {
	line, err := json.Marshal(fields{"kind": kind, "value": value})
	if err != nil {
		fail(err)
	}
	fmt.Println(string(line))
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func connect(address string) *varlink.Connection {
	connection, err := varlink.NewConnection(background, address)
	if err != nil {
		fail(err)
	}
	return connection
}

func call(connection *varlink.Connection, method string, in fields, out interface{}) {
	if err := connection.Call(background, method, in, out); err != nil {
		fail(fmt.Errorf("%s: %w", method, err))
	}
}

// lower gives the description its interface's name in lower case. Varlink's grammar allows capital
// letters, as in io.systemd.UserDatabase; idl, as old as Debian's, stops at them.
func lower(name, description string) string {
	return strings.Replace(description, "interface "+name, "interface "+strings.ToLower(name), 1)
}

// describe reads the service's own description of each interface with Go's parser.
func describe(connection *varlink.Connection) {
	var vendor, product, version, url string
	var interfaces []string
	if err := connection.GetInfo(background, &vendor, &product, &version, &url, &interfaces); err != nil {
		fail(err)
	}
	methods := map[string][]string{}
	for _, name := range interfaces {
		text, err := connection.GetInterfaceDescription(background, name)
		if err != nil {
			fail(fmt.Errorf("%s: %w", name, err))
		}
		parsed, err := idl.New(lower(name, text))
		if err != nil {
			fail(fmt.Errorf("%s: %w", name, err))
		}
		if parsed.Name != strings.ToLower(name) {
			fail(fmt.Errorf("%s calls itself %s", name, parsed.Name))
		}
		for _, method := range parsed.Methods {
			methods[name] = append(methods[name], method.Name)
		}
	}
	print("info", fields{"vendor": vendor, "product": product, "version": version, "url": url,
		"methods": methods})
}

// watch asks for events on a connection of its own and gives the function that receives the next.
func watch(address string) func() event {
	receive, err := connect(address).Send(background, "org.keycask.Tokens.Watch", nil, varlink.More)
	if err != nil {
		fail(err)
	}
	return func() event {
		var news event
		flags, err := receive(background, &news)
		if err != nil {
			fail(err)
		}
		if flags&varlink.Continues == 0 {
			fail(errors.New("the stream of events ended"))
		}
		print("event", news)
		return news
	}
}

func list(connection *varlink.Connection, class string) []item {
	var reply struct {
		Items []item `json:"items"`
	}
	call(connection, "org.keycask.Items.CopyMatching", fields{"query": fields{
		"class": class, "match_limit": "all", "return_attributes": true,
		"return_persistent_ref": true}}, &reply)
	return reply.Items
}

func sign(connection *varlink.Connection, key item, pin string) {
	algorithm := "ecdsa_signature_message_x962_sha256"
	if key.KeyType == "rsa" {
		algorithm = "rsa_signature_message_pkcs1v15_sha256"
	}
	in := fields{"key": key.PersistentRef, "algorithm": algorithm,
		"data": base64.StdEncoding.EncodeToString([]byte("signed by way of Go\n")), "pin": pin}
	var signed struct {
		Signature []byte `json:"signature"`
	}
	call(connection, "org.keycask.Keys.Sign", in, &signed)
	delete(in, "pin")
	in["signature"] = signed.Signature
	var verified struct {
		Valid bool `json:"valid"`
	}
	call(connection, "org.keycask.Keys.Verify", in, &verified)
	print("signature", fields{"label": key.Label, "signature": signed.Signature,
		"valid": verified.Valid})
}

// refused makes a call that must fail and reads the error record.
func refused(connection *varlink.Connection, method string, in fields) {
	var failure *varlink.Error
	err := connection.Call(background, method, in, nil)
	if !errors.As(err, &failure) {
		fail(fmt.Errorf("%s: %v is no error of the service", method, err))
	}
	raw, isRaw := failure.Parameters.(*json.RawMessage)
	if !isRaw || raw == nil {
		fail(fmt.Errorf("%s: %s without parameters", method, failure.Name))
	}
	var parameters struct {
		Record record `json:"record"`
	}
	if err := json.Unmarshal(*raw, &parameters); err != nil {
		fail(err)
	}
	print("refused", fields{"error": failure.Name, "record": parameters.Record})
}

func main() {
	pin, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil || len(os.Args) != 2 {
		fail(errors.New("usage: client ADDRESS <PIN"))
	}
	pin = strings.TrimSuffix(pin, "\n")
	connection := connect(os.Args[1])
	describe(connection)
	next := watch(os.Args[1])
	print("waiting", nil)
	inserted := next()

	var tokens struct {
		Tokens []fields `json:"tokens"`
	}
	call(connection, "org.keycask.Tokens.List", nil, &tokens)
	print("tokens", tokens.Tokens)
	print("identities", list(connection, "identity"))
	keys := list(connection, "key")
	refused(connection, "org.keycask.Keys.Sign", fields{"key": keys[0].PersistentRef, "data": "",
		"algorithm": "rsa_signature_message_pkcs1v15_sha256", "pin": "000000"})
	for _, key := range keys {
		if key.CanSign {
			sign(connection, key, pin)
		}
	}
	print("pulling", nil)
	if removed := next(); removed.Event != "removed" || removed.TokenID != inserted.TokenID {
		fail(errors.New("another token was removed"))
	}
	refused(connection, "org.keycask.Items.CopyMatching", fields{"query": fields{
		"class": "key", "value_persistent_ref": keys[0].PersistentRef}})
}
