# diff --output saves a plan; apply carries out what of it still holds.
# endpoints: local pipe ssh
. "${WEFT_SRC:?}/tests/lib/lib.sh"

tree left 'a=one' 'd/b=two' 'd/c=three' 'gone=1' 'm/x=a file that moves'
right=$(far right)
sync_ok left "$right"

it "diff says what goes where, in sizes and sums"
write left/a 'one, edited'
rm right/gone
mv left/m/x left/m/y
mkdir -p right/new/deep
write right/new/deep/file 'made there'
chmod 600 left/d/b
write left/both 1
write right/both 22
status 1 diff left "$right" --output=plan.weft
stdout_has '----> changed a  3 B -> 11 B'
stdout_has '<---- deleted gone  1 B'
stdout_has '----> moved   m/x -> m/y'
stdout_has '0644 -> 0600'
stdout_has 'nothing in common is recorded'
stdout_has 'to send, at most'
stdout_has ' node '
content left/a 'one, edited'
content right/a one

it "who, when and from what: also of a conflict that was in step once"
cp -p left/d/c "$T/c"
write left/d/c 'left'
write right/d/c 'right'
status 1 diff left "$right"
stdout_has 'both were made from'
cp -p "$T/c" left/d/c
cp -p "$T/c" right/d/c

it "a dry run of apply changes nothing"
remember left
remember right
status 1 apply -n plan.weft
stdout_has 'd/b'
unchanged left
unchanged right

it "what has changed since is left alone, with a reason"
write left/a 'one, edited again'
write right/later 'made after the plan'
status 3 apply plan.weft
stderr_has a
stderr_has 'has changed since the plan was made'
content right/a one
content left/a 'one, edited again'
absent left/later
content left/new/deep/file 'made there'
content right/m/y 'a file that moves'
absent right/m/x
absent left/gone
content left/both 1
content right/both 22

it "a plan that is done has nothing left to do"
status 3 apply plan.weft
stderr_has 'this change is done'

it "a later sync does the rest"
rm left/both
status 0 sync left "$right"
same_tree left right

it "a one-way plan with a policy remembers both"
write left/a from-left
write right/a from-right
touch -d '2030-01-01' right/a
status 1 push -n left "$right" --conflict=first --output=push.weft
ok apply push.weft
content right/a from-left

it "a plan of absent locations makes them"
status 1 diff left "$(far fresh)" --output=fresh.weft
absent fresh
ok apply fresh.weft
same_tree left fresh

it "what is no plan is refused"
write junk 'no plan'
status 2 apply junk
stderr_has 'no plan of weft'
cp plan.weft broken.weft
printf X | dd of=broken.weft bs=1 seek=60 conv=notrunc 2>/dev/null
status 2 apply broken.weft
stderr_has damaged
status 2 apply missing.weft
stderr_has missing.weft
status 2 apply
status 2 sync left "$right" --output=x
stderr_has 'add -n'
absent x

it "a guard that would stop the run stops the dry run, on either side"
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do tree left "g$i=content $i"; done
sync_ok left "$right"
rm left/g*
status 5 diff left "$right"
stderr_has --max-delete
status 1 diff left "$right" --max-delete=100%
cp -p right/g* left/
rm right/g*
status 5 diff left "$right"
finish
