/** `wasi:filesystem` over the tree that was granted: read-only. See ../wasi/files.ts, which is the same for preview 1. */
import { Errno } from '../wasi/errno.js';
import { type DirectoryNode, MOST_PATH, type Node, type Place, resolve, type World } from '../wasi/world.js';
import { WitError } from './host.js';
import { CHUNK, InputStream } from './streams.js';

const types = { directory: 'directory', file: 'regular-file', link: 'symbolic-link' } as const;
const codes: Readonly<Record<number, string>> = {
	[Errno.INVAL]: 'invalid',
	[Errno.LOOP]: 'loop',
	[Errno.NOENT]: 'no-entry',
	[Errno.NOTCAPABLE]: 'not-permitted',
	[Errno.NOTDIR]: 'not-directory',
};
const NANOSECONDS = 1_000_000_000n;

interface Flags {
	readonly [flag: string]: boolean | undefined;
}

const fail = (code: string): never => {
	throw new WitError(code);
};
const readOnly = (): never => fail('read-only');

function statOf(node: Node) {
	const changed = { seconds: node.changed / NANOSECONDS, nanoseconds: Number(node.changed % NANOSECONDS) };
	return {
		type: types[node.kind],
		linkCount: 1n,
		size: BigInt(node.kind === 'file' ? node.bytes.length : 0),
		dataAccessTimestamp: changed,
		dataModificationTimestamp: changed,
		statusChangeTimestamp: changed,
	};
}

const hashOf = ({ inode, changed }: Node) => ({ lower: BigInt(inode), upper: BigInt.asUintN(64, changed) });

class DirectoryEntryStream {
	readonly #entries: Iterator<[string, Node]>;
	constructor(directory?: DirectoryNode) {
		this.#entries = (directory?.entries ?? new Map<string, Node>()).entries();
	}
	readDirectoryEntry(): { type: string; name: string } | undefined {
		const { done, value } = this.#entries.next();
		return done === true ? undefined : { type: types[value[1].kind], name: value[0] };
	}
}

/** Flags and paths come from the component, whatever they are: only what is a text and true counts. */
class Descriptor {
	readonly #place: Place | undefined;
	constructor(place?: Place) {
		this.#place = place;
	}

	#node(): Node {
		return this.#place?.node ?? fail('bad-descriptor');
	}
	#file(): Uint8Array {
		const node = this.#node();
		return node.kind === 'file' ? node.bytes : fail('is-directory');
	}
	#directory(): Place<DirectoryNode> {
		const node = this.#node();
		return node.kind === 'directory' ? { above: this.#place?.above ?? [], node } : fail('not-directory');
	}
	#at(follow: Flags, path: unknown, creates = false): Place {
		if (typeof path !== 'string') throw new Error('it named a file by something else than a text');
		if (path.length > MOST_PATH) fail('name-too-long');
		const place = resolve(this.#directory(), path, Object(follow).symlinkFollow === true);
		if (place === Errno.NOENT && creates) return readOnly();
		return typeof place === 'number' ? fail(codes[place] ?? 'io') : place;
	}

	readViaStream(offset: bigint): InputStream {
		return new InputStream(this.#file().subarray(Number(offset)));
	}
	read(length: bigint, offset: bigint): [Uint8Array, boolean] {
		const bytes = this.#file();
		const size = length < CHUNK ? length : CHUNK;
		const part = bytes.subarray(Number(offset), Number(offset + size));
		return [part, Number(offset) + part.length >= bytes.length];
	}
	readDirectory(): DirectoryEntryStream {
		return new DirectoryEntryStream(this.#directory().node);
	}
	openAt(follow: Flags, path: unknown, open: Flags, flags: Flags): Descriptor {
		const creates = Object(open).create === true;
		const place = this.#at(follow, path, creates);
		if (creates && Object(open).exclusive === true) fail('exist');
		if (place.node.kind === 'link') fail('loop');
		if (place.node.kind === 'file' && Object(open).directory === true) fail('not-directory');
		if (Object(open).truncate === true || Object(flags).write === true || Object(flags).mutateDirectory === true) readOnly();
		return new Descriptor(place);
	}
	readlinkAt(path: unknown): string {
		const { node } = this.#at({}, path);
		return node.kind === 'link' ? node.target : fail('invalid');
	}
	getType(): string {
		return types[this.#node().kind];
	}
	getFlags(): Flags {
		return { read: true };
	}
	stat() {
		return statOf(this.#node());
	}
	statAt(follow: Flags, path: unknown) {
		return statOf(this.#at(follow, path).node);
	}
	metadataHash() {
		return hashOf(this.#node());
	}
	metadataHashAt(follow: Flags, path: unknown) {
		return hashOf(this.#at(follow, path).node);
	}
	isSameObject(other: unknown): boolean {
		return other instanceof Descriptor && other.#node() === this.#node();
	}
	advise(): void {}
	sync(): void {}
	syncData(): void {}
	writeViaStream = readOnly;
	appendViaStream = readOnly;
	write = readOnly;
	setSize = readOnly;
	setTimes = readOnly;
	setTimesAt = readOnly;
	createDirectoryAt = readOnly;
	removeDirectoryAt = readOnly;
	linkAt = readOnly;
	renameAt = readOnly;
	symlinkAt = readOnly;
	unlinkFileAt = readOnly;
}

/** The interfaces of files; without a granted one there is no directory to begin with. */
export function makeFilesystem({ root }: World) {
	return {
		'wasi:filesystem/preopens': {
			getDirectories: () => (root === undefined ? [] : [[new Descriptor({ above: [], node: root }), '/']]),
		},
		'wasi:filesystem/types': { Descriptor, DirectoryEntryStream, filesystemErrorCode: () => undefined },
	};
}
