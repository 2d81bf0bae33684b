/** What takes bytes or numbers from a guest, each with what must hold whatever they are. A target throws when it does not. */
import { readdirSync, readFileSync } from 'node:fs';
import { IgError } from '../../host/errors.js';
import { checkMetadata } from '../../host/gadget/metadata-file.js';
import { boundModule } from '../../host/operator/binary.js';
import { GuestAbort, makeImports } from '../../host/operator/imports.js';
import { LineLimit, LineStream } from '../../host/operator/lines.js';
import { compileModule } from '../../host/operator/load.js';
import { parseManifest } from '../../host/operator/manifest.js';
import { BinaryError } from '../../host/operator/reader.js';
import { customSection, MANIFEST_SECTION } from '../../host/operator/section.js';
import { InitSession } from '../../host/operator/session.js';
import { LinkAccess } from '../../host/pipeline/access.js';
import { Emissions } from '../../host/pipeline/emission.js';
import { Metrics } from '../../host/pipeline/metrics.js';
import { numbersSource } from '../support/schema.js';
import type { Random } from './random.js';

export interface Target {
	readonly name: string;
	run(random: Random): Promise<void> | void;
}

/** Refusing is what these errors are for; anything else is a bug. */
async function only(errors: readonly (new (...args: never[]) => Error)[], run: () => Promise<unknown> | unknown): Promise<void> {
	try {
		await run();
	} catch (cause) {
		if (!errors.some((error) => cause instanceof error)) throw cause;
	}
}

const corpus = new URL(import.meta.url.endsWith('.ts') ? './corpus/' : '../../../test/fuzz/corpus/', import.meta.url);
const seedsOf = (ending: string): Uint8Array[] =>
	readdirSync(corpus)
		.filter((file) => file.endsWith(ending))
		.map((file) => readFileSync(new URL(file, corpus)));
const modules = seedsOf('.wasm');
const manifests = seedsOf('.json');

const BOUNDS = { pages: 100, elements: 1000 };

/** Sections, types, tables, memory, code: bounded, or refused; what the engine takes, it takes bounded, too, and with the bounds. */
const binary: Target = {
	name: 'binary',
	run: (random) =>
		only([BinaryError], () => {
			const bytes = random.mutate(random.pick(modules), random.pick(modules));
			if (bytes.length < 8) return;
			const bounded = boundModule(bytes, BOUNDS);
			if (!WebAssembly.validate(bytes)) return;
			if (!WebAssembly.validate(bounded.bytes)) throw new Error('a valid module is not valid when it is bounded');
			const again = boundModule(bounded.bytes, BOUNDS);
			if (bounded.own && (again.own?.maximum ?? Infinity) > Math.max(BOUNDS.pages, again.own?.initial ?? 0))
				throw new Error('the memory has no bound');
			if (!Buffer.from(again.bytes).equals(Buffer.from(bounded.bytes))) throw new Error('bounding it twice changes it twice');
		}),
};

const sections: Target = {
	name: 'custom sections',
	run: (random) =>
		only([BinaryError], () => {
			customSection(random.mutate(random.pick(modules), random.pick(modules)), MANIFEST_SECTION);
		}),
};

const manifest: Target = {
	name: 'manifest',
	run: (random) =>
		only([IgError], () => {
			parseManifest(random.mutate(random.pick(manifests), random.pick(manifests)), 'operator.wasm');
		}),
};

/** The whole way of a file to a module: an error with a code and one line, or a module with a bound. */
const load: Target = {
	name: 'load',
	run: (random) =>
		only([IgError], async () => {
			try {
				const { maxMemory } = await compileModule(random.mutate(random.pick(modules), random.pick(modules)), 'operator.wasm');
				if (!(maxMemory <= 256 << 20)) throw new Error(`${maxMemory} bytes of memory`);
			} catch (cause) {
				if (cause instanceof IgError && /[\r\n]/.test(cause.message)) throw new Error(`more than one line: ${cause.message}`);
				throw cause;
			}
		}),
};

const gadgetFolder = new URL(import.meta.url.endsWith('.ts') ? '../../gadgets/' : '../../../gadgets/', import.meta.url);
const gadgetFiles = readdirSync(gadgetFolder, { withFileTypes: true })
	.filter((entry) => entry.isDirectory())
	.map(({ name }) => readFileSync(new URL(`${name}/gadget.yaml`, gadgetFolder)));
const SHAPES = [
	'',
	' []',
	' {}',
	' 1',
	' ~',
	' true',
	' [a, {b: c}]',
	' &a [*a]',
	' *gone',
	' !!binary aGk=',
	' "',
	' |\n    text',
	' 2024-01-01',
	' .inf',
	' __proto__',
];

