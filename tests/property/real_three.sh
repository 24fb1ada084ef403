# Three replicas of a real tree: TREE names it.  In each of ROUNDS (5) all
# three get EDITS random changes (1000), and then pairs meet in random order.
# Needs four times the tree's space in TMPDIR.
#
# What each pair must look like after it has met, and where it is in conflict,
# says an oracle that knows for each path what every replica has seen: no false
# conflict, and no deletion undone.
. "${WEFT_SRC:?}/tests/lib/lib.sh"
. "$TEST_LIB/records.sh"
[ -d "${TREE:-}" ] || skip "TREE names no directory"
EDITS=${EDITS:-1000}
first_seed=$((SEED * 1000)) events=0

# A state is what a replica has and knows, a line for each path it ever had:
# path, record (nothing: absent), and sets of events: those that made its
# content, those known here, those that created it; and the content before.
# shellcheck disable=SC2016 # awk
oracle='
    BEGIN { FS = OFS = "\t" }
    function content(r,  p) {
        split(r, p, " "); return r == "" ? "" : p[1] " " p[4] " " p[5] }
    function within(a, b,  e, n, i) { # is the set a part of b?
        n = split(a, e, " ")
        for (i = 1; i <= n; i++) if (!index(b, " " e[i] " ")) return 0
        return 1
    }
    function meets(a, b,  e, n, i) {
        n = split(a, e, " ")
        for (i = 1; i <= n; i++) if (index(b, " " e[i] " ")) return 1
        return 0
    }
    function add(a, b,  e, n, i) {
        n = split(b, e, " ")
        for (i = 1; i <= n; i++)
            if (!index(a, " " e[i] " ")) a = (a == "" ? " " : a) e[i] " "
        return a
    }
    function keep(made, other, known,  e, n, i, kept) {
        n = split(made, e, " ")
        for (i = 1; i <= n; i++)
            if (index(other, " " e[i] " ") || !index(known, " " e[i] " "))
                kept = add(kept, e[i])
        return kept
    }
    function join(l, r,  a, c) {
        split(l, a, " "); split(r, c, " ")
        return a[1] " " (a[2] + 0 < c[2] + 0 ? a[2] : c[2]) " " \
               (a[3] + 0 > c[3] + 0 ? a[3] : c[3]) " " a[4] " " a[5]
    }'

# see NAME: its tree as it is now, to its state, as a run does when it begins.
see() {
    events=$((events + 1))
    files "$1" >"$T/now"
    touch "$T/state.$1"
    awk -v event=" e$events " "$oracle"'
        FILENAME == ARGV[1] { now[$1] = $2; next }
        {
            r = now[$1]
            delete now[$1]
            if (r == "") $2 = $3 = $5 = $6 = ""
            else if (r != $2) {
                if (content(r) != content($2)) $6 = content($2)
                if ($2 == "") $5 = event
                $2 = r; $3 = event; $4 = add($4, event)
            }
            print
        }
        END { for (p in now) print p, now[p], event, event, event, "" }' \
        "$T/now" "$T/state.$1" >"$T/state.new"
    mv "$T/state.new" "$T/state.$1"
}

# meet A B: the states of both after a run, and $T/want.conflicts.
meet() {
    events=$((events + 1))
    awk -v event=" e$events " -v a="$T/new.a" -v b="$T/new.b" \
        -v conflicts="$T/want.conflicts" "$oracle"'
        function has(i, p) { return rec[i, p] != "" }
        function judge(p,  i, l, r) {
            mints = rule = 0
            if (!has(0, p) && !has(1, p)) return "nothing"
            for (i = 0; i < 2; i++) seen[i] = within(made[i, p], known[1 - i, p])
            for (i = 0; i < 2; i++) {
                if (has(1 - i, p)) continue
                if (seen[i]) return 1 - i
                mints = rule = meets(created[i, p], known[1 - i, p])
                return i
            }
            if (rec[0, p] == rec[1, p]) return "equal"
            if (seen[0] != seen[1]) return seen[0] ? 1 : 0
            if (content(rec[0, p]) == content(rec[1, p])) return "equal"
            l = prev[0, p] != "" && prev[0, p] == content(rec[1, p])
            r = prev[1, p] != "" && prev[1, p] == content(rec[0, p])
            if (seen[0] || l == r) return "conflict"
            mints = 1
            return l ? 0 : 1
        }
        function put(p, r, m, k, c, v) {
            print p, r, m, k, c, v > a; print p, r, m, k, c, v > b }
        function carry(p, j,  w, o, k, m, c, v) {
            k = add(known[0, p], known[1, p])
            w = j == 1 ? 1 : 0; o = 1 - w
            if (!has(w, p)) { put(p, "", "", k, "", ""); return }
            m = made[w, p]; c = created[w, p]; v = prev[w, p]
            if (j == "equal") {
                rec[w, p] = join(rec[0, p], rec[1, p])
                m = add(keep(made[0, p], made[1, p], known[1, p]), \
                        keep(made[1, p], made[0, p], known[0, p]))
                if (m == "") m = add(made[0, p], made[1, p])
                w0 = within(m, made[0, p]) && within(made[0, p], m)
                w1 = within(m, made[1, p]) && within(made[1, p], m)
                if (w1 && !w0) v = prev[1, p]
                else if (w0 == w1 && prev[0, p] != prev[1, p]) v = ""
            } else if (mints) {
                m = event
                if (!has(o, p)) c = event
                if (rule) v = ""
            } else if ((m = keep(m, made[o, p], known[o, p])) == "")
                m = made[w, p]
            if (has(0, p) && has(1, p)) {
                seen[0] = meets(created[0, p], known[1, p])
                seen[1] = meets(created[1, p], known[0, p])
                c = seen[0] == seen[1] ? add(created[0, p], created[1, p]) \
                  : created[seen[0], p]
            }
            put(p, rec[w, p], m, add(k, m), c, v)
        }
        {
            i = FILENAME == ARGV[1] ? 0 : 1
            all[$1] = 1; rec[i, $1] = $2; made[i, $1] = $3; known[i, $1] = $4
            created[i, $1] = $5; prev[i, $1] = $6
        }
        END {
            printf "" > conflicts
            for (p in all) {
                j = judge(p)
                if (j != "conflict") { carry(p, j); continue }
                print p > conflicts
                print p, rec[0, p], made[0, p], known[0, p], created[0, p], \
                    prev[0, p] > a
                print p, rec[1, p], made[1, p], known[1, p], created[1, p], \
                    prev[1, p] > b
            }
        }' "$T/state.$1" "$T/state.$2"
    LC_ALL=C sort -o "$T/want.conflicts" "$T/want.conflicts"
    mv "$T/new.a" "$T/state.$1"
    mv "$T/new.b" "$T/state.$2"
}

