/**
 * What a WASI module or component was granted of the world: arguments, environment, and a tree of files that was read when the run
 * began. The tree is all that paths can name, so nothing leads out of it: no `..`, no link, no name.
 */
import { Errno } from './errno.js';

interface Entry {
	/** Unique in its tree. */
	readonly inode: number;
	/** ns since 1970. */
	readonly changed: bigint;
}
export interface FileNode extends Entry {
	readonly kind: 'file';
	readonly bytes: Uint8Array;
}
export interface LinkNode extends Entry {
	readonly kind: 'link';
	readonly target: string;
}
export interface DirectoryNode extends Entry {
	readonly kind: 'directory';
	readonly entries: Map<string, Node>;
}
export type Node = FileNode | LinkNode | DirectoryNode;

/** Plain data, cloned to the thread of the pipeline; the bytes of files are in shared memory. */
export interface World {
	readonly args: readonly string[];
	readonly env: readonly (readonly [name: string, value: string])[];
	/** `/`; absent: no file was granted. */
	readonly root?: DirectoryNode;
}

export const NOTHING: World = { args: [], env: [] };

/** A node, with the directories above it from the root on. */
export interface Place<N extends Node = Node> {
	readonly above: readonly DirectoryNode[];
	readonly node: N;
}

/** As Linux. */
const MOST_LINKS = 40;
export const MOST_PATH = 4096;

/**
 * What a path from a directory names, or an errno. It must not leave that directory by its own `..`; a link may, within the tree.
 * `follow`: the last name, too, if it is a link.
 */
export function resolve(from: Place<DirectoryNode>, path: string, follow: boolean): Place | number {
	if (path === '') return Errno.NOENT;
	if (path.includes('\0')) return Errno.INVAL;
	if (path.startsWith('/')) return Errno.NOTCAPABLE;
	let stack: Node[] = [...from.above, from.node];
	let floor = stack.length;
	let links = 0;
	const rest = path.split('/').reverse();
	while (rest.length > 0) {
		const name = rest.pop() as string;
		const here = stack.at(-1) as Node;
		if (here.kind !== 'directory') return Errno.NOTDIR;
		if (name === '' || name === '.') continue;
		if (name === '..') {
			if (stack.length <= floor) return Errno.NOTCAPABLE;
			stack.pop();
			continue;
		}
		const next = here.entries.get(name);
		if (next === undefined) return Errno.NOENT;
		if (next.kind !== 'link' || (rest.length === 0 && !follow)) {
			stack.push(next);
			continue;
		}
		if (++links > MOST_LINKS || rest.length > MOST_PATH) return Errno.LOOP;
		if (next.target.startsWith('/')) stack = stack.slice(0, 1);
		floor = 1;
		rest.push(...next.target.split('/').reverse());
	}
	return { above: stack.slice(0, -1) as DirectoryNode[], node: stack.at(-1) as Node };
}
