/** A small data source and its records, for tests that need no kernel. */
import { type DataSource, type Field, FieldFlag, Kind } from '../../host/schema.js';

function field(id: number, name: string, kind: number, offset: number, size: number, tags: string[] = []): Field {
	return {
		id,
		name,
		kind,
		offset,
		size,
		flags: FieldFlag.StaticMember,
		parent: -1,
		slot: -1,
		tags,
		annotations: { 'columns.width': '16', 'columns.alignment': 'left', 'columns.ellipsis': 'end' },
		order: id,
	};
}

/** struct { u64 number; u32 pid; u32 uid; char comm[16]; } */
export function numbersSource(): DataSource {
	return {
		name: 'numbers',
		type: 'single',
		recordSize: 32,
		annotations: {},
		tags: [],
		slots: 0,
		fields: [
			field(0, 'number', Kind.Uint64, 0, 8),
			field(1, 'pid', Kind.Uint32, 8, 4),
			field(2, 'uid', Kind.Uint32, 12, 4),
			field(3, 'comm', Kind.CString, 16, 16),
		],
	};
}

export interface NumberRow {
	readonly number: number;
	readonly pid: number;
	readonly uid: number;
	readonly comm: string | Uint8Array;
}

/** Records as a ring holds them: header, payload, padded to 8. */
export function packNumbers(rows: readonly NumberRow[]): Uint8Array {
	const bytes = new Uint8Array(rows.length * 40);
	const view = new DataView(bytes.buffer);
	rows.forEach((row, i) => {
		const at = i * 40;
		view.setUint32(at, 32, true);
		view.setBigUint64(at + 8, BigInt(row.number), true);
		view.setUint32(at + 16, row.pid, true);
		view.setUint32(at + 20, row.uid, true);
		const comm = typeof row.comm === 'string' ? new TextEncoder().encode(row.comm) : row.comm;
		bytes.set(comm.subarray(0, 16), at + 24);
	});
	return bytes;
}

/** `count` rows with number 0, 1, 2 … from `first` on. */
export function numbers(count: number, first = 0): NumberRow[] {
	return Array.from({ length: count }, (_, i) => ({ number: first + i, pid: 100 + (i % 7), uid: i % 3, comm: `comm-${i % 5}` }));
}