# is_as_known NAME: its tree is what its state says.
is_as_known() {
    awk -F '\t' '$2 != "" { print $1 "\t" $2 }' "$T/state.$1" |
        LC_ALL=C sort >"$T/want"
    files "$1" >"$T/is"
    same_records "$T/want" "$T/is" "'$1' is another tree"
}

# pair A B: they meet, and are what the oracle says.
pair() {
    see "$1"
    see "$2"
    meet "$1" "$2"
    open=$(grep -c '' "$T/want.conflicts")
    status $((open > 0)) sync --json --max-delete=100% "$1" "$(far "$2")"
    is_as_known "$1"
    is_as_known "$2"
    conflicts >"$T/conflicts"
    same_records "$T/want.conflicts" "$T/conflicts" \
        "'$1' and '$2' have other conflicts"
    echo "  $1-$2: $(grep -c '"event":"done"' "$T/out") changes," \
        "$open conflicts"
}

# any_pair: another one than the last.
any_pair() {
    random 2
    met=$(((${met:-0} + drawn + 1) % 3))
    set -- x y z x
    shift $met
    random 2
    if [ "$drawn" -eq 0 ]; then pair "$1" "$2"; else pair "$2" "$1"; fi
}

it "three replicas"
cp -a "$TREE" x
rm -rf x/.weft
sync_ok x "$(far y)"
sync_ok y "$(far z)"
see x
cp "$T/state.x" "$T/state.y"
cp "$T/state.x" "$T/state.z"
is_as_known y
is_as_known z

round=0
while [ $round -lt "${ROUNDS:-5}" ] && $case_ok; do
    round=$((round + 1))
    it "round $round"
    candidates x $((first_seed + round))
    for tree in x y z; do
        change $tree "$tree$round" $((first_seed + round))
        first_seed=$((first_seed + 100))
    done
    random 3
    meetings=$((drawn + 2))
    while [ $meetings -gt 0 ] && $case_ok; do
        any_pair
        meetings=$((meetings - 1))
    done
done

it "after enough pairs all are equal, but for the conflicts"
forget
for both in 'x y' 'y z' 'z x' 'x y' 'y z' 'z x'; do
    # shellcheck disable=SC2086 # two
    $case_ok && pair $both
    cat "$T/want.conflicts" >>"$T/open"
done
for tree in x y z; do
    LC_ALL=C sort -u "$T/open" | awk -F '\t' '
        FILENAME == ARGV[1] { open[$1] = 1; next }
        $2 != "" && !($1 in open) { print $1 "\t" $2 }' - "$T/state.$tree" |
        LC_ALL=C sort >"$T/agreed.$tree"
done
same_records "$T/agreed.x" "$T/agreed.y" "x and y differ without a conflict"
same_records "$T/agreed.x" "$T/agreed.z" "x and z differ without a conflict"

it "settled on the way, all are equal"
ok sync --conflict=newer x "$(far y)"
ok sync --conflict=newer y "$(far z)"
ok sync x "$(far y)"
ok sync x "$(far z)"
forget
for tree in x y z; do
    records $tree >"$T/all.$tree"
done
same_records "$T/all.x" "$T/all.y" "x and y differ after all"
same_records "$T/all.x" "$T/all.z" "x and z differ after all"
finish
