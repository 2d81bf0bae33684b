/**
 * Operators for ig in JavaScript. The contract is sdk-wit/operator.wit; this is a thin face of it: fields found once, rows read in place,
 * columns filled. A call per row costs a microsecond here: docs/operator-doors.md says when that is good enough.
 */
import { emit, fieldAdd, fieldSlot, fieldWant, metricAdd, metricRecord, sourceAdd, sourceField } from 'ig:operator/host@1.0.0';

// As they are: maps of the gadget (`map:NAME` in the manifest), and the log.
export { log, mapDelete, mapLookup, mapOpen, mapRead, mapUpdate } from 'ig:operator/host@1.0.0';

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** What an operator reads and adds, found once, in `init`. */
export class Sources {
	#plans;

	/**
	 * @param sources what `init` got
	 * @param names fields to read; a data source that lacks one is an error. The others are not filled in
	 * @param adds columns to add: name to kind
	 */
	constructor(sources, names, adds = {}) {
		this.#plans = sources.map((source, ds) => {
			const fields = names.map((name) => {
				const field = source.fields.find((candidate) => candidate.name === name);
				if (field === undefined) throw `${source.name} has no field ${name}`;
				fieldWant(ds, field.id);
				return field;
			});
			const slots = Object.entries(adds).map(([name, kind]) => fieldSlot(ds, fieldAdd(ds, undefined, name, kind, {})));
			return { fields, slots };
		});
	}

	/** The rows of a batch, with the fields in the order of their names. */
	rows(batch) {
		const { fields, slots } = this.#plans[batch.dataSource];
		return new Rows(batch, fields, slots);
	}
}

/** A batch: rows are numbered from 0 to `count - 1`, fields and columns as they were named. Valid until the call returns. */
export class Rows {
	#batch;
	#fields;
	#slots;
	#columns = [];
	#parts = [];
	#used = 0;
	#view;
	count;

	constructor(batch, fields, slots) {
		this.#batch = batch;
		this.#fields = fields;
		this.#slots = slots;
		this.count = batch.rowCount;
		this.#view = new DataView(batch.bytes.buffer, batch.bytes.byteOffset, batch.bytes.byteLength);
	}

