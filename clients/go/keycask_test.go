// SPDX-License-Identifier: LGPL-2.1-or-later

package keycask_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"keycask.org/go/keycask"
)

const profile = "piv:9a=rsa2048,9c=p256,82=rsa2048"

var message = []byte("signed from Go")

func digest(hash crypto.Hash) []byte {
	state := hash.New()
	state.Write(message)
	return state.Sum(nil)
}

func TestItems(t *testing.T) {
	client := newWorld(t).client()
	if items, err := client.List(background, "generic_password", nil); err != nil || items != nil {
		t.Fatal(items, err)
	}
	item, err := client.Add(background, keycask.Query{"class": "generic_password", "service": "mail",
		"account": "jo", "value_data": []byte("geheim"), "generic": []byte{0, 255},
		"return_attributes": true, "return_persistent_ref": true})
	check(t, err)
	if !bytes.Equal(item.Data("generic"), []byte{0, 255}) || item.Text("account") != "jo" ||
		time.Since(item.Time("creation_date")) > 5*time.Minute || item.Flag("is_invisible") {
		t.Fatal(item)
	}
	_, err = client.Add(background, keycask.Query{"class": "generic_password", "service": "mail",
		"account": "jo"})
	is(t, err, keycask.ErrDuplicateItem)
	check(t, client.Update(background, keycask.Query{"class": "generic_password", "account": "jo"},
		keycask.Query{"value_data": []byte("neu")}))
	same, err := client.List(background, "generic_password", keycask.Query{
		"creation_date": item.Time("creation_date")})
	if err != nil || len(same) != 1 {
		t.Fatal(same, err)
	}
	items, err := client.CopyMatching(background, keycask.Query{
		"value_persistent_ref": item.PersistentRef(), "return_data": true})
	check(t, err)
	if string(items[0].Data("value_data")) != "neu" {
		t.Fatal(items)
	}
	check(t, client.Delete(background, keycask.Query{"class": "generic_password"}))
	_, err = client.CopyMatching(background, keycask.Query{"class": "generic_password"})
	is(t, err, keycask.ErrItemNotFound)
	_, err = client.List(background, "certificate", keycask.Query{"lable": "x"})
	if failure := is(t, err, keycask.ErrNoSuchAttr); !strings.Contains(failure.Error(), "lable") {
		t.Fatal(failure)
	}
}

func TestItemsInPages(t *testing.T) {
	client := newWorld(t).client()
	for i := 0; i < 12; i++ {
		_, err := client.Add(background, keycask.Query{"class": "generic_password",
			"service": fmt.Sprint(i), "value_data": make([]byte, 150_000)})
		check(t, err)
	}
	items, err := client.CopyMatching(background, keycask.Query{"class": "generic_password",
		"match_limit": "all", "return_data": true})
	check(t, err)
	if len(items) != 12 || len(items[11].Data("value_data")) != 150_000 {
		t.Fatal(len(items))
	}
}

// verified is the judgement of Go's own packages.
func verified(public crypto.PublicKey, hash crypto.Hash, opts crypto.SignerOpts, signature []byte) error {
	switch key := public.(type) {
	case *rsa.PublicKey:
		if pss, isPSS := opts.(*rsa.PSSOptions); isPSS {
			return rsa.VerifyPSS(key, hash, digest(hash), signature, pss)
		}
		return rsa.VerifyPKCS1v15(key, hash, digest(hash), signature)
	case *ecdsa.PublicKey:
		if !ecdsa.VerifyASN1(key, digest(hash), signature) {
			return errors.New("the signature does not match")
		}
		return nil
	}
	return fmt.Errorf("a key of type %T", public)
}

