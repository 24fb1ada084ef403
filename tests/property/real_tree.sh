# A real tree, of any size: TREE names it, and EDITS how many random changes
# are made on each side (1000).  Needs three times its space in TMPDIR.
#
# Trees are compared by records "path, kind, mode, mtime in ns, size or target,
# SHA-256"; what they must be after a run is worked out from those of the
# state before the changes and of both sides.
. "${WEFT_SRC:?}/tests/lib/lib.sh"
[ -d "${TREE:-}" ] || skip "TREE names no directory"
EDITS=${EDITS:-1000}
right=$(far right)

# records DIR: one line a path; no newlines in names, please.
records() {
    (
        cd "$1" || exit
        find . -name .weft -prune -o -type f -print0 | sort -z |
            xargs -0r sha256sum | sed 's/^\\//' |
            awk '{ print substr($0, 67) "\t" substr($0, 1, 64) }' >"$T/sums"
        find . -name .weft -prune -o \
            \( -type d -printf '%p\td %m\n' \) -o \
            \( -type l -printf '%p\tl 0 %T@ %l\n' \) -o \
            -printf '%p\tf %m %T@ %s\n' |
            awk -F '\t' -v sums="$T/sums" '
                BEGIN { while ((getline line < sums) > 0) {
                            split(line, p, "\t"); sum[p[1]] = p[2] } }
                { print $1 "\t" $2 " " sum[$1] }' | LC_ALL=C sort
    )
}

# change DIR NAME SEED: random changes of files, and of some directories; the
# same seed for the list of candidates makes both sides meet now and then.
change() {
    (
        cd "$1" || exit
        find . -name .weft -prune -o -type f -print | LC_ALL=C sort |
            awk -v n="$EDITS" -v seed="$3" -v who="$2" '
            { path[NR] = $0 }
            END {
                srand(7) # candidates: common to both sides
                for (i = 0; i < 2 * n; i++) c[i] = path[int(rand() * NR) + 1]
                srand(seed)
                for (i = 0; i < n; i++) {
                    p = c[int(rand() * 2 * n)]
                    r = rand()
                    op = r < .45 ? "edit" : r < .5 ? "same" : r < .6 ? "touch" \
                       : r < .65 ? "chmod" : r < .8 ? "rm" : r < .95 ? "mv" \
                       : r < .97 ? "new" : r < .985 ? "mvdir" : "link"
                    print op "\t" p "\t" who i
                }
            }' >"$T/changes.$2"
        tab=$(printf '\t')
        while IFS=$tab read -r op path tag; do
            [ -f "$path" ] || continue
            dir=${path%/*}
            case $op in
            edit) echo "$tag" >>"$path" ;;
            same) echo "the same on both sides" >"$path" ;;
            touch) touch -d "2001-01-01 00:00:0${#tag}.123456789" "$path" ;;
            chmod) chmod 600 "$path" ;;
            rm) rm -f "$path" ;;
            mv) mv "$path" "$dir/moved-$tag" ;;
            new) echo "$tag" >"$dir/new-$tag" ;;
            mvdir) [ "$dir" = . ] || mv "$dir" "./dir-$tag" ;;
            link) ln -sf "to-$tag" "$path" ;;
            esac
        done <"$T/changes.$2"
    )
}

# expect BASE LEFT RIGHT: the left and the right tree after the run, files and
# links only, to $T/want.left and $T/want.right; conflicts to $T/want.conflicts.
expect() {
    awk -F '\t' -v out="$T/want" '
    function kind(r) { return substr(r, 1, 1) }
    function content(r,  p) { # without mode and mtime
        split(r, p, " "); return p[1] " " p[4] " " p[5] }
    function mtime(r,  p) { split(r, p, " "); return p[3] "" }
    function mode(r,  p) { split(r, p, " "); return p[2] }
    FNR == 1 { file++ }
    kind($2) == "d" { next }
    { rec[file, $1] = $2; all[$1] = 1 }
    function join(l, r,  a, c) {
        split(l, a, " "); split(r, c, " ")
        return a[1] " " (a[2] + 0 < c[2] + 0 ? a[2] : c[2]) " " \
               (a[3] + 0 > c[3] + 0 ? a[3] : c[3]) " " a[4] " " a[5]
    }
    function put(side, p, r) { if (r != "") print p "\t" r > (out "." side) }
    END {
        printf "" > (out ".conflicts")
        for (p in all) {
            b = rec[1, p]; l = rec[2, p]; r = rec[3, p]
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
}

# files DIR: its records without directories, in order.
files() { records "$1" | awk -F '\t' '$2 !~ /^d/'; }

same_records() {
    cmp -s "$1" "$2" && return
    wrong "$3"
    diff "$1" "$2" | head -n 4
}

# is_expected: both trees are what expect has said.
is_expected() {
    for side in left right; do
        files $side >"$T/is.$side"
        LC_ALL=C sort "$T/want.$side" >"$T/want"
        same_records "$T/want" "$T/is.$side" "the $side tree is another"
    done
    sed -n 's/^{"v":1,"event":"conflict","path":"\([^"]*\)".*/.\/\1/p' \
        "$T/out" | LC_ALL=C sort >"$T/conflicts"
    LC_ALL=C sort "$T/want.conflicts" >"$T/want"
    same_records "$T/want" "$T/conflicts" "other conflicts than the lists have"
}

it "a first sync makes an equal tree"
cp -a "$TREE" left
rm -rf left/.weft
sync_ok left "$right"
records left >"$T/base"
records right >"$T/is"
same_records "$T/base" "$T/is" "trees differ"

it "a second one has nothing to do"
sync_ok left "$right"
stdout_has 'in sync:'
lacks out '---'

round=0
while [ $round -lt "${ROUNDS:-1}" ]; do
    round=$((round + 1))
    it "$EDITS changes on each side, round $round"
    files left >"$T/base"
    change left "l$round" $((SEED * 100 + round))
    change right "r$round" $((SEED * 100 + round + 50))
    records left >"$T/l"
    records right >"$T/r"
    expect "$T/base" "$T/l" "$T/r"
    open=$(grep -c '' "$T/want.conflicts")
    status $((open > 0)) sync --json --max-delete=100% left "$right"
    is_expected
    echo "  $(sort "$T/l" "$T/r" | uniq -u | wc -l) records differed," \
        "$open conflicts"
    it "again: nothing to do, the same conflicts"
    status $((open > 0)) sync --json left "$right"
    lacks out '"event":"done"'
    is_expected

    it "the conflicts are settled"
    ok sync --conflict=newer left "$right"
    records left >"$T/l"
    records right >"$T/r"
    same_records "$T/l" "$T/r" "trees differ after all"
done
finish
