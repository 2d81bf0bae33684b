import { fieldWant } from 'ig:operator/host@1.0.0';

/** The fields that an operator reads, found once per data source. */
export class Sources {
	#fields;

	/** @throws when a data source lacks one of `names`; the host is told that only these are read. */
	constructor(sources, names) {
		this.#fields = sources.map((source, ds) =>
			names.map((name) => {
				const field = source.fields.find((candidate) => candidate.name === name);
				if (field === undefined) throw `${source.name} has no field ${name}`;
				fieldWant(ds, field.id);
				return field;
			}),
		);
	}

	/** In the order of the names. */
	fields(batch) {
		return this.#fields[batch.dataSource];
	}
}

/** The rows of a batch, by their places in `batch.bytes`. */
export class Rows {
	#batch;
	bytes;
	view;
	constructor(batch) {
		this.#batch = batch;
		this.bytes = batch.bytes;
		this.view = new DataView(batch.bytes.buffer, batch.bytes.byteOffset, batch.bytes.byteLength);
	}
	at(row) {
		const { rows, stride, rowOffsets } = this.#batch;
		return stride === 0 ? this.view.getUint32(rowOffsets + 4 * row, true) : rows + row * stride;
	}
	where(wanted) {
		const { rowCount } = this.#batch;
		const kept = new Uint32Array(rowCount);
		let count = 0;
		for (let row = 0; row < rowCount; row++) if (wanted(this.at(row))) kept[count++] = row;
		return kept.subarray(0, count);
	}
	startsWith(at, prefix) {
		for (let i = 0; i < prefix.length; i++) if (this.bytes[at + i] !== prefix[i]) return false;
		return true;
	}
}