func TestCard(t *testing.T) {
	w := newWorld(t)
	client := w.client()
	events := w.watch(client)
	inserted := w.insert(profile, events)
	tokens, err := client.Tokens(background)
	check(t, err)
	if len(tokens) != 1 || tokens[0].TokenID != inserted.TokenID || tokens[0].State != "present" {
		t.Fatal(tokens)
	}
	keys := w.identities(client, keycask.WithPIN(pin))
	if len(keys) != 3 {
		t.Fatal(keys)
	}
	options := map[string][]crypto.SignerOpts{
		"Certificate For PIV Authentication": {crypto.SHA256, crypto.SHA512,
			&rsa.PSSOptions{Hash: crypto.SHA256, SaltLength: rsa.PSSSaltLengthEqualsHash},
			&rsa.PSSOptions{Hash: crypto.SHA384, SaltLength: rsa.PSSSaltLengthAuto},
			&rsa.PSSOptions{Hash: crypto.SHA256, SaltLength: 32}},
		"Certificate For Digital Signature": {crypto.SHA256, crypto.SHA384}}
	for label, each := range options {
		for _, opts := range each {
			hash := opts.HashFunc()
			signature, err := keys[label].Key.Sign(rand.Reader, digest(hash), opts)
			check(t, err)
			check(t, verified(keys[label].Key.Public(), hash, opts, signature))
		}
	}
	w.judge(keys["Certificate For Digital Signature"])
	w.decrypt(keys)
	card := keys["Certificate For PIV Authentication"].Key
	w.pull()
	if w.next(events, "removed").TokenID != inserted.TokenID {
		t.Fatal("another token")
	}
	_, err = card.Sign(rand.Reader, digest(crypto.SHA256), crypto.SHA256)
	if failure := is(t, err, keycask.ErrItemNotFound); failure.TokenID != inserted.TokenID {
		t.Fatal(failure)
	}
	w.insert(profile, events)
	_, err = card.Sign(rand.Reader, digest(crypto.SHA256), crypto.SHA256)
	check(t, err)
}

// judge has openssl verify a signature.
func (w *world) judge(identity *keycask.Identity) {
	signature, err := identity.Key.SignWith(background, "ecdsa_signature_message_x962_sha256", message)
	check(w.t, err)
	info, err := x509.MarshalPKIXPublicKey(identity.Key.Public())
	check(w.t, err)
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: info})
	w.run("openssl", "dgst", "-sha256", "-verify", w.file("public.pem", public), "-signature",
		w.file("signature", signature), w.file("message", message))
}

func (w *world) decrypt(keys map[string]*keycask.Identity) {
	t := w.t
	for label, identity := range keys {
		public, isRSA := identity.Key.Public().(*rsa.PublicKey)
		if !isRSA || label == "Certificate For PIV Authentication" {
			continue
		}
		secret, err := rsa.EncryptOAEP(crypto.SHA256.New(), rand.Reader, public, message, nil)
		check(t, err)
		plain, err := identity.Key.Decrypt(rand.Reader, secret, &rsa.OAEPOptions{Hash: crypto.SHA256})
		check(t, err)
		if !bytes.Equal(plain, message) {
			t.Fatal(plain)
		}
		secret, err = rsa.EncryptPKCS1v15(rand.Reader, public, message)
		check(t, err)
		for _, opts := range []crypto.DecrypterOpts{nil,
			&rsa.PKCS1v15DecryptOptions{SessionKeyLen: len(message)}} {
			plain, err = identity.Key.Decrypt(rand.Reader, secret, opts)
			check(t, err)
			if !bytes.Equal(plain, message) {
				t.Fatal(plain)
			}
		}
		plain, err = identity.Key.Decrypt(rand.Reader, secret,
			&rsa.PKCS1v15DecryptOptions{SessionKeyLen: 48})
		if err != nil || len(plain) != 48 {
			t.Fatal(plain, err)
		}
		_, err = identity.Key.Decrypt(rand.Reader, secret, &rsa.OAEPOptions{Hash: crypto.SHA256,
			Label: []byte("label")})
		is(t, err, keycask.ErrUnimplemented)
	}
}

func TestKeychain(t *testing.T) {
	w := newWorld(t)
	client := w.client()
	w.add(client, "rsa", newRSA(t))
	w.add(client, "ec", newEC(t))
	_, private, err := ed25519.GenerateKey(rand.Reader)
	check(t, err)
	w.add(client, "ed25519", private)
	keys := w.identities(client)
	for label, hash := range map[string]crypto.Hash{"rsa": crypto.SHA256, "ec": crypto.SHA256} {
		signature, err := keys[label].Key.Sign(nil, digest(hash), hash)
		check(t, err)
		check(t, verified(keys[label].Key.Public(), hash, hash, signature))
	}
	key, err := client.Key(background, keys["ed25519"].Reference)
	check(t, err)
	signature, err := key.Sign(nil, message, crypto.Hash(0))
	check(t, err)
	if !ed25519.Verify(key.Public().(ed25519.PublicKey), message, signature) {
		t.Fatal("the signature does not match")
	}
	_, err = key.Sign(nil, digest(crypto.SHA256), crypto.SHA256)
	is(t, err, keycask.ErrParam)
	_, err = key.Decrypt(nil, message, nil)
	is(t, err, keycask.ErrUnimplemented)
	_, err = keys["rsa"].Key.Sign(nil, message, crypto.SHA256)
	is(t, err, keycask.ErrParam)
	_, err = keys["rsa"].Key.Sign(nil, digest(crypto.SHA256), &rsa.PSSOptions{Hash: crypto.SHA256,
		SaltLength: 8})
	is(t, err, keycask.ErrUnimplemented)
	_, err = client.Key(background, []byte("no such key"))
	is(t, err, keycask.ErrParam)
}

