# bash completion for weft, made by 'make update-completions'.
_weft()
{
    local cur=${COMP_WORDS[COMP_CWORD]} prev="" command="" word
    local words="" files=""
    COMPREPLY=()
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case $word in -*) ;; *) command=$word; break ;; esac
    done
    prev=${COMP_WORDS[COMP_CWORD-1]}
    if [ "$prev" = = ]; then
        prev=${COMP_WORDS[COMP_CWORD-2]}
    elif [ "$cur" = = ]; then
        cur=""
    fi
    case $prev in
    --conflict) words="skip newer older larger smaller first both merge ask" ;;
    --before) return ;;
    --tool) return ;;
    --from) return ;;
    --exclude) return ;;
    --include) return ;;
    --exclude-from) files=-f ;;
    --include-from) files=-f ;;
    --sign) return ;;
    --key) return ;;
    --repair) return ;;
    --max-delete) return ;;
    --output) return ;;
    --max-count) return ;;
    --format) words="text json mtree sha256sum" ;;
    --transport) words="auto libssh2 ssh" ;;
    --rsh) return ;;
    --remote-path) files=-f ;;
    --transport-command) return ;;
    --bwlimit) return ;;
    --timeout) return ;;
    --restrict) files=-d ;;
    *)
    case $command in
    "") words="--help --version sync push pull diff apply status explain manifest verify check-ignore serve connect help conflicts resolve log undo restore" ;;
    sync) words="-h --help --version -n --dry-run -c --checksum --delete --conflict= --exclude= --include= --exclude-from= --include-from= --max-delete= --new-replica --wait --no-trash --no-durable --batch -v --verbose -q --quiet -i --itemize-changes -P --progress --stats --output= --json --transport= -e --rsh= --remote-path= --transport-command= -z --compress --no-compress -W --whole-file --bwlimit= --timeout= -a --archive -r --recursive -l --links -p --perms -t --times -S --sparse -x --one-file-system" ;;
    push) words="-h --help --version -n --dry-run -c --checksum --mirror --delete --conflict= --exclude= --include= --exclude-from= --include-from= --max-delete= --new-replica --wait --no-trash --no-durable --batch -v --verbose -q --quiet -i --itemize-changes -P --progress --stats --output= --json --transport= -e --rsh= --remote-path= --transport-command= -z --compress --no-compress -W --whole-file --bwlimit= --timeout= -a --archive -r --recursive -l --links -p --perms -t --times -S --sparse -x --one-file-system" ;;
    pull) words="-h --help --version -n --dry-run -c --checksum --mirror --delete --conflict= --exclude= --include= --exclude-from= --include-from= --max-delete= --new-replica --wait --no-trash --no-durable --batch -v --verbose -q --quiet -i --itemize-changes -P --progress --stats --output= --json --transport= -e --rsh= --remote-path= --transport-command= -z --compress --no-compress -W --whole-file --bwlimit= --timeout= -a --archive -r --recursive -l --links -p --perms -t --times -S --sparse -x --one-file-system" ;;
    diff) words="-h --help --version -n --dry-run -c --checksum --delete --conflict= --exclude= --include= --exclude-from= --include-from= --max-delete= --new-replica --wait --no-trash --no-durable --batch -v --verbose -q --quiet -i --itemize-changes -P --progress --stats --output= --json --transport= -e --rsh= --remote-path= --transport-command= -z --compress --no-compress -W --whole-file --bwlimit= --timeout= -a --archive -r --recursive -l --links -p --perms -t --times -S --sparse -x --one-file-system" ;;
    apply) words="-h --help --version -n --dry-run --max-delete= --new-replica --wait --no-trash --no-durable --batch -v --verbose -q --quiet -P --progress --stats --json --transport= -e --rsh= --remote-path= --transport-command= -z --compress --no-compress -W --whole-file --bwlimit= --timeout=" ;;
    status) words="-h --help --version -v --verbose -q --quiet --json" ;;
    explain) words="-h --help --version --exclude= --include= --exclude-from= --include-from= -v --verbose -q --quiet --json" ;;
    manifest) words="-h --help --version -c --checksum --exclude= --include= --exclude-from= --include-from= --diff --sign= -v --verbose -q --quiet --json --format=" ;;
    verify) words="-h --help --version --exclude= --include= --exclude-from= --include-from= --key= --repair= --wait --batch -v --verbose -q --quiet -P --progress --json --transport= -e --rsh= --remote-path= --transport-command= -z --compress --no-compress -W --whole-file --bwlimit= --timeout=" ;;
    check-ignore) words="-h --help --version --exclude= --include= --exclude-from= --include-from= -v --verbose -q --quiet" ;;
    serve) words="-h --help --version -v --verbose -q --quiet --restrict= --read-only --no-delete --print-key-line" ;;
    connect) words="-h --help --version --batch -v --verbose -q --quiet --transport= -e --rsh= --remote-path=" ;;
    help) words="-h --help --version -v --verbose -q --quiet" ;;
    conflicts) words="-h --help --version -v --verbose -q --quiet --json -0 --null" ;;
    resolve) words="-h --help --version -n --dry-run --mine --theirs --newer --both --merge --markers --tool= --diff --from= --offline --exclude= --include= --exclude-from= --include-from= --wait --no-trash --no-durable --batch -v --verbose -q --quiet -P --progress --transport= -e --rsh= --remote-path= --transport-command= -z --compress --no-compress -W --whole-file --bwlimit= --timeout=" ;;
    log) words="-h --help --version -v --verbose -q --quiet --json --max-count=" ;;
    undo) words="-h --help --version -n --dry-run --here --max-delete= --wait --no-durable --batch -v --verbose -q --quiet -P --progress --stats --json --transport= -e --rsh= --remote-path= --transport-command= -z --compress --no-compress -W --whole-file --bwlimit= --timeout=" ;;
    restore) words="-h --help --version -n --dry-run --before= --list --wait --no-trash --no-durable -v --verbose -q --quiet --json" ;;
    esac
    if [ "$command" = help ]; then
        words="$words sync push pull diff apply status explain manifest verify check-ignore serve connect help conflicts resolve log undo restore"
    elif [ -n "$command" ]; then
        case $cur in -*) ;; *) words="" files=-f ;; esac
    fi ;;
    esac
    if [ -n "$files" ]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen "$files" -- "$cur")
        return
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
    case ${COMPREPLY[0]-} in *=) compopt -o nospace 2>/dev/null ;; esac
}
complete -F _weft weft
