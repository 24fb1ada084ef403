# shellcheck shell=sh
# Trees from text, and comparisons of them.

# tree DIR 'path=content' 'dir/' 'link->target' ...
tree() {
    root=$1
    shift
    mkdir -p "$root"
    for spec; do
        name=${spec%%=*}
        case $name in
        *'->'*) link=${spec%%'->'*} && parent "$root/$link" &&
            ln -sfn -- "${spec#*'->'}" "$root/$link" ;;
        */) mkdir -p -- "$root/$name" ;;
        *) parent "$root/$name" &&
            printf '%s' "${spec#*=}" >"$root/$name" ;;
        esac
    done
}

parent() { mkdir -p -- "$(dirname -- "$1")"; }

write() { printf '%s' "$2" >"$1"; }

# content FILE TEXT
content() {
    if [ ! -f "$1" ]; then
        wrong "there is no '$1'"
    elif [ "$(cat "$1")" != "$2" ]; then
        wrong "'$1' has '$(head -c 200 "$1")', not '$2'"
    fi
}

exists() { [ -e "$1" ] || [ -L "$1" ] || wrong "there is no '$1'"; }

absent() {
    if [ -e "$1" ] || [ -L "$1" ]; then
        wrong "'$1' is there"
    fi
}

# describe DIR: every path below with kind, mode, target, mtime in ns (not of
# directories) and content, sorted; .weft is left out.  Names may hold any
# bytes, so records end with NUL, shown as a newline by "tr".
describe() {
    (
        cd "$1" || exit
        find . -name .weft -prune -o -type d -printf '%p %y %m\0' \
            -o -type l -printf '%p %y %l\0' \
            -o -printf '%p %y %m %T@ %s\0' | sort -z | tr '\0' '\n'
        find . -name .weft -prune -o -type f -print0 | sort -z |
            xargs -0r sha256sum
    )
}

# same_tree A B
same_tree() {
    describe "$1" >"$T/tree.a"
    describe "$2" >"$T/tree.b"
    cmp -s "$T/tree.a" "$T/tree.b" && return
    wrong "'$1' and '$2' differ"
    diff "$T/tree.a" "$T/tree.b" | head -n 20 | cut -c 1-200 | sed 's/^/    /'
    return 1
}

# remember DIR / unchanged DIR: nothing in it differs, its directories' times
# and its .weft included.
snapshot() {
    find "$1" -printf '%p %y %m %T@ %s %l\0' | sort -z | tr '\0' '\n'
}
remember() { snapshot "$1" >"$T/before.$(echo "$1" | tr / _)"; }
unchanged() {
    snapshot "$1" >"$T/after"
    cmp -s "$T/before.$(echo "$1" | tr / _)" "$T/after" && return
    wrong "'$1' was changed"
    diff "$T/before.$(echo "$1" | tr / _)" "$T/after" | sed 's/^/    /'
    return 1
}

# random BELOW: a number from 0, the next of the sequence that SEED begins.
random() {
    SEED=$(((SEED * 1103515245 + 12345) % 2147483648))
    drawn=$((SEED / 65536 % $1))
}

# in_trash ROOT TEXT: a file in ROOT's trash has it.
in_trash() {
    grep -rqF -e "$2" "$1/.weft/trash" 2>/dev/null ||
        wrong "'$2' is not in the trash of '$1'"
}

# many DIR N: N small files in directories of 100.
many() {
    awk -v root="$1" -v n="$2" 'BEGIN {
        for (i = 0; i < n; i++) {
            if (i % 100 == 0) system("mkdir -p " root "/d" int(i / 100))
            file = root "/d" int(i / 100) "/f" i
            for (k = 0; k <= i % 40; k++) print i, k, "some text" > file
            close(file)
        }
    }'
}
