/** `wasi:filesystem` as a component that means no good calls it. What an honest one gets: world.test.ts. */
import { expect, test } from 'vitest';
import { makeFilesystem } from '../../host/operator/component/files.js';
import { WitError } from '../../host/operator/component/host.js';
import type { DirectoryNode } from '../../host/operator/wasi/world.js';

const root: DirectoryNode = { kind: 'directory', entries: new Map(), inode: 1, changed: 0n };
root.entries.set('f', { kind: 'file', bytes: Buffer.from('granted!'), inode: 2, changed: 0n });
root.entries.set('out', { kind: 'link', target: '../etc/passwd', inode: 3, changed: 0n });

const filesystem = makeFilesystem({ args: [], env: [], root });
type Descriptor = InstanceType<(typeof filesystem)['wasi:filesystem/types']['Descriptor']>;
const [[top]] = filesystem['wasi:filesystem/preopens'].getDirectories() as [[Descriptor, string]];
const follow = { symlinkFollow: true };
const reads = { read: true };

/** The error code that a call ends with. */
function code(run: () => unknown): unknown {
	try {
		run();
		return 'nothing';
	} catch (error) {
		return error instanceof WitError ? error.payload : 'a trap';
	}
}

test('nothing leads out of the tree', () => {
	const open = (path: unknown): unknown => code(() => top.openAt(follow, path, {}, reads));
	expect(['../etc/passwd', '/etc/passwd', 'out', '..'].map(open)).toEqual(Array(4).fill('not-permitted'));
	expect(['etc/passwd', '', 'f\0'].map(open)).toEqual(['no-entry', 'no-entry', 'invalid']);
	expect(open('x'.repeat(5000))).toBe('name-too-long');
	expect(open('f/f')).toBe('not-directory');
	expect([undefined, 7, { toString: () => 'f' }].map(open)).toEqual(Array(3).fill('a trap'));
});

test('nothing can be changed', () => {
	const open = (open: Record<string, boolean>, flags: Record<string, boolean>, path = 'f'): unknown =>
		code(() => top.openAt({}, path, open, flags));
	expect(open({}, { write: true })).toBe('read-only');
	expect(open({ truncate: true }, reads)).toBe('read-only');
	expect(open({ create: true }, reads, 'new')).toBe('read-only');
	expect(open({ create: true, exclusive: true }, reads)).toBe('exist');
	expect(open({}, { mutateDirectory: true }, '.')).toBe('read-only');
	const calls = [top.write, top.setSize, top.setTimes, top.renameAt, top.linkAt, top.symlinkAt, top.unlinkFileAt, top.createDirectoryAt];
	expect(calls.map(code)).toEqual(calls.map(() => 'read-only'));
	expect(Buffer.from(top.openAt({}, 'f', {}, reads).read(100n, 0n)[0]).toString()).toBe('granted!');
});

test('offsets and lengths stay inside of a file', () => {
	const file = top.openAt({}, 'f', {}, reads);
	expect(file.read(4n, 6n)).toEqual([Buffer.from('d!'), true]);
	expect(file.read(2n ** 64n - 1n, 2n ** 64n - 1n)).toEqual([Buffer.alloc(0), true]);
	expect(code(() => file.readViaStream(2n ** 63n).read(1n))).toEqual({ tag: 'closed' });
	expect(code(() => file.readDirectory())).toBe('not-directory');
	expect(code(() => top.read(1n, 0n))).toBe('is-directory');
});
