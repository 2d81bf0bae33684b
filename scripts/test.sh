#!/bin/sh
# Runs all tests and ends with the line `N passed, N failed, N skipped`; exits non-zero when something failed.
# IG_CI=1: style and types are checked, too, and a skipped test is a failure unless its reason begins with "this kernel" or "this machine": CI installs all parts.
# Arguments go to vitest; with any, only vitest runs.
set -u
cd "$(dirname "$0")/.." || exit 1
passed=0
failed=0
skipped=0
mkdir -p dist/test

number() { sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p" dist/test/vitest.json; }

# part NAME COMMAND...: a suite of which only success and its own counts are known.
part() {
	name=$1
	shift
	echo "== $name"
	"$@" >"dist/test/$name.log" 2>&1
	result=$?
	# Ours say `ok NAME`; cargo says `test result: ok. 3 passed; 0 failed; 1 ignored; ...`.
	counts=$(awk '
		/^ *ok / {p++}
		/^test result:/ {p += $4; f += $6; s += $8}
		END {print p + 0, f + 0, s + 0}' "dist/test/$name.log")
	# shellcheck disable=SC2086
	set -- $counts
	[ $result -ne 0 ] && [ "$2" = 0 ] && set -- "$1" 1 "$3"
	[ $result -eq 0 ] && [ "$1" = 0 ] && [ "$3" = 0 ] && set -- 1 0 0
	echo "$1 passed, $2 failed, $3 skipped"
	[ "$2" = 0 ] || tail -n 60 "dist/test/$name.log"
	passed=$((passed + $1))
	failed=$((failed + $2))
	skipped=$((skipped + $3))
}

if [ $# -eq 0 ]; then
	[ -n "${IG_CI:-}" ] && part check npm run --silent check
	part native make --no-print-directory native-test
	part rust make --no-print-directory operators-test
fi

echo '== vitest'
rm -f dist/test/vitest.json
node_modules/.bin/vitest run --reporter=default --reporter=./scripts/reporter.mjs "$@"
result=$?
if [ -e dist/test/vitest.json ]; then
	v_failed=$(number failed)
	[ $result -ne 0 ] && [ "$v_failed" = 0 ] && v_failed=1
	passed=$((passed + $(number passed)))
	failed=$((failed + v_failed))
	skipped=$((skipped + $(number skipped)))
else
	failed=$((failed + 1))
fi

if [ "$skipped" != 0 ] && [ -e dist/test/vitest.json ]; then
	node -e '
		const { skips } = JSON.parse(require("node:fs").readFileSync("dist/test/vitest.json", "utf8"));
		for (const { test, reason } of skips) console.log(`skipped: ${test}: ${reason || "no reason given"}`);
		process.exit(skips.some(({ reason }) => !/^this (kernel|machine)/.test(reason)) ? 1 : 0);
	'
	if [ $? -ne 0 ] && [ -n "${IG_CI:-}" ]; then
		echo 'a test was skipped for which CI installs the parts'
		failed=$((failed + 1))
	fi
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
