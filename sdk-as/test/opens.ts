/** A data source like trace_open's, and rows of it. */
import { Kind } from '../../host/schema.js';
import type { SourceSpec } from './harness.js';

export const RECORD_SIZE = 368;

export const open: SourceSpec = {
	name: 'open',
	recordSize: RECORD_SIZE,
	fields: [
		{ name: 'timestamp_raw', kind: Kind.Uint64, offset: 0, size: 8 },
		{ name: 'proc', kind: Kind.Bytes, offset: 8, size: 64 },
		{ name: 'proc.comm', kind: Kind.CString, offset: 8, size: 16, parent: 1 },
		{ name: 'proc.pid', kind: Kind.Uint32, offset: 24, size: 4, parent: 1 },
		{ name: 'proc.creds.uid', kind: Kind.Uint32, offset: 40, size: 4, parent: 1 },
		{ name: 'fname', kind: Kind.CString, offset: 104, size: 255 },
	],
};

export interface Open {
	readonly comm?: string;
	readonly pid?: number;
	readonly uid?: number;
	readonly fname?: string;
}

export function row({ comm = 'cat', pid = 1, uid = 0, fname = '/etc/passwd' }: Open, size = RECORD_SIZE): Uint8Array {
	const bytes = Buffer.alloc(size);
	bytes.write(comm, 8, 16);
	bytes.writeUInt32LE(pid, 24);
	bytes.writeUInt32LE(uid, 40);
	bytes.write(fname, 104, 255);
	return bytes;
}
