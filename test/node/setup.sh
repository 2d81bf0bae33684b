#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the oldest and the newest Node.js that ig must run on, as npm packages, into dist/node.
set -eu
cd "$(dirname "$0")/../.."
arch=$(node -p process.arch)
for version in $(cat test/node/versions); do
	[ -x "dist/node/$version/bin/node" ] && continue
	echo "fetching Node.js $version"
	rm -rf "dist/node/$version.new"
	npm install --silent --no-save --no-package-lock --prefix "dist/node/$version.new" "node-linux-$arch@$version"
	mkdir -p "dist/node/$version/bin"
	mv "dist/node/$version.new/node_modules/node-linux-$arch/bin/node" "dist/node/$version/bin/node"
	rm -rf "dist/node/$version.new"
done
