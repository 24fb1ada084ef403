# shellcheck shell=sh
# Trees of any size, as records: what they must be after a run is worked out
# from those of the state before the changes, and of both sides after them.
#
# A record is one line: path, tab, "kind mode mtime size-or-target SHA-256",
# the mtime in ns.  No newlines in names, please.

# listing DIR: all below it, but for .weft.
listing() {
    (cd "$1" && find . -name .weft -prune -o -printf "$fields")
}
fields='%p\t%y\t%m\t%T@\t%s\t%l\t%D:%i:%C@:%s\n'

# records DIR
records() { listing "$1" | described "$1" | LC_ALL=C sort; }

# described DIR <LISTING: its records, in any order.  SHA-256 sums come from
# $T/known, lines of "key, tab, sum", and those of new files go there.  A key is
# a file's device, inode, ctime and size; forget makes the next look read
# everything again.
described() {
    touch "$T/known"
    : >"$T/unknown"
    awk -F '\t' -v unknown="$T/unknown" '
        FILENAME == ARGV[1] { sum[$1] = $2; next }
        $2 == "d" { print $1 "\td " $3; next }
        $2 == "l" { print $1 "\tl 0 " $4 " " $6 " "; next }
        { r = "f " $3 " " $4 " " $5 " " }
        $7 in sum { print $1 "\t" r sum[$7]; next }
        { print $1 "\t" $7 "\t" r > unknown }' "$T/known" -
    [ -s "$T/unknown" ] || return 0
    cut -f 1 "$T/unknown" | (cd "$1" && xargs -rd '\n' sha256sum --) |
        sed 's/^\\//' | cut -c 1-64 | paste "$T/unknown" - >"$T/new"
    cut -f 2,4 "$T/new" >>"$T/known"
    awk -F '\t' '{ print $1 "\t" $3 $4 }' "$T/new"
}
forget() { rm -f "$T/known"; }

# files DIR: its records without directories.
files() { records "$1" | awk -F '\t' '$2 !~ /^d/'; }

# kept DIR: what lies in its trash and among its temporary files.
kept() {
    [ -d "$1/.weft" ] || return 0
    (cd "$1/.weft" && find trash tmp -type f -printf "$fields" 2>/dev/null) |
        described "$1/.weft"
}

# candidates DIR SEED: which files change may choose, to $T/candidates; common
# to all sides, so that they meet now and then.
candidates() {
    (cd "$1" && find . -name .weft -prune -o -type f -print) |
        LC_ALL=C sort | awk -v n="$EDITS" -v seed="$2" '
        { path[NR] = $0 }
        END { srand(seed)
              for (i = 0; i < 2 * n; i++) print path[int(rand() * NR) + 1] }' \
        >"$T/candidates"
}

# change DIR NAME SEED: EDITS random changes of candidates, and of some of
# their directories.  NAME is a letter and the round: no content comes twice, or
# one side could be made from what the other has gone back to.
change() {
    awk -v n="$EDITS" -v seed="$3" -v who="$2" '
        { path[NR] = $0 }
        END {
            srand(seed)
            for (i = 0; i < n; i++) {
                p = path[int(rand() * NR) + 1]
                r = rand()
                op = r < .45 ? "edit" : r < .5 ? "same" : r < .6 ? "touch" \
                   : r < .65 ? "chmod" : r < .8 ? "rm" : r < .95 ? "mv" \
                   : r < .97 ? "new" : r < .985 ? "mvdir" : "link"
                printf "%s\t%s\t%s\t%09d\n", op, p, who i, \
                    i * 10000 + seed % 10000 # no two alike
            }
        }' "$T/candidates" >"$T/changes"
    (
        cd "$1" || exit
        tab=$(printf '\t')
        while IFS=$tab read -r op path tag ns; do
            [ -f "$path" ] && [ ! -L "$path" ] || continue
            dir=${path%/*}
            case $op in
            edit) echo "$tag" >>"$path" ;;
            same) echo "the same on both sides, ${2#?}" >"$path" ;;
            touch) touch -d "2001-01-01 00:00:00.$ns" "$path" ;;
            chmod) chmod 600 "$path" ;;
            rm) rm -f "$path" ;;
            mv) mv "$path" "$dir/moved-$tag" ;;
            new) echo "$tag" >"$dir/new-$tag" ;;
            mvdir) [ "$dir" = . ] || mv "$dir" "./dir-$tag" ;;
            link) ln -sf "to-$tag" "$path" ;;
            esac
        done <"$T/changes"
    )
}

# expect BASE LEFT RIGHT: the left and the right tree after the run, files and
# links only, to $T/want.left and $T/want.right; conflicts to $T/want.conflicts.
expect() {
    awk -F '\t' -v out="$T/want" '
    function kind(r) { return substr(r, 1, 1) }
    function content(r,  p) { # without mode and mtime
        split(r, p, " "); return p[1] " " p[4] " " p[5] }
    kind($2) == "d" { next }
    { rec[FILENAME, $1] = $2; all[$1] = 1 }
    function join(l, r,  a, c) {
        split(l, a, " "); split(r, c, " ")
        return a[1] " " (a[2] + 0 < c[2] + 0 ? a[2] : c[2]) " " \
               (a[3] + 0 > c[3] + 0 ? a[3] : c[3]) " " a[4] " " a[5]
    }
    function put(side, p, r) { if (r != "") print p "\t" r > (out "." side) }
    END {
        printf "" > (out ".left"); printf "" > (out ".right")
        printf "" > (out ".conflicts")
        for (p in all) {
            b = rec[ARGV[1], p]; l = rec[ARGV[2], p]; r = rec[ARGV[3], p]
            if (l == b) m = r
            else if (r == b || r == "") m = l
            else if (l == "") m = r
            else if (content(l) == content(r)) m = join(l, r)
            else if (content(l) == content(b)) m = r
            else if (content(r) == content(b)) m = l
            else {
                print p > (out ".conflicts")
                put("left", p, l); put("right", p, r)
                continue
            }
            put("left", p, m); put("right", p, m)
        }
    }' "$1" "$2" "$3"
    for side in left right conflicts; do
        LC_ALL=C sort -o "$T/want.$side" "$T/want.$side"
    done
}

same_records() {
    cmp -s "$1" "$2" && return
    wrong "$3"
    diff "$1" "$2" | head -n 6
}

# conflicts: what the last run, with --json, has reported, sorted.
conflicts() {
    sed -n 's/^{"v":1,"event":"conflict","path":"\([^"]*\)".*/.\/\1/p' \
        "$T/out" | LC_ALL=C sort
}
