/** The prepared copy of a gadget.yaml: its content, read and validated when the gadget was built, so that a start needs no YAML parser. */
import type { MetadataFile } from './metadata.js';

export const PREPARED = 'gadget.json';
/** Raise it when {@link MetadataFile} changes. */
const VERSION = 2;

interface Prepared extends MetadataFile {
	readonly version: number;
	/** The file's text, whole: no clock and no hash can be wrong about it. */
	readonly source: string;
}

/** What a prepared copy holds, or undefined when it is missing, of another version, or of another text than `source`. */
export function readPrepared(json: string | undefined, source: string): MetadataFile | undefined {
	if (json === undefined) return undefined;
	try {
		const prepared = JSON.parse(json) as Prepared;
		return prepared.version === VERSION && prepared.source === source ? prepared : undefined;
	} catch {
		return undefined;
	}
}

export function writePrepared(source: string, file: MetadataFile): string {
	const prepared: Prepared = { version: VERSION, source, ...file };
	return JSON.stringify(prepared);
}
