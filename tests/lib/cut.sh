# shellcheck shell=sh
# Runs that are cut at a certain byte, from left to right or back, which holds
# one large file of $size bytes.  To be read after lib.sh; in a directory with
# left and right.
command -v setsid >/dev/null || skip "no setsid"
right=$(far right) most=$((2 << 20))

# The far program ($far_weft, or $WEFT), behind a relay that counts and cuts.
cat >"$T/far-weft" <<END
#!/bin/sh
exec "${WEFT%/*}/tests/lib/relay" "$T/count" \$(cat "$T/cut") "\${far_weft:-$WEFT}" "\$@"
END
chmod +x "$T/far-weft"

start() {
    # shellcheck disable=SC2086,SC2154 # nothing, or one word
    exec setsid sh -c 'echo $$ >"$0"; exec "$@"' "$T/group" \
        "$WEFT" sync --no-trash $transport -e "$rsh" --remote-path="$T/far-weft" \
        left "$right" </dev/null >"$T/out" 2>"$T/err"
}

# cut_run BYTES HOW: a run that is cut after so many bytes, see relay.
cut_run() {
    echo "$1 $2" >"$T/cut"
    : >"$T/count"
    (start) &
    wait $!
    cut_code=$?
}

# whole_run: a run that nothing cuts, once what was cut has let go of the
# locks; the bytes that it took, both ways, are $sent; from the far end, $back.
whole_run() {
    echo "0 link" >"$T/cut"
    tries=0 ran="sync left $right"
    while (start); code=$?; [ $code -eq 6 ] && [ $tries -lt 200 ]; do
        tries=$((tries + 1))
        sleep 0.1
    done
    [ $code -eq 0 ] || { wrong "the next run ended with $code"; show_run; }
    # shellcheck disable=SC2046 # numbers
    set -- $(od -An -N16 -td8 "$T/count")
    sent=$(($1 + $2)) back=$2
}

# kept DIR: bytes of the file that lie in its tmp/.
kept() {
    find "$1/.weft/tmp" -type f -printf '%s\n' 2>/dev/null | sort -n | tail -n 1
}

noise() { head -c "$1" /dev/urandom; }

# goes_on DIR ALLOWED: the next run gets to the end, and sends no more than
# what DIR lacks, and ALLOWED.
goes_on() {
    have=$(kept "$1")
    whole_run
    [ "$sent" -le $((size - ${have:-0} + $2)) ] ||
        wrong "$sent bytes were sent, of $size, and ${have:-0} were there"
    same_tree left right
    find left/.weft/tmp right/.weft/tmp -type f 2>/dev/null | grep -q . &&
        wrong "temporary files are left: $(ls left/.weft/tmp right/.weft/tmp)"
}

# has_kept DIR LEAST: the cut has left something.
has_kept() {
    have=$(kept "$1")
    [ "${have:-0}" -ge "$2" ] && return
    wrong "only ${have:-nothing} was kept, not $2 (status $cut_code)"
    show_run
}

# cuts N: a run that brings a new file of $size bytes is cut N times, at bytes
# that lie anywhere in an eighth of the file, or near the beginning.  Nothing
# that was kept is lost again, and nothing is sent again: what was sent before
# the cut is kept, but for 2 MiB, and 6 MiB that were on their way.  Whoever
# gets to the end is followed by the next file.  To be ended by goes_on.
cuts() {
    i=0 files=0
    noise "$size" >left/0
    while [ "$i" -lt "$1" ] && $case_ok; do
        i=$((i + 1))
        random 8
        span=$([ "$drawn" -eq 0 ] && echo 200000 || echo $((size / 8)))
        random 32768
        at=$((span * drawn / 32768 + i))
        case $((i % 3)) in
        0) how=far ;;
        1) how='link' ;;
        *) how=$T/group ;;
        esac
        one_cut
    done
    echo "$i cuts, $files files got to the end on the way"
}

one_cut() {
    before=$(kept right)
    tries=0
    while cut_run "$at" "$how"; [ "$cut_code" -eq 6 ] && [ $tries -lt 200 ]; do
        tries=$((tries + 1))
        sleep 0.1
    done
    now=$(kept right)
    if [ -e "right/$files" ]; then
        whole_run
        same_tree left right
        rm "left/$files"
        whole_run
        files=$((files + 1))
        noise "$size" >"left/$files"
    elif [ "${now:-0}" -lt $((${before:-0} - 65536)) ] ||
        [ "${now:-0}" -lt $((${before:-0} + at - most - (6 << 20))) ]; then
        wrong "cut $i ($how at $at) left ${now:-0} of ${before:-0}"
    fi
}
