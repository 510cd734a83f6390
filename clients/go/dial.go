// SPDX-License-Identifier: LGPL-2.1-or-later

package keycask

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/varlink/go/varlink"
)

const (
	startTime   = 20 * time.Second
	connectTime = 2 * time.Second
	pause       = 20 * time.Millisecond
)

// DialOption changes what Dial does.
type DialOption func(*Client)

// WithSocket names another socket than the one that all programs of this user share. No daemon is
// started for it.
func WithSocket(path string) DialOption {
	return func(c *Client) { c.path, c.starts = path, false }
}

// WithoutStart has Dial fail when no daemon listens.
func WithoutStart() DialOption {
	return func(c *Client) { c.starts = false }
}

// Dial connects to keycaskd, and starts it when nobody listens.
func Dial(ctx context.Context, options ...DialOption) (*Client, error) {
	client := &Client{turn: make(chan struct{}, 1), starts: true}
	for _, option := range options {
		option(client)
	}
	if err := client.acquire(ctx); err != nil {
		return nil, err
	}
	defer client.release()
	return client, client.ready(ctx)
}

func socketPath() string {
	if named := os.Getenv("KEYCASK_SOCKET"); named != "" {
		return named
	}
	if runtime := os.Getenv("XDG_RUNTIME_DIR"); runtime != "" {
		return filepath.Join(runtime, "keycask", "keycask.sock")
	}
	return filepath.Join(os.TempDir(), fmt.Sprintf("keycask-%d", os.Geteuid()), "keycask.sock")
}

// checkFolder: one that we have chosen ourselves is ours alone, or somebody else may have put the
// socket there. One that KEYCASK_SOCKET or the caller names is their business.
func checkFolder(folder string) error {
	info, err := os.Lstat(folder)
	if err != nil {
		return failure(ErrNotAvailable, err, startHint, "%v", err)
	}
	owner, isKnown := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || !isKnown || int(owner.Uid) != os.Geteuid() || info.Mode().Perm()&0o077 != 0 {
		return failure(ErrNotAvailable, nil, "make it one: mkdir -m 700",
			"%s is no folder of this user alone", folder)
	}
	return nil
}

const startHint = "start the daemon: keycask daemon start"

func (c *Client) connect(ctx context.Context) (*varlink.Connection, error) {
	path := c.path
	if path == "" {
		path = socketPath()
		if os.Getenv("KEYCASK_SOCKET") == "" {
			if err := checkFolder(filepath.Dir(path)); err != nil {
				return nil, err
			}
		}
	}
	connection, err := varlink.NewConnection(ctx, "unix:"+path)
	if err == nil {
		return connection, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, failure(ErrNotAvailable, err, startHint, "cannot connect to %s: %v", path, err)
}

// mayStart: not with KEYCASK_AUTOSTART=0, and not with more rights than whoever started us.
func mayStart() bool {
	return os.Getenv("KEYCASK_AUTOSTART") != "0" && os.Getuid() == os.Geteuid() &&
		os.Getgid() == os.Getegid()
}

// open connects, and starts the daemon when it may.
func (c *Client) open(ctx context.Context, starts bool) (*varlink.Connection, error) {
	connection, err := c.connect(ctx)
	if err == nil || ctx.Err() != nil || !starts || !mayStart() {
		return connection, err
	}
	if err := startDaemon(ctx); err != nil {
		return nil, err
	}
	for end := time.Now().Add(connectTime); ; {
		connection, err := c.connect(ctx)
		if err == nil || ctx.Err() != nil || time.Now().After(end) {
			return connection, err
		}
		time.Sleep(pause)
	}
}

// startDaemon runs keycask daemon start, which ends well as well when another client was quicker.
func startDaemon(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	program, err := exec.LookPath("keycask")
	if err != nil {
		return failure(ErrNotAvailable, err, "install keycask, or start keycaskd",
			"the daemon does not run, and there is no keycask in PATH to start it")
	}
	var said bytes.Buffer
	command := exec.CommandContext(ctx, program, "daemon", "start")
	command.Stderr = &said
	if err := command.Run(); err != nil {
		reason := strings.TrimSpace(said.String())
		if reason == "" {
			reason = err.Error()
		}
		return failure(ErrNotAvailable, err, "see why with: keycaskd --user",
			"the daemon did not start: %s", reason)
	}
	return nil
}
