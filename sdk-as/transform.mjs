/**
 * asc transform that puts an operator's manifest into its module: the custom section `ig.manifest`, from
 * `manifest.json` beside the entry file. Without such a file it does nothing: the host's defaults hold.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Transform } from 'assemblyscript/transform';

const SECTION = 'ig.manifest';
/** asc's `SourceKind.UserEntry`. */
const USER_ENTRY = 1;

export default class ManifestTransform extends Transform {
	afterParse(parser) {
		// The runtime counts as an entry too.
		const entry = parser.sources.find((source) => source.sourceKind === USER_ENTRY && !source.normalizedPath.startsWith('~lib/'));
		const path = entry && join(this.baseDir, dirname(entry.normalizedPath), 'manifest.json');
		this.manifest = path && existsSync(path) ? readManifest(path) : undefined;
	}

	afterCompile(module) {
		if (this.manifest) module.addCustomSection(SECTION, new TextEncoder().encode(JSON.stringify(this.manifest)));
	}
}

/** The host checks the rest when it loads the module; what is plainly not a manifest is better said at build time. */
function readManifest(path) {
	let manifest;
	try {
		manifest = JSON.parse(readFileSync(path, 'utf8'));
	} catch (error) {
		throw new Error(`${path} is not JSON: ${error.message}`);
	}
	const operators = manifest?.operators;
	if (!Array.isArray(operators) || operators.length === 0 || operators.some((operator) => typeof operator?.name !== 'string')) {
		throw new Error(`${path} has no "operators" with a "name" each`);
	}
	return manifest;
}
