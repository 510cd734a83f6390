// SPDX-License-Identifier: LGPL-2.1-or-later

package keycask

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"io"
)

// Key is a private key that stays where it is: a crypto.Signer and a crypto.Decrypter. It is a name:
// it works again when its card is back, and after the daemon was restarted. No operation is ever
// repeated behind the program's back.
type Key struct {
	Reference []byte
	Label     string

	client   *Client
	public   crypto.PublicKey
	context  context.Context
	pin      string
	askPIN   func(PINRequest) (string, error)
	tell     func(error)
	prompt   string
	isSilent bool
	lastTry  bool
}

// KeyOption says how a key is used.
type KeyOption func(*Key)

// WithPIN gives the PIN for each use. Without one a person is asked, in a dialogue of keycask's.
func WithPIN(pin string) KeyOption { return func(k *Key) { k.pin = pin } }

// WithPINFunc has ask called when a PIN is needed, also after a wrong one; its error ends the
// operation.
func WithPINFunc(ask func(PINRequest) (string, error)) KeyOption {
	return func(k *Key) { k.askPIN = ask }
}

// WithPrompt is what the person reads as the reason: "log in to example.org".
func WithPrompt(text string) KeyOption { return func(k *Key) { k.prompt = text } }

// WithoutUI has nobody asked: ErrInteractionNotAllowed instead.
func WithoutUI() KeyOption { return func(k *Key) { k.isSilent = true } }

// WithLastTry uses the PIN even if it is the last one that the token accepts.
func WithLastTry() KeyOption { return func(k *Key) { k.lastTry = true } }

// WithErrorFunc has tell called with each failure: crypto/tls makes a mere text of them, in which
// errors.As finds nothing.
func WithErrorFunc(tell func(error)) KeyOption { return func(k *Key) { k.tell = tell } }

// WithContext ends operations with ctx, since crypto.Signer knows no context.
func WithContext(ctx context.Context) KeyOption { return func(k *Key) { k.context = ctx } }

// With is the same key, used in another way.
func (k *Key) With(options ...KeyOption) *Key {
	other := *k
	for _, option := range options {
		option(&other)
	}
	return &other
}

// Key gives the key of a reference: that of a key or an identity.
func (c *Client) Key(ctx context.Context, reference []byte, options ...KeyOption) (*Key, error) {
	var answer struct {
		Info []byte `json:"public_key_info"`
		Type string `json:"key_type"`
	}
	if err := c.ask(ctx, "Keys.CopyPublic", fields{"key": reference}, &answer); err != nil {
		return nil, err
	}
	public, err := x509.ParsePKIXPublicKey(answer.Info)
	if err != nil {
		return nil, failure(ErrUnimplemented, err, "", "Go has no keys of type %s", answer.Type)
	}
	key := &Key{Reference: reference, client: c, public: public, context: context.Background()}
	return key.With(options...), nil
}

// Public is the public key: *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey.
func (k *Key) Public() crypto.PublicKey { return k.public }

// Sign signs digest: of RSA by PKCS #1 v1.5, or with *rsa.PSSOptions by PSS (the salt is as long as
// the hash); of EC as ASN.1; Ed25519 takes the message itself and crypto.Hash(0). rand is not used.
func (k *Key) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	algorithm, err := signingAlgorithm(k.public, digest, opts)
	if err != nil {
		return nil, err
	}
	return k.SignWith(k.context, algorithm, digest)
}

// SignWith signs data by an algorithm of docs/vocabulary.md, such as
// "ecdsa_signature_message_x962_sha256".
func (k *Key) SignWith(ctx context.Context, algorithm string, data []byte) ([]byte, error) {
	var answer struct {
		Signature []byte `json:"signature"`
	}
	err := k.use(ctx, "Keys.Sign", fields{"algorithm": algorithm, "data": data}, &answer)
	return answer.Signature, err
}

// Decrypt decrypts what was encrypted to an RSA key: by PKCS #1 v1.5, or with *rsa.OAEPOptions by
// OAEP. With PKCS #1 what was not encrypted so comes out as noise, not as an error; with a
// SessionKeyLen of a length that is not that, as random bytes.
func (k *Key) Decrypt(rand io.Reader, message []byte, opts crypto.DecrypterOpts) ([]byte, error) {
	algorithm, err := decryptionAlgorithm(k.public, opts)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Plaintext []byte `json:"plaintext"`
	}
	err = k.use(k.context, "Keys.Decrypt", fields{"algorithm": algorithm, "data": message}, &answer)
	if err != nil {
		return nil, err
	}
	given, isPKCS1 := opts.(*rsa.PKCS1v15DecryptOptions)
	if isPKCS1 && given.SessionKeyLen > 0 && len(answer.Plaintext) != given.SessionKeyLen {
		noise := make([]byte, given.SessionKeyLen)
		_, err = io.ReadFull(rand, noise)
		return noise, err
	}
	return answer.Plaintext, nil
}

// supports: whether that would be tried. Touches no card.
func (k *Key) supports(ctx context.Context, operation, algorithm string) (bool, error) {
	var answer struct {
		IsSupported bool `json:"is_supported"`
	}
	err := k.client.ask(ctx, "Keys.IsAlgorithmSupported", fields{"key": k.Reference,
		"operation": operation, "algorithm": algorithm}, &answer)
	return answer.IsSupported, err
}

func (k *Key) use(ctx context.Context, method string, in fields, out interface{}) error {
	err := k.useAsking(ctx, method, in, out)
	if err != nil && k.tell != nil {
		k.tell(err)
	}
	return err
}

// useAsking repeats what was refused for want of a PIN, until that is right or not given.
func (k *Key) useAsking(ctx context.Context, method string, in fields, out interface{}) error {
	err := k.try(ctx, method, in, out, k.pin, k.isSilent || k.askPIN != nil)
	for isRepeated := false; k.askPIN != nil; isRepeated = true {
		var reason *Error
		isAsked := errors.Is(err, ErrInteractionNotAllowed) && !isRepeated ||
			errors.Is(err, ErrAuthFailed)
		if !isAsked || !errors.As(err, &reason) {
			return err
		}
		if reason.TokenID == "" && !k.isSilent { // what an item wants proved is the person's to say
			return k.try(ctx, method, in, out, "", false)
		}
		if reason.TokenID == "" {
			return err
		}
		pin, refusal := k.askPIN(PINRequest{k.Label, reason.TokenID, reason.TriesLeft,
			errors.Is(err, ErrAuthFailed)})
		if refusal != nil {
			return refusal
		}
		err = k.try(ctx, method, in, out, pin, true)
	}
	return err
}

func (k *Key) try(ctx context.Context, method string, in fields, out interface{}, pin string,
	isSilent bool) error {
	parameters := fields{"key": k.Reference, "interaction": k.interaction(isSilent)}
	for name, value := range in {
		parameters[name] = value
	}
	if pin != "" {
		parameters["pin"] = pin
	}
	if k.lastTry {
		parameters["last_try"] = true
	}
	return k.client.do(ctx, method, parameters, out, operationTime)
}

func (k *Key) interaction(isSilent bool) fields {
	interaction := person()
	if isSilent {
		interaction = nobody()
	}
	if k.prompt != "" {
		interaction["operation_prompt"] = k.prompt
	}
	return interaction
}
