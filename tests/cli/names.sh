# Names are bytes.
. "${WEFT_SRC:?}/tests/lib/lib.sh"

right=$(far right)
nl=$(printf 'line\nbreak') bytes=$(printf 'caf\351 \377\001')
esc=$(printf 'esc\033[31mred') long=$(printf '%0255d' 5)
it "any name arrives as it is"
tree left '-rf=1' '--help=2' "$nl=3" "$bytes=4" "$esc=5" "$long=6" \
    ' lead and trail =7' 'a:b=8' "quote'\"=9" 'star*?[x]=10' 'back\slash=11' \
    '~=12' '...=13' '.hidden=14'
mkdir -p "left/$bytes.d/$nl"
write "left/$bytes.d/$nl/-x" deep
sync_ok left "$right"
same_tree left right

it "no control character reaches the terminal"
tr -d '\n' <"$T/out" | LC_ALL=C grep -q '[[:cntrl:]]' &&
    wrong "stdout has control characters"
[ "$(LC_ALL=C tr -cd '\000-\010\013-\037' <"$T/err" | wc -c)" -eq 0 ] ||
    wrong "stderr has control characters"

it "and is noticed when it goes"
rm "left/$nl" "left/-rf" "left/$bytes"
sync_ok left "$right"
same_tree left right
absent "right/$nl"

it "deep paths"
deep=$(printf '%0200d' 1)
path=left
for level in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
    path=$path/$level$deep
done
mkdir -p "$path"
write "$path/leaf" deep
sync_ok left "$right"
same_tree left right

it "roots may have such names, too"
tree "$nl dir" 'a=1'
run sync "./$nl dir" "$(far "other $bytes")" || wrong "status $?"
same_tree "$nl dir" "other $bytes"
tree ./-n 'a=1'
sync_ok ./-n "$(far right2)"
sync_ok -- -n "$(far right2)"
content right2/a 1

finish
