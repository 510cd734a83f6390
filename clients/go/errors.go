// SPDX-License-Identifier: LGPL-2.1-or-later

package keycask

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/varlink/go/varlink"
)

// Error is a failure. Error() is a sentence for people, Hint what they can do about it; Status and
// Name are those of docs/vocabulary.md. TriesLeft and SW, the card's status word, are nil where they
// do not apply.
type Error struct {
	Status    int    `json:"status"`
	Name      string `json:"name"`
	Message   string `json:"message"`
	Hint      string `json:"hint"`
	TokenID   string `json:"token_id"`
	Driver    string `json:"driver"`
	SW        *int   `json:"sw"`
	TriesLeft *int   `json:"tries_left"`

	cause error
}

// What errors.Is can look for.
var (
	ErrUnimplemented         = &Error{Status: -4, Name: "unimplemented"}
	ErrParam                 = &Error{Status: -50, Name: "param"}
	ErrUserCanceled          = &Error{Status: -128, Name: "user_canceled"}
	ErrNotAvailable          = &Error{Status: -25291, Name: "not_available"}
	ErrReadOnly              = &Error{Status: -25292, Name: "read_only"}
	ErrAuthFailed            = &Error{Status: -25293, Name: "auth_failed"}
	ErrDuplicateItem         = &Error{Status: -25299, Name: "duplicate_item"}
	ErrItemNotFound          = &Error{Status: -25300, Name: "item_not_found"}
	ErrNoSuchAttr            = &Error{Status: -25303, Name: "no_such_attr"}
	ErrNoSuchClass           = &Error{Status: -25306, Name: "no_such_class"}
	ErrInteractionNotAllowed = &Error{Status: -25308, Name: "interaction_not_allowed"}
	ErrKeySizeNotAllowed     = &Error{Status: -25311, Name: "key_size_not_allowed"}
	ErrDecode                = &Error{Status: -26275, Name: "decode"}
	ErrInternal              = &Error{Status: -26276, Name: "internal"}
	ErrMissingEntitlement    = &Error{Status: -34018, Name: "missing_entitlement"}
	ErrVerifyFailed          = &Error{Status: -67808, Name: "verify_failed"}
	ErrPINBlocked            = &Error{Status: -70020, Name: "pin_blocked"}
)

func (e *Error) Error() string {
	if e.Message == "" {
		return e.Name
	}
	return e.Message
}

// Is compares statuses.
func (e *Error) Is(target error) bool {
	other, isOurs := target.(*Error)
	return isOurs && other.Status == e.Status
}

// Unwrap gives what happened underneath.
func (e *Error) Unwrap() error { return e.cause }

func failure(kind *Error, cause error, hint, format string, arguments ...interface{}) *Error {
	return &Error{Status: kind.Status, Name: kind.Name, Message: fmt.Sprintf(format, arguments...),
		Hint: hint, cause: cause}
}

// fromReply makes an Error of what the daemon has answered; nil when err is no answer.
func fromReply(err error) *Error {
	var answer *varlink.Error
	var unknownMethod *varlink.MethodNotFound
	var unknownInterface *varlink.InterfaceNotFound
	var wrong *varlink.InvalidParameter
	switch {
	case errors.As(err, &answer):
		return fromRecord(answer)
	case errors.As(err, &unknownMethod):
		return failure(ErrUnimplemented, err, "", "the daemon has no method %s", unknownMethod.Method)
	case errors.As(err, &unknownInterface):
		return failure(ErrUnimplemented, err, "", "the daemon has no interface %s",
			unknownInterface.Interface)
	case errors.As(err, &wrong):
		return failure(ErrParam, err, "", "not a valid parameter: %s", wrong.Parameter)
	}
	return nil
}

func fromRecord(answer *varlink.Error) *Error {
	var parameters struct {
		Record *Error `json:"record"`
	}
	raw, isRaw := answer.Parameters.(*json.RawMessage)
	if isRaw && raw != nil && json.Unmarshal(*raw, &parameters) == nil && parameters.Record != nil {
		return parameters.Record
	}
	return failure(ErrInternal, answer, "", "the daemon answered %s", answer.Name)
}
