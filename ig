#!/bin/sh
# Starts ig. The first time, and after changes of the sources, it sets up and builds what is missing or stale
# (scripts/setup.sh); then it is one `find` and one `exec` (a few milliseconds).
self=$0
while [ -h "$self" ]; do
	link=$(readlink "$self")
	case $link in /*) self=$link ;; *) self=${self%/*}/$link ;; esac
done
case $self in */*) root=${self%/*} ;; *) root=. ;; esac
[ "$root" = "" ] && root=/

main=$root/dist/host/cli/main.js
stamp=$root/dist/.stamp
# Prints something when a source is newer than the last build. In a function: it has positional parameters of its own.
stale() {
	set -- Makefile package.json package-lock.json tsconfig.json scripts/setup.sh host native bpf gadgets operators sdk-rust
	cd "$root" && find "$@" \( -name node_modules -o -name target \) -prune -o -newer dist/.stamp -print -quit 2>&1
}

if [ -e "$root/scripts/setup.sh" ]; then
	if [ ! -e "$stamp" ] || [ ! -e "$main" ] || [ ! -d "$root/node_modules" ] || ! command -v node >/dev/null || [ -n "$(stale)" ]; then
		sh "$root/scripts/setup.sh" run >&2 || exit 1
	fi
fi
exec node "$main" "$@"