func TestPIN(t *testing.T) {
	w := newWorld(t)
	client := w.client()
	inserted := w.insert("piv:9a=p256", w.watch(client))
	identity := w.identities(client)["Certificate For PIV Authentication"]
	sign := func(options ...keycask.KeyOption) error {
		_, err := identity.Key.With(options...).Sign(nil, digest(crypto.SHA256), crypto.SHA256)
		return err
	}
	is(t, sign(keycask.WithoutUI()), keycask.ErrInteractionNotAllowed)
	failure := is(t, sign(keycask.WithPIN("654321")), keycask.ErrAuthFailed)
	if failure.TriesLeft == nil || *failure.TriesLeft != 2 || failure.TokenID != inserted.TokenID {
		t.Fatalf("%+v", failure)
	}
	asked := []keycask.PINRequest{}
	check(t, sign(keycask.WithPIN(pin))) // all tries are back
	check(t, client.Close())
	check(t, sign(keycask.WithPINFunc(func(request keycask.PINRequest) (string, error) {
		asked = append(asked, request)
		return []string{"000000", pin}[len(asked)-1], nil
	})))
	if len(asked) != 2 || asked[0].IsRepeated || !asked[1].IsRepeated || *asked[1].TriesLeft != 2 {
		t.Fatalf("%+v", asked)
	}
	check(t, sign(keycask.WithoutUI()))
	check(t, client.Close())
	enough := errors.New("enough")
	if err := sign(keycask.WithPINFunc(func(keycask.PINRequest) (string, error) {
		return "", enough
	})); err != enough {
		t.Fatal(err)
	}
	check(t, client.VerifyPIN(background, inserted.TokenID, pin))
	check(t, sign(keycask.WithoutUI()))
}

func TestCancel(t *testing.T) {
	w := newWorld(t)
	script := w.file("pinentry", []byte("#!/bin/sh\necho OK\nwhile read -r verb rest; do\n"+
		"[ \"$verb\" != GETPIN ] || : >\"$0.asked\"\n[ \"$verb\" = GETPIN ] || echo OK\ndone\n"))
	check(t, os.Chmod(script, 0o700))
	check(t, os.MkdirAll(filepath.Join(w.folder, "config"), 0o700))
	w.file("config/config.json", []byte(fmt.Sprintf(`{"pinentry": %q}`, script)))
	t.Setenv("DISPLAY", ":99")
	client := w.client()
	w.insert("piv:9a=p256", w.watch(client))
	key := w.identities(client)["Certificate For PIV Authentication"].Key
	ctx, cancel := context.WithCancel(background)
	go func() {
		for _, err := os.Stat(script + ".asked"); err != nil; _, err = os.Stat(script + ".asked") {
			time.Sleep(5 * time.Millisecond)
		}
		cancel()
	}()
	_, err := key.With(keycask.WithContext(ctx)).Sign(nil, digest(crypto.SHA256), crypto.SHA256)
	if err != context.Canceled {
		t.Fatal(err)
	}
	ctx, cancel = context.WithTimeout(background, 100*time.Millisecond)
	defer cancel()
	_, err = key.SignWith(ctx, "ecdsa_signature_message_x962_sha256", message)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	_, err = key.With(keycask.WithPIN(pin)).Sign(nil, digest(crypto.SHA256), crypto.SHA256)
	check(t, err)
}

