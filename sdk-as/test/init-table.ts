/** Builds the init table of docs/operator-abi.md ("The init table"). */
import { FieldFlag } from '../../host/schema.js';

export interface FieldSpec {
	/** Full name. */
	readonly name: string;
	readonly kind: number;
	/** Place in the row. */
	readonly offset?: number;
	readonly size?: number;
	/** Column slot; in the row when absent. */
	readonly slot?: number;
	readonly parent?: number;
	readonly annotations?: Readonly<Record<string, string>>;
	readonly tags?: readonly string[];
}

export interface SourceSpec {
	readonly name: string;
	readonly type?: 'single' | 'array';
	readonly recordSize: number;
	readonly fields: readonly FieldSpec[];
	readonly annotations?: Readonly<Record<string, string>>;
}

const HEADER = 64;
const SOURCE = 48;
const FIELD = 64;
const PAIR = 16;
const STRING = 8;

/** The number of column slots that the fields of a data source use. */
export function slotsOf(source: SourceSpec): number {
	return Math.max(0, ...source.fields.map((field) => (field.slot ?? -1) + 1));
}

export function initTable(sources: readonly SourceSpec[], params: Readonly<Record<string, string>> = {}, regionSize = 1 << 20): Uint8Array {
	const fields = sources.flatMap((source) => source.fields);
	const annotations = [...sources.map((source) => source.annotations), ...fields.map((field) => field.annotations)].flatMap((set) =>
		Object.entries(set ?? {}),
	);
	const tags = fields.flatMap((field) => field.tags ?? []);
	const pairs = Object.entries(params);

	const sourcesAt = HEADER;
	const fieldsAt = sourcesAt + sources.length * SOURCE;
	const annotationsAt = fieldsAt + fields.length * FIELD;
	const tagsAt = annotationsAt + annotations.length * PAIR;
	const paramsAt = tagsAt + tags.length * STRING;
	let end = paramsAt + pairs.length * PAIR;

	const bytes = new Uint8Array(1 << 20);
	const view = new DataView(bytes.buffer);
	const words = (at: number, ...values: number[]) => {
		values.forEach((value, i) => {
			view.setUint32(at + i * 4, value, true);
		});
	};
	const string = (at: number, value: string) => {
		const size = new TextEncoder().encodeInto(value, bytes.subarray(end)).written;
		words(at, end, size);
		end += size;
	};
	const pair = (at: number, [key, value]: readonly [string, string]) => {
		string(at, key);
		string(at + STRING, value);
	};

	let firstField = 0;
	let annotation = 0;
	let tag = 0;
	for (const [id, source] of sources.entries()) {
		const at = sourcesAt + id * SOURCE;
		const own = Object.entries(source.annotations ?? {});
		string(at, source.name);
		words(
			at + 8,
			source.type === 'array' ? 2 : 1,
			firstField,
			source.fields.length,
			source.recordSize,
			annotation,
			own.length,
			slotsOf(source),
		);
		for (const entry of own) pair(annotationsAt + annotation++ * PAIR, entry);
		firstField += source.fields.length;
	}
	let index = 0;
	for (const source of sources) {
		for (const [id, field] of source.fields.entries()) {
			const at = fieldsAt + index++ * FIELD;
			const own = Object.entries(field.annotations ?? {});
			const flags = (field.parent === undefined ? 0 : FieldFlag.HasParent) | (field.slot === undefined ? FieldFlag.StaticMember : 0);
			words(at, id);
			string(at + 4, field.name);
			words(at + 12, field.kind, field.offset ?? 0, field.size ?? 0, flags, field.parent ?? -1, field.slot ?? -1);
			words(at + 36, annotation, own.length, tag, field.tags?.length ?? 0, id);
			for (const entry of own) pair(annotationsAt + annotation++ * PAIR, entry);
			for (const name of field.tags ?? []) string(tagsAt + tag++ * STRING, name);
		}
	}
	for (const [i, entry] of pairs.entries()) pair(paramsAt + i * PAIR, entry);
	words(0, 0x31494749, end, sources.length, sourcesAt, fields.length, fieldsAt, annotations.length, annotationsAt);
	words(32, tags.length, tagsAt, pairs.length, paramsAt, regionSize);
	return bytes.slice(0, end);
}
