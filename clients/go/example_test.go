// SPDX-License-Identifier: LGPL-2.1-or-later

package keycask_test

import (
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"

	"keycask.org/go/keycask"
)

// What identities there are, on cards and in the keychain.
func ExampleClient_List() {
	ctx := context.Background()
	client, err := keycask.Dial(ctx)
	if err != nil {
		panic(err)
	}
	defer client.Close()
	identities, err := client.List(ctx, "identity", nil)
	if err != nil {
		panic(err)
	}
	for _, identity := range identities {
		fmt.Println(identity.Text("label"), identity.Text("key_type"))
	}
	// Output: Certificate For PIV Authentication ec
}

// Tell of cards that come and go. The channel ends with its context.
func ExampleClient_Watch() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	client, err := keycask.Dial(ctx)
	if err != nil {
		panic(err)
	}
	events, err := client.Watch(ctx)
	if err != nil {
		panic(err)
	}
	for event := range events {
		fmt.Println(event.Event, event.Driver)
		cancel() // one is enough here
	}
	// Output: inserted org.keycask.piv
}

// Sign with the first identity that there is, as any other crypto.Signer.
func ExampleKey_Sign() {
	ctx := context.Background()
	client, err := keycask.Dial(ctx)
	if err != nil {
		panic(err)
	}
	identities, err := client.List(ctx, "identity", keycask.Query{"can_sign": true})
	if err != nil || len(identities) == 0 {
		panic(err)
	}
	key, err := client.Key(ctx, identities[0].PersistentRef(), keycask.WithPIN("123456"))
	if err != nil {
		panic(err)
	}
	digest := sha256.Sum256([]byte("Dear card,"))
	signature, err := key.Sign(nil, digest[:], crypto.SHA256)
	var failure *keycask.Error
	if errors.As(err, &failure) {
		fmt.Println(failure, failure.Hint) // pulled out, wrong PIN…
	}
	fmt.Println(len(signature) > 64)
	// Output: true
}

// Visit a server that asks who we are. The identity is chosen when it asks, among those that it
// knows the issuers of; the person is asked for the PIN.
func ExampleClient_ClientCertificate() {
	client, err := keycask.Dial(context.Background())
	if err != nil {
		panic(err)
	}
	config := &tls.Config{GetClientCertificate: client.ClientCertificate("shop.example.org")}
	browser := &http.Client{Transport: &http.Transport{TLSClientConfig: config}}
	_ = browser // browser.Get("https://shop.example.org/")
}