	#at(row, field) {
		const { rows, stride, rowOffsets } = this.#batch;
		const start = stride === 0 ? this.#view.getUint32(rowOffsets + 4 * row, true) : rows + row * stride;
		return start + this.#fields[field].offset;
	}

	/** A number; 64-bit ones are bigints. */
	number(row, field) {
		const at = this.#at(row, field);
		switch (this.#fields[field].kind) {
			case 'bool':
			case 'uint8':
				return this.#view.getUint8(at);
			case 'int8':
				return this.#view.getInt8(at);
			case 'uint16':
				return this.#view.getUint16(at, true);
			case 'int16':
				return this.#view.getInt16(at, true);
			case 'uint32':
				return this.#view.getUint32(at, true);
			case 'int32':
				return this.#view.getInt32(at, true);
			case 'uint64':
				return this.#view.getBigUint64(at, true);
			case 'int64':
				return this.#view.getBigInt64(at, true);
			case 'float32':
				return this.#view.getFloat32(at, true);
			case 'float64':
				return this.#view.getFloat64(at, true);
			default:
				throw `${this.#fields[field].name} is no number`;
		}
	}

	/** The bytes of a text up to its NUL, or of a field of any other kind. */
	bytes(row, field) {
		const { kind, size } = this.#fields[field];
		const { bytes } = this.#batch;
		const at = this.#at(row, field);
		const end = at + size;
		// One view: making one costs more than looking for the NUL.
		const nul = kind === 'cstring' ? bytes.indexOf(0, at) : -1;
		return bytes.subarray(at, nul >= 0 && nul < end ? nul : end);
	}

	text(row, field) {
		return decoder.decode(this.bytes(row, field));
	}

	/** Whether a text begins with these bytes; cheaper than `text`. */
	startsWith(row, field, prefix) {
		const { bytes } = this.#batch;
		const at = this.#at(row, field);
		for (let i = 0; i < prefix.length; i++) if (bytes[at + i] !== prefix[i]) return false;
		return true;
	}

	/** Numbers of the rows that `wanted(row)` is true for: what `changes.selection` takes. */
	where(wanted) {
		const kept = new Uint32Array(this.count);
		let count = 0;
		for (let row = 0; row < this.count; row++) if (wanted(row)) kept[count++] = row;
		return kept.subarray(0, count);
	}

	/** Fills a text column that was added: `value(row)` for each row. */
	fill(column, value) {
		const views = new DataView(new ArrayBuffer(this.count * 8));
		const data = this.#put(views);
		for (let row = 0; row < this.count; row++) {
			const bytes = encoder.encode(value(row));
			views.setUint32(row * 8, this.#put(bytes), true);
			views.setUint32(row * 8 + 4, bytes.length, true);
		}
		this.#columns.push({ slot: this.#slots[column], data, size: views.byteLength });
	}

	/** The changes to return from `batch`: the columns that were filled, and a selection, if there is one. */
	changes(selection) {
		const heap = new Uint8Array(this.#used);
		for (const { at, part } of this.#parts) heap.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at);
		return { selection, columns: this.#columns, heap };
	}

	/** Where the part will be in the batch. */
	#put(part) {
		const at = this.#used;
		this.#parts.push({ at, part });
		this.#used += (part.byteLength + 7) & ~7;
		return this.#batch.heap + at;
	}
}

const widths = { bool: 1, int8: 1, uint8: 1, int16: 2, uint16: 2, int32: 4, uint32: 4, float32: 4, int64: 8, uint64: 8, float64: 8 };

/** A data source of the operator's own (`emit:NAME` in the manifest): made in `init`, filled in any later call. */
export class Emitter {
	#ds;
	#fields = [];
	#size = 0;
	#rows = [];

	/** `fields`: name to kind, or to the size of a text in bytes. `array`: each flush is a snapshot. */
	constructor(name, fields, { array = false } = {}) {
		for (const [field, kind] of Object.entries(fields)) {
			const size = typeof kind === 'number' ? kind : widths[kind];
			if (size === undefined) throw `a row cannot hold a ${kind}`;
			// Rows are structs: each number at a multiple of its size.
			const align = typeof kind === 'number' ? 1 : size;
			const offset = Math.ceil(this.#size / align) * align;
			this.#fields.push({ name: field, kind: typeof kind === 'number' ? 'cstring' : kind, offset, size });
			this.#size = offset + size;
		}
		this.#ds = sourceAdd(name, array, this.#size);
		for (const field of this.#fields) sourceField(this.#ds, undefined, field.name, field.kind, {}, field.offset, field.size);
	}

	/** Adds a row; `values` by name. 64-bit numbers are bigints. */
	row(values) {
		const row = new Uint8Array(this.#size);
		const view = new DataView(row.buffer);
		for (const { name, kind, offset, size } of this.#fields) {
			const value = values[name];
			if (kind === 'cstring') encoder.encodeInto(value, row.subarray(offset, offset + size - 1));
			else if (kind === 'bool' || kind === 'uint8') view.setUint8(offset, Number(value));
			else if (kind === 'int8') view.setInt8(offset, value);
			else if (kind === 'uint16') view.setUint16(offset, value, true);
			else if (kind === 'int16') view.setInt16(offset, value, true);
			else if (kind === 'uint32') view.setUint32(offset, value, true);
			else if (kind === 'int32') view.setInt32(offset, value, true);
			else if (kind === 'float32') view.setFloat32(offset, value, true);
			else if (kind === 'float64') view.setFloat64(offset, value, true);
			else if (kind === 'uint64') view.setBigUint64(offset, BigInt(value), true);
			else view.setBigInt64(offset, BigInt(value), true);
		}
		this.#rows.push(row);
	}

	/** Hands the rows over, in the call in which they were made or in a later one. */
	flush() {
		const bytes = new Uint8Array(this.#rows.length * this.#size);
		for (const [i, row] of this.#rows.entries()) bytes.set(row, i * this.#size);
		emit(this.#ds, bytes, this.#rows.length, this.#size);
		this.#rows = [];
	}
}

/** A number that `--stats` shows (`metric` in the manifest): made in `init`, recorded in any later call. */
export class Metric {
	#id;

	/** `kind`: counter (only grows), gauge (is set), histogram. */
	constructor(kind, name, unit = '') {
		this.#id = metricAdd(kind, name, unit);
	}

	/** Adds to a counter, sets a gauge, puts into a histogram. */
	record(value) {
		metricRecord(this.#id, value);
	}
}
