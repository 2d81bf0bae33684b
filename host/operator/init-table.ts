/** Encodes the table that `ig_init` receives (docs/operator-abi.md, "The init table"). */
import type { DataSource } from '../schema.js';

const MAGIC = 0x31494749;
const HEADER = 64;
const DATA_SOURCE = 48;
const FIELD = 64;

/** Grows a list of pairs or strings and the text that they name; offsets are patched when the text's place is known. */
class Strings {
	readonly chunks: Uint8Array[] = [];
	readonly #known = new Map<string, number>();
	readonly #encoder = new TextEncoder();
	size = 0;

	/** Offset inside the text, and size. */
	put(text: string): [number, number] {
		const bytes = this.#encoder.encode(text);
		let offset = this.#known.get(text);
		if (offset === undefined) {
			offset = this.size;
			this.#known.set(text, offset);
			this.chunks.push(bytes);
			this.size += bytes.length;
		}
		return [offset, bytes.length];
	}
}

/** What an operator is told when it starts. */
export interface InitTable {
	/** As the operators before it left them. */
	readonly sources: readonly DataSource[];
	readonly params: Readonly<Record<string, string>>;
	/** Bytes of the largest batch. */
	readonly regionSize: number;
}

export function encodeInitTable({ sources, params, regionSize }: InitTable): Uint8Array {
	const strings = new Strings();
	const annotations: [number, number, number, number][] = [];
	const tags: [number, number][] = [];
	const pushAnnotations = (from: Readonly<Record<string, string>>): [number, number] => {
		const first = annotations.length;
		for (const [key, value] of Object.entries(from)) annotations.push([...strings.put(key), ...strings.put(value)]);
		return [first, annotations.length - first];
	};
	const fieldCount = sources.reduce((sum, source) => sum + source.fields.length, 0);

	const sourceWords: number[][] = [];
	const fieldWords: number[][] = [];
	for (const source of sources) {
		const first = fieldWords.length;
		for (const field of source.fields) {
			const [firstAnnotation, annotationCount] = pushAnnotations(field.annotations);
			const firstTag = tags.length;
			for (const tag of field.tags) tags.push(strings.put(tag));
			fieldWords.push([
				field.id,
				...strings.put(field.name),
				field.kind,
				field.offset,
				field.size,
				field.flags,
				field.parent,
				field.slot,
				firstAnnotation,
				annotationCount,
				firstTag,
				field.tags.length,
				field.order,
				0,
				0,
			]);
		}
		const [firstAnnotation, annotationCount] = pushAnnotations(source.annotations);
		const type = source.type === 'array' ? 2 : 1;
		sourceWords.push([
			...strings.put(source.name),
			type,
			first,
			source.fields.length,
			source.recordSize,
			firstAnnotation,
			annotationCount,
			source.slots,
			0,
			0,
			0,
		]);
	}
	const paramPairs = Object.entries(params).map(([key, value]) => [...strings.put(key), ...strings.put(value)]);

	const sourcesAt = HEADER;
	const fieldsAt = sourcesAt + sources.length * DATA_SOURCE;
	const annotationsAt = fieldsAt + fieldCount * FIELD;
	const tagsAt = annotationsAt + annotations.length * 16;
	const paramsAt = tagsAt + tags.length * 8;
	const textAt = paramsAt + paramPairs.length * 16;
	const size = textAt + strings.size;

	const table = new Uint8Array(size);
	const view = new DataView(table.buffer);
	const write = (at: number, words: readonly number[]): void => {
		words.forEach((word, i) => {
			view.setInt32(at + i * 4, word | 0, true);
		});
	};
	write(0, [
		...[MAGIC, size, sources.length, sourcesAt, fieldCount, fieldsAt, annotations.length, annotationsAt],
		...[tags.length, tagsAt, paramPairs.length, paramsAt, regionSize],
	]);
	// Word 0 of a data source and word 1 of a field are string offsets; in pairs, words 0 and 2.
	sourceWords.forEach((words, i) => {
		words[0] = (words[0] as number) + textAt;
		write(sourcesAt + i * DATA_SOURCE, words);
	});
	fieldWords.forEach((words, i) => {
		words[1] = (words[1] as number) + textAt;
		write(fieldsAt + i * FIELD, words);
	});
	annotations.forEach(([key, keySize, value, valueSize], i) => {
		write(annotationsAt + i * 16, [key + textAt, keySize, value + textAt, valueSize]);
	});
	tags.forEach(([tag, tagSize], i) => {
		write(tagsAt + i * 8, [tag + textAt, tagSize]);
	});
	paramPairs.forEach(([key, keySize, value, valueSize], i) => {
		write(paramsAt + i * 16, [(key as number) + textAt, keySize as number, (value as number) + textAt, valueSize as number]);
	});
	let at = textAt;
	for (const chunk of strings.chunks) {
		table.set(chunk, at);
		at += chunk.length;
	}
	return table;
}
