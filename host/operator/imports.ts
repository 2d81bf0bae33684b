/** What a guest can call: module `ig` of the ABI, and AssemblyScript's `env.abort`. Nothing here blocks. */
import { Errno } from './errno.js';
import { type LineLimit, type LogLevel, MAX_LOG } from './lines.js';
import type { InitSession } from './session.js';

/** `module.name` of every import there is. */
export const importNames: ReadonlySet<string> = new Set([
	...['log', 'field_add', 'field_override', 'field_slot', 'field_annotate', 'field_tag', 'field_hide', 'field_want'].map(
		(name) => `ig.${name}`,
	),
	'env.abort',
]);

export type { LogLevel } from './lines.js';
const levels: readonly LogLevel[] = ['error', 'warn', 'info', 'debug'];

/** The guest as its imports see it. */
export interface Caller {
	memory(): Uint8Array;
	/** The init that is running, if one is. */
	session(): InitSession | undefined;
	readonly lines: LineLimit;
}

const MAX_STRING = 1 << 20;

/** An AssemblyScript abort: message and place, decoded. */
export class GuestAbort extends Error {}

/** AssemblyScript strings: UTF-16, their size in bytes at -4 (assemblyscript.org, "Memory layout"). */
function assemblyScriptString(memory: Uint8Array, address: number): string {
	if (address < 4 || address > memory.length) return '?';
	const view = new DataView(memory.buffer, memory.byteOffset, memory.length);
	const size = Math.min(view.getUint32(address - 4, true), 2 * MAX_LOG);
	if (address + size > memory.length) return '?';
	return new TextDecoder('utf-16le').decode(memory.slice(address, address + size));
}

export function makeImports(caller: Caller): Record<string, Record<string, unknown>> {
	const decoder = new TextDecoder();
	const text = (address: number, size: number, most = MAX_STRING): string | undefined => {
		const memory = caller.memory();
		const start = address >>> 0;
		const length = size >>> 0;
		if (length > most || start + length > memory.length) return undefined;
		return decoder.decode(memory.subarray(start, start + length));
	};
	const during = (run: (session: InitSession) => number): number => {
		const session = caller.session();
		return session === undefined ? -Errno.NOTCAPABLE : run(session);
	};

	return {
		ig: {
			log: (level: number, address: number, size: number): number => {
				const length = Math.min(size >>> 0, MAX_LOG);
				if ((address >>> 0) + length > caller.memory().length) return Errno.FAULT;
				caller.lines.line(levels[Math.min(Math.max(level, 0), 3)] ?? 'info', () => text(address, length) ?? '');
				return 0;
			},
			field_add: (ds: number, parent: number, address: number, size: number, kind: number, flags: number): number =>
				during((session) => {
					const name = text(address, size);
					return name === undefined ? -Errno.FAULT : session.perform({ do: 'add', ds, parent, name, kind, flags });
				}),
			field_override: (ds: number, field: number, kind: number): number =>
				during((session) => session.perform({ do: 'override', ds, field, kind })),
			field_slot: (ds: number, field: number): number => during((session) => session.slot(ds, field)),
			field_annotate: (ds: number, field: number, key: number, keySize: number, value: number, valueSize: number): number =>
				during((session) => {
					const name = text(key, keySize);
					const content = text(value, valueSize);
					if (name === undefined || content === undefined) return -Errno.FAULT;
					return session.perform({ do: 'annotate', ds, field, key: name, value: content });
				}),
			field_tag: (ds: number, field: number, address: number, size: number): number =>
				during((session) => {
					const tag = text(address, size);
					return tag === undefined ? -Errno.FAULT : session.perform({ do: 'tag', ds, field, tag });
				}),
			field_hide: (ds: number, field: number, hidden: number): number =>
				during((session) => session.perform({ do: 'hide', ds, field, hidden: hidden !== 0 })),
			field_want: (ds: number, field: number): number => during((session) => session.want(ds, field)),
		},
		env: {
			abort: (message: number, file: number, line: number, column: number): never => {
				const memory = caller.memory();
				const place = `${assemblyScriptString(memory, file >>> 0)}:${line}:${column}`;
				throw new GuestAbort(`${assemblyScriptString(memory, message >>> 0)} at ${place}`);
			},
		},
	};
}
