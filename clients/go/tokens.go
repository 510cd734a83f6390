// SPDX-License-Identifier: LGPL-2.1-or-later

package keycask

import (
	"context"
	"time"

	"github.com/varlink/go/varlink"
)

const retryTime = 200 * time.Millisecond

// Token is a card, or one application on it. State is "present" (its items are in the keychain) or
// "refused", with the reason.
type Token struct {
	TokenID string `json:"token_id"`
	Driver  string `json:"driver"`
	Slot    string `json:"slot"`
	Label   string `json:"label"`
	State   string `json:"state"`
	Reason  string `json:"reason"`
}

// Event is "inserted" (also again, when a token has more items now) or "removed".
type Event struct {
	Event   string `json:"event"`
	TokenID string `json:"token_id"`
	Slot    string `json:"slot"`
	Driver  string `json:"driver"`
	Label   string `json:"label"`
}

// Tokens gives the tokens that are present.
func (c *Client) Tokens(ctx context.Context) ([]Token, error) {
	var answer struct {
		Tokens []Token `json:"tokens"`
	}
	err := c.ask(ctx, "Tokens.List", fields{}, &answer)
	return answer.Tokens, err
}

// VerifyPIN authenticates this client to a token, for what follows.
func (c *Client) VerifyPIN(ctx context.Context, tokenID, pin string) error {
	return c.do(ctx, "Tokens.VerifyPin", fields{"token_id": tokenID, "pin": pin,
		"interaction": nobody()}, nil, operationTime)
}

type receiver func(context.Context, interface{}) (uint64, error)

// stream is what Watch reads from.
type stream struct {
	connection *varlink.Connection
	receive    receiver
}

func (c *Client) openStream(ctx context.Context, starts bool) (*stream, error) {
	connection, err := c.open(ctx, starts)
	if err != nil {
		return nil, err
	}
	receive, err := connection.Send(ctx, "org.keycask.Tokens.Watch", nil, varlink.More)
	if err != nil {
		_ = connection.Close()
		return nil, failure(ErrNotAvailable, err, startHint, "the daemon was lost: %v", err)
	}
	return &stream{connection, receive}, nil
}

// Watch tells of insertions and removals until ctx ends, which closes the channel; first of the
// tokens that are present. When the daemon is lost its tokens are removed; then a new one is looked
// for, but none is started: somebody may have stopped it on purpose. Who does not read holds up
// nobody else.
func (c *Client) Watch(ctx context.Context) (<-chan Event, error) {
	first, err := c.openStream(ctx, c.starts)
	if err != nil {
		return nil, err
	}
	events := make(chan Event)
	go func() {
		defer close(events)
		for from := first; ctx.Err() == nil; {
			if from != nil {
				from.tell(ctx, events)
			}
			select {
			case <-time.After(retryTime):
			case <-ctx.Done():
				return
			}
			from, _ = c.openStream(ctx, false)
		}
	}()
	return events, nil
}

// tell passes on what one daemon says, to its end.
func (s *stream) tell(ctx context.Context, events chan<- Event) {
	present := map[string]Event{}
	pass := func(event Event) bool {
		if ctx.Err() != nil {
			return false // a reader that is ready would get it as well as not
		}
		select {
		case events <- event:
			return true
		case <-ctx.Done():
			return false
		}
	}
	defer s.connection.Close()
	for {
		var event Event
		flags, err := s.receive(ctx, &event)
		if err != nil {
			break
		}
		if event.Event == "inserted" {
			present[event.TokenID] = event
		} else {
			delete(present, event.TokenID)
		}
		if !pass(event) || flags&varlink.Continues == 0 {
			break
		}
	}
	for _, event := range present {
		event.Event = "removed"
		if !pass(event) {
			return
		}
	}
}