func TestRestart(t *testing.T) {
	w := newWorld(t)
	client := w.client()
	w.add(client, "kept", newEC(t))
	events := w.watch(client)
	w.insert("piv:9a=p256", events)
	key := w.identities(client)["kept"].Key
	w.kill()
	w.pull()
	w.next(events, "removed")
	_, err := client.Tokens(background)
	is(t, err, keycask.ErrNotAvailable)
	w.client()
	signature, err := key.Sign(nil, digest(crypto.SHA256), crypto.SHA256)
	check(t, err)
	check(t, verified(key.Public(), crypto.SHA256, crypto.SHA256, signature))
	w.insert("", events)
}

// losing is a daemon that reads calls and closes, until it is to answer.
func losing(t *testing.T, lost int32, answer string) (*keycask.Client, *int32) {
	path := filepath.Join(t.TempDir(), "socket")
	listener, err := net.Listen("unix", path)
	check(t, err)
	t.Cleanup(func() { listener.Close() })
	var calls int32
	go func() {
		for {
			peer, err := listener.Accept()
			if err != nil {
				return
			}
			text, err := bufio.NewReader(peer).ReadBytes(0)
			if err == nil && json.Valid(text[:len(text)-1]) && atomic.AddInt32(&calls, 1) > lost {
				_, _ = peer.Write(append([]byte(answer), 0))
			}
			peer.Close()
		}
	}()
	client, err := keycask.Dial(background, keycask.WithSocket(path))
	check(t, err)
	return client, &calls
}

func TestLost(t *testing.T) {
	client, calls := losing(t, 1, `{"parameters": {"tokens": []}}`)
	_, err := client.Tokens(background)
	check(t, err)
	if *calls != 2 {
		t.Fatal(*calls)
	}
	client, calls = losing(t, 10, "")
	err = client.Delete(background, keycask.Query{"class": "key"})
	failure := is(t, err, keycask.ErrNotAvailable)
	if *calls != 1 || failure.Error() != "the daemon was lost before it answered: it may have done "+
		"what it was asked, or not" || failure.Hint != "look, then repeat" {
		t.Fatal(*calls, failure)
	}
	for answer, text := range map[string]string{
		`{"error": "org.varlink.service.MethodNotFound", "parameters": {"method": "a.B"}}`:        "the daemon has no method a.B",
		`{"error": "org.varlink.service.InvalidParameter", "parameters": {"parameter": "query"}}`: "not a valid parameter: query",
		`{"error": "org.example.Odd"}`: "the daemon answered org.example.Odd",
	} {
		client, _ = losing(t, 0, answer)
		if _, err := client.Tokens(background); err == nil || err.Error() != text {
			t.Error(err)
		}
	}
}

func TestDial(t *testing.T) {
	w := newWorld(t)
	_, err := keycask.Dial(background)
	failure := is(t, err, keycask.ErrNotAvailable)
	if failure.Hint != "start the daemon: keycask daemon start" {
		t.Fatal(failure.Hint)
	}
	t.Setenv("KEYCASK_AUTOSTART", "")
	_, err = keycask.Dial(background, keycask.WithoutStart())
	is(t, err, keycask.ErrNotAvailable)
	path := os.Getenv("PATH")
	programs := filepath.Join(w.folder, "bin")
	check(t, os.Mkdir(programs, 0o700))
	t.Setenv("PATH", programs)
	_, err = keycask.Dial(background)
	failure = is(t, err, keycask.ErrNotAvailable)
	if !strings.Contains(failure.Error(), "no keycask in PATH") {
		t.Fatal(failure)
	}
	check(t, os.Chmod(w.file("bin/keycask", []byte("#!/bin/sh\necho the reason >&2\nexit 1\n")), 0o700))
	_, err = keycask.Dial(background)
	if failure = is(t, err, keycask.ErrNotAvailable); failure.Error() !=
		"the daemon did not start: the reason" {
		t.Fatal(failure)
	}
	t.Setenv("PATH", path)
	client, err := keycask.Dial(background)
	check(t, err)
	_, err = client.Tokens(background)
	check(t, err)
	w.run("keycask", "daemon", "stop")
	t.Setenv("KEYCASK_SOCKET", "")
	check(t, os.MkdirAll(filepath.Join(w.folder, "keycask"), 0o700))
	check(t, os.Chmod(filepath.Join(w.folder, "keycask"), 0o777))
	_, err = keycask.Dial(background, keycask.WithoutStart())
	if failure = is(t, err, keycask.ErrNotAvailable); failure.Hint != "make it one: mkdir -m 700" {
		t.Fatal(failure)
	}
}
