// The least of a host: runs operators of one module on a batch in its memory. For measurements, not for use.

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class Host {
	#sources;
	#memory = new WebAssembly.Memory({ initial: 256, maximum: 4096 });
	#exports;

	constructor(module, sources) {
		this.#sources = sources;
		const text = (at, size) => decoder.decode(new Uint8Array(this.#memory.buffer, at, size).slice());
		const field = (ds, id) => this.#sources[ds].fields[id];
		const ig = {
			log: (level, at, size) => console.error(`log ${level}: ${text(at, size)}`),
			field_add: (ds, parent, at, size, kind, flags) => {
				const source = this.#sources[ds];
				const leaf = text(at, size);
				const name = parent < 0 ? leaf : `${source.fields[parent].name}.${leaf}`;
				const slot = flags & 1 ? -1 : source.slots++;
				return source.fields.push({ name, kind, flags, parent, slot, offset: 0, size: 0, tags: [], annotations: {} }) - 1;
			},
			field_override: (ds, id, kind) => {
				Object.assign(field(ds, id), { kind, slot: this.#sources[ds].slots++ });
				return field(ds, id).slot;
			},
			field_slot: (ds, id) => field(ds, id).slot,
			field_annotate: (ds, id, key, keySize, value, valueSize) => {
				field(ds, id).annotations[text(key, keySize)] = text(value, valueSize);
				return 0;
			},
			field_tag: (ds, id, at, size) => field(ds, id).tags.push(text(at, size)) && 0,
			field_hide: (ds, id, hidden) => {
				field(ds, id).flags = (field(ds, id).flags & ~4) | (hidden ? 4 : 0);
				return 0;
			},
			field_want: () => 0,
		};
		this.#exports = new WebAssembly.Instance(module, { ig, env: { memory: this.#memory } }).exports;
		if (this.#exports.memory) this.#memory = this.#exports.memory;
	}

	bytes(at, size) {
		return new Uint8Array(this.#memory.buffer, at, size);
	}

	#put(bytes) {
		const at = this.#exports.ig_alloc(bytes.length);
		this.bytes(at, bytes.length).set(bytes);
		return at;
	}

	init(op, params = {}) {
		const table = initTable(this.#sources, params);
		const result = this.#exports.ig_init(op, this.#put(table), table.length);
		if (result !== 0) throw new Error(`ig_init of operator ${op} returned ${result}`);
	}

	/** Entries: [id, name] of side table `table`. */
	table(op, table, entries) {
		const bytes = entries.flatMap(([id, name]) => {
			const value = [...encoder.encode(name)];
			const words = [...new Uint8Array(Uint32Array.of(1, 4, value.length, id).buffer)];
			return [...words, ...value, ...Array((4 - (value.length % 4)) % 4).fill(0)];
		});
		this.#exports.ig_table(op, table, this.#put(Uint8Array.from(bytes)), bytes.length);
	}

	/** A batch of `count` records, of the first data source, in the module's memory. */
	batch(count, fill, heapSize = 1 << 20) {
		const source = this.#sources[0];
		const align = (at) => (at + 15) & ~15;
		const columns = 128;
		const selection = align(columns + source.slots * 32);
		const rows = align(selection + count * 4) + 8;
		const stride = align(source.recordSize + 8);
		const heap = align(rows + count * stride);
		const capacity = heap + heapSize;
		const at = this.#exports.ig_alloc(capacity);
		const region = new DataView(this.#memory.buffer, at, capacity);
		const u32 = (offset, value) => region.setUint32(offset, value, true);
		const header = [
			0x31424749,
			1 | (128 << 16),
			0,
			0,
			capacity,
			count,
			stride,
			rows,
			count * stride,
			0,
			selection,
			0,
			columns,
			source.slots,
			heap,
			0,
		];
		header.forEach((value, i) => {
			u32(i * 4, value);
		});
		region.setBigInt64(80, 1_771_000_000_000_000_000n, true);
		for (let i = 0; i < count; i++) fill(new DataView(this.#memory.buffer, at + rows + i * stride, source.recordSize), i);
		const reset = () => {
			const words = new Uint32Array(this.#memory.buffer, at, capacity >> 2);
			for (let i = 0; i < count; i++) words[(selection >> 2) + i] = i;
			words[11] = count;
			words[15] = 0;
			words[26] = 0;
			words[27] = 0;
			for (let i = 0; i < source.slots; i++) words[(columns >> 2) + i * 8 + 1] = 0;
		};
		reset();
		return { at, count, reset, word: (offset) => new DataView(this.#memory.buffer).getUint32(at + offset, true) };
	}

	run(op, batch) {
		const result = this.#exports.ig_batch(op, batch.at);
		if (result !== 0) throw new Error(`ig_batch of operator ${op} returned ${result}`);
	}

	output(batch) {
		return decoder.decode(this.bytes(batch.word(104), batch.word(108)).slice());
	}
}

/** The init table of docs/operator-abi.md. */
function initTable(sources, params) {
	const lists = { sources: [], fields: [], annotations: [], tags: [], params: [] };
	const strings = [];
	let size = 0;
	const string = (text) => {
		const bytes = encoder.encode(text);
		strings.push(bytes);
		size += bytes.length;
		return [{ text: size - bytes.length }, bytes.length];
	};
	const pairs = (list, object) => {
		for (const [key, value] of Object.entries(object)) list.push(...string(key), ...string(value));
	};
	for (const source of sources) {
		const type = source.type === 'array' ? 2 : 1;
		const head = [...string(source.name), type, lists.fields.length / 16, source.fields.length, source.recordSize, 0, 0, source.slots];
		lists.sources.push(...head, 0, 0, 0);
		source.fields.forEach((field, id) => {
			const [annotation, tag] = [lists.annotations.length / 4, lists.tags.length / 2];
			pairs(lists.annotations, field.annotations);
			for (const one of field.tags) lists.tags.push(...string(one));
			const counts = [annotation, lists.annotations.length / 4 - annotation, tag, lists.tags.length / 2 - tag];
			const place = [field.kind, field.offset, field.size, field.flags, field.parent, field.slot];
			lists.fields.push(id, ...string(field.name), ...place, ...counts, id, 0, 0);
		});
	}
	pairs(lists.params, params);
	const header = [0x31494749, 0];
	const body = [];
	for (const [list, width] of [
		[lists.sources, 12],
		[lists.fields, 16],
		[lists.annotations, 4],
		[lists.tags, 2],
		[lists.params, 4],
	]) {
		header.push(list.length / width, 64 + body.length * 4);
		for (const word of list) body.push(word);
	}
	header.push(1 << 22, 0, 0, 0);
	const text = 64 + body.length * 4;
	const words = Int32Array.from([...header, ...body], (word) => (typeof word === 'object' ? text + word.text : word));
	words[1] = text + size;
	return Buffer.concat([new Uint8Array(words.buffer), ...strings]);
}
