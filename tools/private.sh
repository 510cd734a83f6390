# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# A keycaskd of one's own in a folder of its own, for tools/demo and tools/play: private_begin,
# insert_card, pull_card; everything started here is ended and removed at exit, however that comes.
# The caller has the build tree in its environment (./run demo, ./run play).

daemon_pid=
watch_pid=
card_pid=
private_dir=

private_begin() {
    private_dir=$(mktemp -d "${TMPDIR:-/tmp}/keycask-XXXXXX")
    trap private_end EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    KEYCASK_SOCKET=$private_dir/run/keycask.sock
    KEYCASK_STATE_DIR=$private_dir/state
    KEYCASK_CONFIG_DIR=$private_dir/config
    export KEYCASK_SOCKET KEYCASK_STATE_DIR KEYCASK_CONFIG_DIR
    slot_socket=$private_dir/run/slot.sock
    keycaskd --user --foreground --providers embedded 2>"$private_dir/keycaskd.log" &
    daemon_pid=$!
    private_wait 'keycaskd to listen' [ -S "$slot_socket" ]
}

# private_wait WHAT COMMAND…: until COMMAND succeeds, ten seconds at most.
private_wait() {
    what=$1
    shift
    for _ in $(seq 200); do
        "$@" && return
        sleep 0.05
    done
    echo "waited in vain for $what" >&2
    return 1
}

# insert_card FILE: it is in the slot until pull_card.
insert_card() {
    keycask vcard start "$1" --socket "$slot_socket" >"$private_dir/card.log" 2>&1 &
    card_pid=$!
}

pull_card() {
    private_stop "$card_pid"
    card_pid=
}

# A process of ours that is told to end is asked nicely first, and waited for.
private_stop() {
    [ -n "$1" ] || return 0
    kill "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

private_end() {
    status=$?
    trap - EXIT INT TERM
    # The folder goes even when nobody can be told of it: the terminal may be gone.
    set +e
    trap '' HUP PIPE
    private_stop "$watch_pid"
    private_stop "$card_pid"
    private_stop "$daemon_pid"
    if [ "$status" != 0 ] && [ -n "$private_dir" ]; then
        echo "--- keycaskd's log:" >&2
        tail -n 30 "$private_dir/keycaskd.log" >&2 || true
    fi
    [ -z "$private_dir" ] || rm -rf "$private_dir"
    exit "$status"
}