/** Bytes anywhere, or a value of another shape behind a key, or lines in another place. */
function brokenMetadata(random: Random): string {
	const text = Buffer.from(random.pick(gadgetFiles)).toString();
	const kind = random.below(3);
	if (kind === 0) return Buffer.from(random.mutate(random.pick(gadgetFiles), random.pick(gadgetFiles))).toString();
	const lines = text.split('\n').slice(0, 200);
	for (let i = 1 + random.below(4); i > 0; i--) {
		const at = random.below(lines.length);
		if (kind === 1) lines[at] = `${(lines[at] ?? '').replace(/:.*$/, '')}:${random.pick(SHAPES)}`;
		else lines.splice(random.below(lines.length), 0, ...lines.splice(at, 1 + random.below(8)));
	}
	return lines.join('\n');
}

/** gadget.yaml, whatever is in it: metadata, or errors at a line and column of it. */
const metadata: Target = {
	name: 'metadata',
	run: (random) =>
		only([IgError], () => {
			const source = brokenMetadata(random);
			const lines = source.split('\n').length;
			const { problems } = checkMetadata(source, 'gadget.yaml', 'fuzzed');
			for (const { line, column, reason } of problems) {
				if (!(line >= 1 && line <= lines + 1 && column >= 1) || reason === '') throw new Error(`${line}:${column}: ${reason}`);
			}
			if (Object.getOwnPropertyNames(Object.prototype).includes('annotations')) throw new Error('a prototype was changed');
		}),
};

const MEMORY = 4096;
const grants = ['metric', 'emit:a', 'emit:evil', 'map:evil'];

/** Calls of every import with any numbers: an i32 each, never an exception, and nothing is touched but the guest's memory. */
const imports: Target = {
	name: 'imports',
	run: (random) => {
		const memory = new Uint8Array(MEMORY);
		memory.set(new TextEncoder().encode('evil\0a\x1b[2J\n'), 16);
		const emissions = new Emissions();
		const maps = [{ name: 'other', fd: -1, type: 1, keySize: 4, valueSize: 8, maxEntries: 1 }];
		const access = new LinkAccess({ operator: 0, grants, mostRows: 1000, emissions, metrics: new Metrics([32]), maps });
		const session = new InitSession([numbersSource()], 32);
		let initialising = true;
		const made = makeImports({
			memory: () => memory,
			session: () => (initialising ? session : undefined),
			access: () => access,
			lines: new LineLimit(() => {}, 50),
		});
		const functions = Object.values(made).flatMap((module) => Object.entries(module)) as [string, (...args: number[]) => unknown][];
		const small = [0, 1, 2, 3, 4, 8, 12, 16, 20, 64, -1];
		for (let call = 0; call < 40; call++) {
			if (call === 20) {
				initialising = false;
				access.know(session.effects, new Map(session.sources.map(({ recordSize }, ds) => [ds, recordSize] as const).slice(1)));
				access.emitting = true;
			}
			const [name, run] = random.pick(functions);
			const args = Array.from({ length: 8 }, () => (random.below(4) > 0 ? random.pick(small) : random.number() | 0));
			let result: unknown;
			try {
				result = run(...args);
			} catch (cause) {
				if (!(cause instanceof GuestAbort)) throw new Error(`${name}(${args.join(', ')})`, { cause });
				continue;
			}
			if (typeof result !== 'number' || !Number.isInteger(result)) throw new Error(`${name}(${args.join(', ')}) is ${String(result)}`);
			if (memory.length !== MEMORY) throw new Error(`${name}(${args.join(', ')}) changed the memory's size`);
		}
		emissions.keep();
		emissions.commit();
		for (let next = emissions.next(); next !== undefined; next = emissions.next()) {
			if (next.records.length < next.rows * 8) throw new Error(`${next.rows} emitted rows in ${next.records.length} bytes`);
		}
	},
};

/** What a guest prints: lines of a bounded length, whatever the bytes and wherever they are cut. */
const prints: Target = {
	name: 'printed lines',
	run: (random) => {
		const lines = new LineStream(
			'info',
			new LineLimit((_, text) => {
				if (text.includes('\n') || text.length > 4096) throw new Error(`a line of ${text.length}`);
			}, 1e9),
		);
		for (let i = random.below(8); i > 0; i--) lines.write(random.mutate(random.pick(manifests), random.pick(modules)));
		lines.flush();
	},
};

export const targets: readonly Target[] = [binary, sections, manifest, load, imports, prints, metadata];
