/** A gadget.yaml as its author wrote it: values by path in lower case, and where each stands in the file. */
import { isMap, isNode, isPair, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml';
import { IgError } from '../errors.js';
import type { MetadataProblem } from './metadata.js';

export type Path = readonly PropertyKey[];

/** Keys in lower case at every level (Inspektor Gadget's are case-insensitive), but for annotations that name environment variables. */
export function lowerKeys(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(lowerKeys);
	if (value === null || typeof value !== 'object') return value;
	return Object.fromEntries(
		Object.entries(value).map(([key, inner]) => [/^env\.fields\./i.test(key) ? key : key.toLowerCase(), lowerKeys(inner)]),
	);
}

function pairOf(node: Node | null, step: PropertyKey): Pair | undefined {
	if (!isMap(node)) return undefined;
	return node.items.find((item) => isScalar(item.key) && String(item.key.value).toLowerCase() === String(step).toLowerCase());
}

/** The line, the one before and the one after, with a mark under the column. */
export function codeFrame(source: string, line: number, column: number): string {
	const lines = source.split('\n');
	const width = String(line + 1).length;
	const shown: string[] = [];
	for (let n = Math.max(1, line - 1); n <= Math.min(lines.length, line + 1); n++) {
		const content = (lines[n - 1] ?? '').replace(/\t/g, ' ').replace(/[^\x20-\x7e\u00a0-\uffff]/g, '?');
		shown.push(`${n === line ? '>' : ' '} ${String(n).padStart(width)} | ${content}`.trimEnd());
		if (n === line) shown.push(`  ${' '.repeat(width)} | ${' '.repeat(column - 1)}^`);
	}
	return shown.join('\n');
}

export class MetadataDocument {
	readonly path: string;
	/** Plain values, keys in lower case; an empty map for an empty file. */
	readonly tree: Readonly<Record<string, unknown>>;
	readonly #source: string;
	readonly #counter = new LineCounter();
	readonly #root: Node | null;

	/** @throws IgError IG_METADATA when it is no YAML, or not a map */
	constructor(source: string, path: string) {
		this.path = path;
		this.#source = source;
		const document = parseDocument(source, { lineCounter: this.#counter, prettyErrors: false, logLevel: 'error' });
		this.#root = document.contents;
		const syntax = document.errors[0];
		if (syntax !== undefined) throw this.#error(syntax.pos[0], syntax.message);
		if (this.#root !== null && !isMap(this.#root)) throw this.#error(this.#root.range?.[0] ?? 0, 'must be a map of keys and values');
		try {
			this.tree = lowerKeys(document.toJS({ maxAliasCount: 100 }) ?? {}) as Record<string, unknown>;
		} catch (cause) {
			// Aliases without an anchor, or that multiply.
			throw this.#error(0, cause instanceof Error ? cause.message : String(cause));
		}
	}

	#place(offset: number): { line: number; column: number } {
		const { line, col } = this.#counter.linePos(offset);
		return { line: Math.max(1, line), column: Math.max(1, col) };
	}

	#error(offset: number, reason: string): IgError {
		return metadataError(this.path, this.#problem('error', offset, reason));
	}

	#problem(severity: MetadataProblem['severity'], offset: number, reason: string): MetadataProblem {
		const at = this.#place(offset);
		return { severity, ...at, reason, frame: codeFrame(this.#source, at.line, at.column) };
	}

	/** Offset of the value that a path leads to, or of the deepest one on the way; with `key`, of the last step's key. */
	#offset(path: Path, key: boolean): number {
		let node = this.#root;
		let offset = node?.range?.[0] ?? 0;
		for (const [i, step] of path.entries()) {
			const pair = pairOf(node, step);
			let next: unknown = pair === undefined && isSeq(node) ? node.items[Number(step)] : pair?.value;
			if (isPair(next)) next = next.value;
			if (isNode(pair?.key) && (key || next === null || next === undefined)) offset = pair.key.range?.[0] ?? offset;
			if (!isNode(next)) return offset;
			if (!key || i < path.length - 1) offset = next.range?.[0] ?? offset;
			node = next;
		}
		return offset;
	}

	/** A problem with the value at a path. */
	problem(severity: MetadataProblem['severity'], path: Path, reason: string): MetadataProblem {
		return this.#problem(severity, this.#offset(path, false), reason);
	}

	/** A problem with the key that a path ends in. */
	problemOfKey(severity: MetadataProblem['severity'], path: Path, reason: string): MetadataProblem {
		return this.#problem(severity, this.#offset(path, true), reason);
	}

	/** A key as its author wrote it. */
	written(path: Path): string {
		let node = this.#root;
		let name = String(path.at(-1));
		for (const step of path) {
			const pair = pairOf(node, step);
			if (isScalar(pair?.key)) name = String(pair.key.value);
			const next: unknown = pair === undefined && isSeq(node) ? node.items[Number(step)] : pair?.value;
			node = isNode(next) ? next : null;
		}
		return name;
	}
}

export function metadataError(file: string, { line, column, reason, frame }: MetadataProblem): IgError {
	return new IgError('IG_METADATA', { file, line, column, reason, frame });
}
