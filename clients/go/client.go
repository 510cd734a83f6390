// SPDX-License-Identifier: LGPL-2.1-or-later

package keycask

import (
	"context"
	"errors"
	"time"

	"github.com/varlink/go/varlink"
)

const (
	queryTime     = 15 * time.Second  // the daemon itself gives up before
	operationTime = 180 * time.Second // a person, then a slow card
	askingTime    = 420 * time.Second // a person twice
)

// Client is a client of keycaskd, for any number of goroutines.
type Client struct {
	path       string
	starts     bool
	turn       chan struct{} // held by whoever uses connection
	connection *varlink.Connection
}

// Close forgets the connection and what was proved over it; the next call opens another.
func (c *Client) Close() error {
	c.turn <- struct{}{}
	defer c.release()
	return c.drop()
}

func (c *Client) acquire(ctx context.Context) error {
	select {
	case c.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *Client) release() { <-c.turn }

func (c *Client) drop() error {
	if c.connection == nil {
		return nil
	}
	err := c.connection.Close()
	c.connection = nil
	return err
}

func (c *Client) ready(ctx context.Context) (err error) {
	if c.connection == nil {
		c.connection, err = c.open(ctx, c.starts)
	}
	return err
}

// fields are the parameters of a call.
type fields map[string]interface{}

// request is a call. A call that only reads is repeated when the daemon was lost in between.
type request struct {
	method     string
	parameters interface{}
	timeout    time.Duration // for a context without deadline
	repeats    bool
	flags      uint64
	take       func(receive func(out interface{}) error) error // one reply
}

func (c *Client) call(ctx context.Context, call request) error {
	if _, hasDeadline := ctx.Deadline(); !hasDeadline {
		timed, cancel := context.WithTimeout(ctx, call.timeout)
		defer cancel()
		ctx = timed
	}
	if err := c.acquire(ctx); err != nil {
		return err
	}
	defer c.release()
	err := c.try(ctx, call)
	var lost *lostError
	if errors.As(err, &lost) && (call.repeats || !lost.wasSent) {
		err = c.try(ctx, call)
	}
	if errors.As(err, &lost) && lost.wasSent && !call.repeats {
		return failure(ErrNotAvailable, lost.cause, "look, then repeat", "the daemon was lost "+
			"before it answered: it may have done what it was asked, or not")
	}
	if errors.As(err, &lost) {
		return failure(ErrNotAvailable, lost.cause, startHint, "the daemon was lost: %v", lost.cause)
	}
	return err
}

// lostError: the connection has ended. Until all of a call is written the daemon does nothing.
type lostError struct {
	cause   error
	wasSent bool
}

func (e *lostError) Error() string { return e.cause.Error() }

func (c *Client) try(ctx context.Context, call request) error {
	if err := c.ready(ctx); err != nil {
		return err
	}
	receive, err := c.connection.Send(ctx, call.method, call.parameters, call.flags)
	if err != nil {
		return c.lost(ctx, err, false)
	}
	for continues := true; continues; {
		err := call.take(func(out interface{}) error {
			flags, err := receive(ctx, out)
			continues = flags&varlink.Continues != 0
			return err
		})
		if answer := fromReply(err); answer != nil {
			return answer
		}
		if err != nil {
			return c.lost(ctx, err, true)
		}
	}
	return nil
}

// lost: an answer that is still to come would be read as that of the next call. A deadline of the
// connection can be noticed before its context's.
func (c *Client) lost(ctx context.Context, err error, wasSent bool) error {
	var timeout interface{ Timeout() bool }
	_ = c.drop()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &timeout) && timeout.Timeout():
		return context.DeadlineExceeded
	}
	return &lostError{err, wasSent}
}

// ask is a call with one reply that only reads and touches no card.
func (c *Client) ask(ctx context.Context, method string, in fields, out interface{}) error {
	return c.call(ctx, request{method: "org.keycask." + method, parameters: in, timeout: queryTime,
		repeats: true, take: once(out)})
}

// do is a call with one reply that is never repeated.
func (c *Client) do(ctx context.Context, method string, in fields, out interface{},
	timeout time.Duration) error {
	return c.call(ctx, request{method: "org.keycask." + method, parameters: in, timeout: timeout,
		take: once(out)})
}

func once(out interface{}) func(func(interface{}) error) error {
	return func(receive func(interface{}) error) error { return receive(out) }
}
