/** Finds a gadget by what a user calls it, and reads its files. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { closest } from '../closest.js';
import { IgError } from '../errors.js';
import { built } from '../root.js';
import { emptyMetadata, type GadgetMetadata, type MetadataFile } from './metadata.js';
import { PREPARED, readPrepared } from './prepared.js';

export interface Gadget {
	/** The folder's name: `trace_open`. */
	readonly name: string;
	/** What the user called it. */
	readonly reference: string;
	/** The eBPF object file's path; undefined for a gadget without programs. */
	readonly object: string | undefined;
	/** The path of the operator that comes with it; undefined: it has none. */
	readonly operator: string | undefined;
	/** File with the kernel's BTF, when it has none of its own. */
	readonly btf?: string | undefined;
	readonly metadata: GadgetMetadata;
	readonly warnings: readonly string[];
}

const OBJECT = 'program.bpf.o';
const SOURCE = 'program.bpf.c';
const METADATA = 'gadget.yaml';
const OPERATOR = 'operator.wasm';
/** A name without a registry, or Inspektor Gadget's own registry: `trace_open`, `trace_open:latest`, `…/inspektor-gadget/gadget/trace_open:v0.45.0`. */
const builtIn = /^(?:ghcr\.io\/inspektor-gadget\/gadget\/)?([a-z][a-z0-9_]*)(?::[\w.-]+)?(?:@sha256:[\da-f]{64})?$/;

/** Names of the gadgets that come with this installation. */
export function builtInGadgets(): string[] {
	try {
		return readdirSync(built('gadgets'), { withFileTypes: true })
			.filter((entry) => entry.isDirectory())
			.map((entry) => entry.name)
			.sort();
	} catch {
		return [];
	}
}

function kindOf(path: string): 'file' | 'directory' | undefined {
	const stat = statSync(path, { throwIfNoEntry: false });
	if (stat?.isDirectory()) return 'directory';
	return stat?.isFile() ? 'file' : undefined;
}

function read(path: string): string | undefined {
	try {
		return readFileSync(path, 'utf8');
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
		throw error;
	}
}

/** gadget.yaml of a folder: the prepared copy when it is of this very text, else the file. */
async function readMetadata(folder: string, name: string): Promise<MetadataFile> {
	const path = join(folder, METADATA);
	const source = read(path);
	if (source === undefined) return { metadata: emptyMetadata(name), warnings: [] };
	const prepared = readPrepared(read(join(folder, PREPARED)), source);
	if (prepared !== undefined) return prepared;
	const { parseMetadata } = await import('./metadata-file.js');
	return parseMetadata(source, path, name);
}

interface Place {
	readonly name: string;
	readonly folder: string;
	readonly object: string;
	/** There is a program's source. */
	readonly isSource: boolean;
}

/** Where the files of a reference are, or undefined when there is no such gadget. */
function locate(reference: string): Place | undefined {
	if (reference === '') return undefined;
	const name = builtIn.exec(reference)?.[1];
	if (name !== undefined && kindOf(built('gadgets', name)) === 'directory') {
		const folder = built('gadgets', name);
		return { name, folder, object: join(folder, OBJECT), isSource: false };
	}
	const path = resolve(reference);
	const kind = kindOf(path);
	if (kind === 'directory') {
		return { name: basename(path), folder: path, object: join(path, OBJECT), isSource: kindOf(join(path, SOURCE)) === 'file' };
	}
	if (kind !== 'file' || !path.endsWith('.o')) return undefined;
	return { name: basename(path).replace(/(\.bpf)?\.o$/, ''), folder: dirname(path), object: path, isSource: false };
}

/** The folder of a gadget's source, when the reference leads to one. */
export function sourceFolder(reference: string): string | undefined {
	const found = locate(reference);
	return found?.isSource ? found.folder : undefined;
}

/** True when a reference leads to files, without reading them. */
export function isGadget(reference: string): boolean {
	return locate(reference) !== undefined;
}

/** The operator in a gadget's folder, if there is one. */
function operatorOf(folder: string): string | undefined {
	const path = join(folder, OPERATOR);
	return kindOf(path) === 'file' ? path : undefined;
}

/** The operator of a gadget that comes with this installation: recordings name their gadget. */
export function builtInOperator(name: string): string | undefined {
	return /^\w+$/.test(name) ? operatorOf(built('gadgets', name)) : undefined;
}

/**
 * Opens a built-in gadget (`trace_open`), a folder with `program.bpf.o` and `gadget.yaml`, or a `.bpf.o` file.
 * A folder with a `program.bpf.c` is built first when its object is older, unless `build` is false.
 * @throws IgError IG_GADGET_NOT_FOUND, IG_METADATA, IG_GADGET_BUILD
 */
export async function openGadget(reference: string, { build = true }: { readonly build?: boolean } = {}): Promise<Gadget> {
	const found = locate(reference);
	if (found === undefined) {
		const known = builtInGadgets();
		throw new IgError('IG_GADGET_NOT_FOUND', { gadget: reference, guess: closest(reference, known), known: known.join(', ') || 'none' });
	}
	const { name } = found;
	if (build && found.isSource) await (await import('./build.js')).buildIfStale(found.folder);
	const { metadata, warnings } = await readMetadata(found.folder, name);
	const object = kindOf(found.object) === 'file' ? found.object : undefined;
	const operator = operatorOf(found.folder);
	if (object === undefined && kindOf(join(found.folder, METADATA)) === undefined) {
		throw new IgError('IG_GADGET_INVALID', { gadget: reference, reason: `${found.folder} has neither ${OBJECT} nor ${METADATA}` });
	}
	return { name, reference, object, operator, metadata, warnings };
}
