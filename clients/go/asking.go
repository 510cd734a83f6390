// SPDX-License-Identifier: LGPL-2.1-or-later

package keycask

import (
	"os"
	"strings"
)

// PINRequest is what a function for PINs is told. TriesLeft is nil when the card has not told;
// IsRepeated: the PIN before was wrong.
type PINRequest struct {
	Label      string
	TokenID    string
	TriesLeft  *int
	IsRepeated bool
}

// person says where a person can be reached who may be asked; the daemon believes it within the same
// login session only.
func person() fields {
	found := fields{}
	for name, value := range map[string]string{
		"tty": terminal(), "term": os.Getenv("TERM"), "display": os.Getenv("DISPLAY"),
		"wayland_display": os.Getenv("WAYLAND_DISPLAY"), "xauthority": os.Getenv("XAUTHORITY"),
		"locale": locale(),
	} {
		if value != "" {
			found[name] = value
		}
	}
	return found
}

// nobody: who would have to be asked is not.
func nobody() fields { return fields{"authentication_ui": "fail"} }

func terminal() string {
	for _, link := range []string{"/proc/self/fd/0", "/proc/self/fd/1", "/proc/self/fd/2"} {
		name, err := os.Readlink(link)
		if err == nil && (strings.HasPrefix(name, "/dev/pts/") || strings.HasPrefix(name, "/dev/tty")) {
			return name
		}
	}
	return os.Getenv("GPG_TTY")
}

func locale() string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := os.Getenv(name); value != "" {
			return value
		}
	}
	return ""
}
